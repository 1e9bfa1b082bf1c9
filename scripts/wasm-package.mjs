// Builds the package for WebAssembly in a folder of the build, where tests can load it.
//
//   node scripts/wasm-package.mjs
//
// It fetches Zig and writes build/wasm32/@gru-native/wasm32. The whole release is scripts/release/main.mjs.
import process from 'node:process'
import { StepError } from './project.mjs'
import { writePackage } from './release/packages.mjs'
import { buildWasm } from './release/wasm.mjs'
import { wasmPackages } from './wasm-addon.mjs'

try {
  const { folder, bytes } = writePackage(await buildWasm(), wasmPackages)
  console.log(`${folder}: ${(bytes / 1e6).toFixed(1)} MB`)
} catch (error) {
  if (!(error instanceof StepError)) throw error
  console.error(`wasm package: ${error.message}`)
  process.exitCode = 1
}
