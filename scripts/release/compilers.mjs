// Compiles everything, without a warning, by GCCs that are newer than this machine's, and runs the native tests of
// what they made: in a Debian that has them.
import { root, StepError } from '../project.mjs'
import { runNativeSuite, TESTS_OF_A_COMPILER } from '../native-suite.mjs'
import { NODE_HEADERS } from './build.mjs'
import { inDebian, provideDebian } from './debian-root.mjs'

const SUITE = 'trixie'
const VERSIONS = ['14']
const TOOLS = ['cmake', 'make', 'ccache', 'doctest-dev', 'libopenblas-dev']

const compiler = (version) => `g++-${version}`

function tryCompiler(debian, version) {
  const folder = `gcc-${version}`
  const status = runNativeSuite({
    folder,
    configure: [
      '-DCMAKE_BUILD_TYPE=Release',
      `-DCMAKE_CXX_COMPILER=${compiler(version)}`,
      '-DGRU_CUDA_EMULATED=ON',
      `-DCMAKE_JS_INC=${NODE_HEADERS.join(';')}`,
    ],
    select: TESTS_OF_A_COMPILER,
    within: (command) => inDebian(debian, root, command),
  })
  if (status !== 0)
    throw new StepError(`GCC ${version} in Debian ${SUITE}: its native tests failed`)
  return `GCC ${version}: everything compiles, and the native tests pass`
}

/** Tries each compiler. Returns what was seen, as lines. */
export function checkCompilers() {
  const debian = provideDebian(SUITE, [...VERSIONS.map(compiler), ...TOOLS])
  return VERSIONS.map((version) => tryCompiler(debian, version))
}
