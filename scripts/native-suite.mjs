// Shared by the scripts of native tests: it configures a build with the unit tests, without Node, builds it, and runs
// it under CTest.
import { availableParallelism } from 'node:os'
import { inRoot, root, run } from './project.mjs'

/** The arguments of CTest that select what a compiler is tried on. The tests of the emulated device take minutes. */
export const TESTS_OF_A_COMPILER = [
  '--tests-regex',
  '^(base|reference|cpu|binding)/|^cuda/emulator_',
]

/**
 * Selects every test program only once. CTest's entries NAME_test_CHOICE repeat a test for each instruction set and with
 * BLAS on and off; on arm64 there is one instruction set, and without a BLAS there is one choice.
 */
export const ONCE_EACH = ['--exclude-regex', '_test_']

/**
 * Builds and runs the native unit tests and returns the exit status. If it fails, it says in which stage. `folder` is
 * the build's folder below build/. `configure` has the arguments of CMake, `select` the arguments of CTest that select
 * tests. `targets` is what is built, by default everything. `junit` names a file for the results as JUnit XML. `within` gives the
 * command that runs another one in another system; by default they run in this one.
 */
export function runNativeSuite(suite) {
  const { folder, configure, targets = ['all'], select = [], junit } = suite
  const { within = (command) => command } = suite
  const build = inRoot('build', folder)
  const jobs = String(availableParallelism())
  const sources = ['-S', root, '-B', build, '--log-level=WARNING']
  const options = ['-DGRU_TESTS=ON', '-DGRU_WERROR=ON', '-DGRU_CUDA=OFF', ...configure]
  const tests = ['--test-dir', build, '--output-on-failure', '--no-tests=error']
  const stages = {
    'configuring them': ['cmake', ...sources, ...options],
    'building them': ['cmake', '--build', build, '--target', ...targets, '--parallel', jobs],
    'running them': [
      ...['ctest', ...tests, '--parallel', jobs, ...select],
      ...(junit ? ['--output-junit', junit] : []),
    ],
  }
  for (const [stage, command] of Object.entries(stages)) {
    const status = run(within(command))
    if (status !== 0) {
      console.error(`native tests in build/${folder}: ${stage} failed (exit status ${status})`)
      return status
    }
  }
  return 0
}
