// The native unit tests of engine and CPU, compiled as the addon is, where there is no Node to run the addon.
import { countJunit } from '../checks.mjs'
import { ONCE_EACH, runNativeSuite } from '../native-suite.mjs'
import { inRoot, StepError } from '../project.mjs'
import { provideQemu } from './arm64-node.mjs'
import { configuration } from './build.mjs'

const FOLDERS = ['base', 'reference', 'model', 'cpu', 'binding']

/** A build for musl by Zig is linked statically: it needs no musl on this machine. */
const emulator = ({ cpu }) =>
  cpu === 'arm64' ? [`-DCMAKE_CROSSCOMPILING_EMULATOR=${provideQemu()}`] : []

/** Builds them in the folder of the addon, with the same objects, and returns how many passed. It throws if one fails. */
export function runNativeTests(target) {
  const junit = inRoot('build', 'release', `${target.name}-tests.xml`)
  const status = runNativeSuite({
    folder: `release/${target.name}`,
    configure: [...configuration(target), ...emulator(target)],
    targets: FOLDERS.map((folder) => `gru_tests_${folder}`),
    select: [
      '--tests-regex',
      `^(${FOLDERS.join('|')})/`,
      ...(target.cpu === 'x64' ? [] : ONCE_EACH),
    ],
    junit,
  })
  if (status !== 0) throw new StepError(`the native tests for ${target.name} failed`)
  const { passed, failed } = countJunit(junit)
  if (failed === 0 && passed > 0) return passed
  throw new StepError(`native tests for ${target.name}: ${passed} passed, ${failed} failed`)
}
