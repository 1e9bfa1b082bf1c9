/**
 * Finding the CUDA plug-in's package, which only those install who have a GPU.
 *
 * @module
 */

// As in load-addon.ts: tools that collect a program's files follow the call of `load` below.
// eslint-disable-next-line @typescript-eslint/no-require-imports
const { createRequire } = require('node:module') as typeof import('node:module')
const load = createRequire(__filename)

let found: string | undefined

/** The CUDA plug-in's file in its package, or '' if that is not installed. It is searched for once. */
export function findCudaPlugin(): string {
  found ??= resolve()
  return found
}

function resolve(): string {
  try {
    return load.resolve('@gru-native/cuda-linux-x64/gru_native_cuda.so')
  } catch {
    return ''
  }
}
