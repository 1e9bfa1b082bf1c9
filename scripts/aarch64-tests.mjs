// Compiles the engine and its unit tests for Linux on aarch64, without Node, and runs them under emulation.
//
//   node scripts/aarch64-tests.mjs [--junit FILE]
//
// The build is build/aarch64, with cmake/aarch64-linux-gnu.cmake and without a BLAS. Besides CMake it needs two Debian
// packages, which the script installs if it is allowed to. --junit writes the results as JUnit XML.
import { parseArgs } from 'node:util'
import { provide } from './apt.mjs'
import { ONCE_EACH, runNativeSuite } from './native-suite.mjs'
import { StepError, succeeds } from './project.mjs'

const PACKAGES = ['g++-aarch64-linux-gnu', 'qemu-user']
const PROGRAMS = ['aarch64-linux-gnu-g++', 'qemu-aarch64']

const missing = () => PROGRAMS.filter((program) => !succeeds([program, '--version']))

try {
  const { values } = parseArgs({ options: { junit: { type: 'string' } } })
  provide({ packages: PACKAGES, missing, purpose: 'testing for aarch64' })
  process.exitCode = runNativeSuite({
    folder: 'aarch64',
    configure: [
      ...['--toolchain', 'cmake/aarch64-linux-gnu.cmake'],
      ...['-DCMAKE_BUILD_TYPE=Release', '-DGRU_BLAS=OFF'],
    ],
    // The tests of the CUDA device are excluded: an emulation within an emulation takes too long.
    targets: ['gru_tests_base', 'gru_tests_reference', 'gru_tests_cpu'],
    select: [...ONCE_EACH, '--tests-regex', '^(base|reference|cpu)/'],
    junit: values.junit,
  })
} catch (error) {
  if (!(error instanceof StepError)) throw error
  console.error(`aarch64 tests: ${error.message}`)
  process.exitCode = 1
}
