// Compiles the engine and its unit tests for WebAssembly and runs them under node:wasi.
//
//   node scripts/wasm-native-tests.mjs [--junit FILE]
//
// The build is build/wasm32-tests, by a Zig that it fetches. --junit writes the results as JUnit XML.
import process from 'node:process'
import { parseArgs } from 'node:util'
import { runNativeSuite } from './native-suite.mjs'
import { StepError } from './project.mjs'
import { wasmOptions } from './release/wasm-toolchain.mjs'

const FOLDERS = ['base', 'reference', 'model', 'cpu', 'wasm']

try {
  const { values } = parseArgs({ options: { junit: { type: 'string' } } })
  process.exitCode = runNativeSuite({
    folder: 'wasm32-tests',
    configure: wasmOptions(),
    targets: FOLDERS.map((name) => `gru_tests_${name}`),
    // Entries NAME_test_CHOICE repeat a test for each instruction set. Here there is one, and no BLAS.
    select: ['--exclude-regex', '_test_', '--tests-regex', `^(${FOLDERS.join('|')})/`],
    junit: values.junit,
  })
} catch (error) {
  if (!(error instanceof StepError)) throw error
  console.error(`native tests for WebAssembly: ${error.message}`)
  process.exitCode = 1
}
