/**
 * The native part where there is no Node: always the WebAssembly. Importers of its package wait until it is compiled.
 *
 * @module
 */
import * as binding from '@gru-native/wasm32'

export const findBinding = (): typeof binding => binding
