// Compiles everything with Clang: the addon, the emulated CUDA plug-in and the native unit tests. It runs the unit
// tests of the engine, of the CPU device and of the emulator itself.
//
//   node scripts/clang-tests.mjs VERSION [--junit FILE]
//
// VERSION is Clang's, such as 19. The build is build/clang-VERSION. Debian's package of that Clang is installed if the
// user is allowed to. --junit writes the results as JUnit XML.
import { parseArgs } from 'node:util'
import { clangCompiler, provideClang } from './clang.mjs'
import { runNativeSuite, TESTS_OF_A_COMPILER } from './native-suite.mjs'
import { inRoot, packageCommand, run, StepError } from './project.mjs'

/** Uses cmake-js, which knows where Node's headers are. The suite's own options are added to these. */
function configureAddon(folder, compiler) {
  const command = [...packageCommand('cmake-js'), '--log-level', 'warn', 'configure']
  const options = [`--CDCMAKE_CXX_COMPILER=${compiler}`, '--CDGRU_CUDA_EMULATED=ON']
  const status = run([...command, '--out', inRoot('build', folder), ...options], { quiet: true })
  if (status !== 0) throw new StepError(`configuring the addon failed (exit status ${status})`)
}

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { junit: { type: 'string' } },
  })
  const [version] = positionals
  if (!/^\d+$/.test(version ?? ''))
    throw new StepError('expected the version of a Clang, such as 19')
  provideClang(version)
  const folder = `clang-${version}`
  configureAddon(folder, clangCompiler(version))
  process.exitCode = runNativeSuite({
    folder,
    configure: ['-DCMAKE_BUILD_TYPE=Release'],
    select: TESTS_OF_A_COMPILER,
    junit: values.junit,
  })
} catch (error) {
  if (!(error instanceof StepError)) throw error
  console.error(`Clang tests: ${error.message}`)
  process.exitCode = 1
}
