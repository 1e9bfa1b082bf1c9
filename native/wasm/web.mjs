// The entry of the package @gru-native/wasm32 for browsers, and for other hosts that fetch by addresses. Its importers wait
// until the program is compiled, so that afterwards every function of the addon can be called at once.
import { instantiate } from './host.mjs'

const address = new URL('./gru_native.wasm', import.meta.url)

async function compile() {
  const response = await fetch(address)
  if (!response.ok) throw new Error(`${address}: expected a file, got status ${response.status}`)
  // A server that does not know the type of these files: they compile while they arrive only if it names it.
  if (!response.headers.get('content-type')?.startsWith('application/wasm')) {
    return WebAssembly.compile(await response.arrayBuffer())
  }
  return WebAssembly.compileStreaming(response)
}

export const { initialize } = instantiate(await compile(), {})
