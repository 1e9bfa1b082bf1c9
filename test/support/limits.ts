import { type GruErrorCode, runtime } from '../../lib'

const isWasm = runtime().isa === 'wasm'

/** The most elements of one tensor. WebAssembly's sizes have 32 bits. */
export const MAX_ELEMENTS = isWasm ? 2 ** 28 : 2 ** 48

/** The most rows of a square matrix. */
export const MAX_SIDE = Math.sqrt(MAX_ELEMENTS)

/** The code of the error for a tensor of 2^46 elements. In WebAssembly no tensor may be so large. */
export const BEYOND_MEMORY: GruErrorCode = isWasm ? 'ERR_GRU_VALUE' : 'ERR_GRU_MEMORY'
