// Runs the tests of the API with the package that wasm-package.mjs has built.
//
//   node scripts/wasm-tests.mjs
import process from 'node:process'
import { StepError } from './project.mjs'
import { testWasm } from './release/wasm-tests.mjs'
import { wasmAddon } from './wasm-addon.mjs'

try {
  const { passed, leftOut } = testWasm(wasmAddon)
  console.log(`tests of the API with the WebAssembly: ${passed} passed, ${leftOut} left out`)
} catch (error) {
  if (!(error instanceof StepError)) throw error
  console.error(error.message)
  process.exitCode = 1
}
