// The entry of the package @gru-native/wasm32 for edge runtimes: they compile no program at run time, and give a compiled
// one to whoever imports its file.
import module from './gru_native.wasm'
import { instantiate } from './host.mjs'

export const { initialize } = instantiate(module, {})
