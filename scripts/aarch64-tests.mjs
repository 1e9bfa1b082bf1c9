// Compiles the engine and its unit tests for Linux on aarch64, without Node, and runs them under emulation.
//
//   node scripts/aarch64-tests.mjs [--junit FILE]
//
// The build is build/aarch64, with cmake/aarch64-linux-gnu.cmake and without a BLAS. Besides CMake it needs two Debian
// packages, which the script installs if it is allowed to. --junit writes the results as JUnit XML.
import { parseArgs } from 'node:util'
import { aptCommand, aptInstall, mayInstall } from './apt.mjs'
import { runNativeSuite } from './native-suite.mjs'
import { StepError, succeeds } from './project.mjs'

const PACKAGES = ['g++-aarch64-linux-gnu', 'qemu-user']
const PROGRAMS = ['aarch64-linux-gnu-g++', 'qemu-aarch64']

/**
 * Runs every test program only once. CTest's entries NAME_test_CHOICE repeat a test for each instruction set and with
 * BLAS on and off; here there is one instruction set and no BLAS.
 */
const ONCE_EACH = ['--exclude-regex', '_test_']

const missing = () => PROGRAMS.filter((program) => !succeeds([program, '--version']))

function provideTools() {
  if (missing().length > 0 && mayInstall()) {
    console.log(`installing ${PACKAGES.join(' and ')} (${aptCommand(PACKAGES)})`)
    aptInstall(PACKAGES)
  }
  if (missing().length === 0) return
  throw new StepError(
    `no ${missing().join(' and no ')}: the aarch64 tests need a cross compiler and an emulator\n` +
      `  remedy:  ${aptCommand(PACKAGES)}   (Debian or Ubuntu, as root)`,
  )
}

try {
  const { values } = parseArgs({ options: { junit: { type: 'string' } } })
  provideTools()
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
