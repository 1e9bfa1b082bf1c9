// Compiles the engine and its unit tests for WebAssembly and runs them under node:wasi.
//
//   node scripts/wasm-native-tests.mjs [--junit FILE]
//
// The build is build/wasm32-tests, by a Zig that it fetches. --junit writes the results as JUnit XML.
import process from 'node:process'
import { parseArgs } from 'node:util'
import { StepError } from './project.mjs'
import { testWasmNatively } from './release/wasm-native-tests.mjs'

try {
  const { values } = parseArgs({ options: { junit: { type: 'string' } } })
  testWasmNatively(values.junit)
} catch (error) {
  if (!(error instanceof StepError)) throw error
  console.error(`native tests for WebAssembly: ${error.message}`)
  process.exitCode = 1
}
