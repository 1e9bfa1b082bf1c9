// Where the package for WebAssembly is that wasm-package.mjs builds for tests.
import { join } from 'node:path'
import { inRoot } from './project.mjs'

/** The folder of packages. */
export const wasmPackages = inRoot('build', 'wasm32')

/** The file that GRU_NATIVE_ADDON names. */
export const wasmAddon = join(wasmPackages, '@gru-native', 'wasm32', 'index.js')
