// The WebAssembly of the engine within the script, so that the page also works from a folder, where a browser fetches nothing.
import compressed from 'demo:program'
import { instantiate } from '../../native/wasm/host.mjs'

let addon

/** What @gru-native/wasm32 exports. It can be called after {@link prepare}. */
export const initialize = (createError) => addon.initialize(createError)

async function compile() {
  const stream = new Blob([compressed]).stream().pipeThrough(new DecompressionStream('gzip'))
  const bytes = await new Response(stream).arrayBuffer()
  addon = instantiate(await WebAssembly.compile(bytes), {})
}

let prepared

/** Compiles the program, once. */
export function prepare() {
  prepared ??= compile()
  return prepared
}
