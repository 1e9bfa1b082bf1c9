// The script of the site's page "In your browser": the library for browsers, the WebAssembly and a small trained network in
// one file, which also runs where the site is a folder without a server.
import { build } from 'esbuild'
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { gzipSync } from 'node:zlib'
import { inRoot } from './project.mjs'
import { webBundle } from './web-bundle.mjs'

const WASM = inRoot('build', 'release', 'wasm32')
const PROGRAM = join(WASM, 'gru_native.wasm')
const ADDON = inRoot('build', 'Release', 'gru_native.node')
const folder = inRoot('build', 'demo')

/** Whether the WebAssembly was built, by `npm run release -- --only wasm32`. */
export const canBuildDemo = () => existsSync(PROGRAM) && existsSync(join(WASM, 'package'))

/** The addon that trains the network: the checkout's own one, or else the WebAssembly, which needs longer. */
function addon() {
  if (process.env.GRU_NATIVE_ADDON || existsSync(ADDON))
    return process.env.GRU_NATIVE_ADDON ?? ADDON
  copyFileSync(PROGRAM, join(folder, 'gru_native.wasm'))
  copyFileSync(join(WASM, 'package', 'index.js'), join(folder, 'index.js'))
  return join(folder, 'index.js')
}

/** Trains the network that writes. Returns the path of its file. */
function trainText() {
  const file = join(folder, 'text.safetensors')
  const script = inRoot('site', 'demo', 'train-text.mjs')
  const env = { ...process.env, GRU_NATIVE_ADDON: addon() }
  execFileSync(process.execPath, [script, file], { env, stdio: 'inherit' })
  return file
}

function compressProgram() {
  const file = join(folder, 'gru_native.wasm.gz')
  writeFileSync(file, gzipSync(readFileSync(PROGRAM), { level: 9 }))
  return file
}

/** Writes the script, which defines `gruDemo`. */
export async function buildDemo(outfile) {
  mkdirSync(folder, { recursive: true })
  await build({
    ...webBundle,
    ...{ entryPoints: [inRoot('site', 'demo', 'main.mjs')], outfile, external: [] },
    ...{ format: 'iife', minify: true, logLevel: 'warning' },
    loader: { '.gz': 'binary', '.safetensors': 'binary' },
    alias: {
      'demo:program': compressProgram(),
      'demo:text': trainText(),
      'gru-native': inRoot('lib', 'web', 'index.ts'),
      '@gru-native/wasm32': inRoot('site', 'demo', 'program.mjs'),
    },
  })
}
