// What the scripts of native tests share: they configure a build with the unit tests, without Node, build it,
// and run it under CTest.
import { availableParallelism } from 'node:os'
import { inRoot, root, run } from './project.mjs'

/**
 * Builds and runs the native unit tests and returns the exit status; of a failure it says in which stage.
 * `folder` is the build's, below build/; `configure` holds the arguments of CMake, `select` those of CTest
 * that choose tests; `targets` what is built, by default everything; `junit` names a file for the results as JUnit XML.
 */
export function runNativeSuite({ folder, configure, targets = ['all'], select = [], junit }) {
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
    const status = run(command)
    if (status !== 0) {
      console.error(`native tests in build/${folder}: ${stage} failed (exit status ${status})`)
      return status
    }
  }
  return 0
}
