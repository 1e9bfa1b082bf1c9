// The entry of the package @gru-native/wasm32 for Node: a build makes a CommonJS module of it, which is what `require` of
// the addon gives.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { instantiate } from './host.mjs'

const binary = readFileSync(join(__dirname, 'gru_native.wasm'))
export const { initialize } = instantiate(new WebAssembly.Module(binary), process.env)
