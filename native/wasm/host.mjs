// The JavaScript part of the addon for WebAssembly: it gives a compiled gru_native.wasm what Node gives gru_native.node.
// Node-API is emnapi's. It uses nothing of Node, so that it runs in browsers too.
import { instantiateNapiModuleSync } from '@emnapi/core'
import { createContext, Handle } from '@emnapi/runtime'
import { systemCalls } from './wasi.mjs'

const WASI = 'wasi_snapshot_preview1'
const importsFrom = (module, from) =>
  WebAssembly.Module.imports(module)
    .filter((imported) => imported.module === from)
    .map(({ name }) => name)

const byteLengthOf = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, 'byteLength').get

// emnapi's own test is `instanceof`, which is false for an ArrayBuffer of another realm (a frame, node:vm, a test runner).
// The getter throws for all but ArrayBuffers of any realm.
Handle.prototype.isArrayBuffer = function isArrayBuffer() {
  try {
    byteLengthOf.call(this.value)
    return true
  } catch {
    return false
  }
}

/**
 * Makes an instance of the addon and returns its exports, as binding.d.ts declares them.
 *
 * @param module - gru_native.wasm as a WebAssembly.Module.
 * @param variables - The environment variables that the engine may read, by name.
 */
export function instantiate(module, variables) {
  const context = createContext()
  // Promises may settle after `beforeExit`, since a listener of that event may start new work.
  context.suppressDestroy()
  let exports
  const bytesAt = (address, length) => new Uint8Array(exports.memory.buffer, address, length)
  const arrayOf = (handle) => context.handleStore.get(handle).value
  /**
   * What native/wasm/array_memory.cc and executor_turns.cc import. Addresses and sizes arrive as signed numbers: from
   * 2 GiB on they are negative, and `>>> 0` corrects them.
   */
  const gru = {
    sizeOfArray: (handle) => arrayOf(handle).byteLength,
    copyFromArray(handle, to, size) {
      const { buffer, byteOffset } = arrayOf(handle)
      const length = size >>> 0
      bytesAt(to >>> 0, length).set(new Uint8Array(buffer, byteOffset, length))
    },
    copyToArray(handle, from, size) {
      const { buffer, byteOffset, byteLength } = arrayOf(handle)
      const length = size >>> 0
      if (byteLength !== length) return
      new Uint8Array(buffer, byteOffset, length).set(bytesAt(from >>> 0, length))
    },
    requestTurn(turn) {
      context.feature.setImmediate(() => exports.__indirect_function_table.get(turn)())
    },
  }
  const { napiModule } = instantiateNapiModuleSync(module, {
    context,
    overwriteImports: (imports) => ({
      ...imports,
      gru,
      [WASI]: systemCalls(importsFrom(module, WASI), () => exports.memory, variables),
    }),
    beforeInit({ instance }) {
      exports = instance.exports
      exports._initialize()
    },
  })
  return napiModule.exports
}
