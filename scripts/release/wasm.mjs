// The package for WebAssembly: gru_native.wasm, and index.js, whose module.exports is what `require` of the addon gives.
// npm installs it everywhere, since it is for platforms that nobody has listed.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { inRoot } from '../project.mjs'
import { buildByCMake } from './commands.mjs'
import { packageName } from './targets.mjs'
import { wasmOptions, wasmZig } from './wasm-toolchain.mjs'

/** The package's name, after `@gru-native/`. */
export const WASM = 'wasm32'

const folder = inRoot('build', 'release', WASM)

/** Builds the program and returns its path. */
function buildProgram() {
  const options = [
    ...wasmOptions(),
    `-DGRU_NODE_ADDON_API=${inRoot('node_modules', 'node-addon-api')}`,
  ]
  buildByCMake('building for WebAssembly', { folder, options, target: 'gru_native' })
  return join(folder, 'gru_native.wasm')
}

const packageFolder = join(folder, 'package')

/** Joins the JavaScript part of an entry and returns its path. */
async function buildEntry(source, file, options) {
  const outfile = join(packageFolder, file)
  await build({
    ...{ entryPoints: [inRoot('native', 'wasm', source)], outfile },
    ...{ bundle: true, minify: true, logLevel: 'warning', external: ['./gru_native.wasm'] },
    ...options,
  })
  return outfile
}

/** Browsers that have exceptions of WebAssembly have all of this. */
const MODULE = { platform: 'browser', format: 'esm', target: 'es2022' }

/** The files of the package, of which Node loads the first. */
async function buildEntries() {
  mkdirSync(packageFolder, { recursive: true })
  return [
    await buildEntry('index.mjs', 'index.js', {
      platform: 'node',
      format: 'cjs',
      target: 'node20',
    }),
    await buildEntry('web.mjs', 'web.mjs', MODULE),
    await buildEntry('edge.mjs', 'edge.mjs', MODULE),
  ]
}

/** Which file a runtime or a bundler takes. Deno and Bun take Node's. */
const ENTRIES = {
  '.': {
    workerd: './edge.mjs',
    'edge-light': './edge.mjs',
    node: './index.js',
    default: './web.mjs',
  },
  './gru_native.wasm': './gru_native.wasm',
  './package.json': './package.json',
}

/** What is in the package beside the project's own code: its name, and the file of its licence. */
function parts() {
  const fromZig = (...path) => join(wasmZig, 'lib', ...path)
  return [
    ['node-addon-api', inRoot('node_modules/node-addon-api/LICENSE.md')],
    ['emnapi', inRoot('node_modules/emnapi/LICENSE')],
    ['tslib', inRoot('node_modules/tslib/LICENSE.txt')],
    ['libc++', fromZig('libcxx', 'LICENSE.TXT')],
    ['libc++abi', fromZig('libcxxabi', 'LICENSE.TXT')],
    ['libunwind', fromZig('libunwind', 'LICENSE.TXT')],
    ['the C library of WASI', fromZig('libc', 'wasi', 'LICENSE')],
    ['the C library of WASI, its parts of musl', fromZig('libc', 'wasi', 'LICENSE-MIT')],
    ['the C library of WASI, its own parts', fromZig('libc', 'wasi', 'LICENSE-APACHE-LLVM')],
    ['the runtime of the compiler, of Zig', join(wasmZig, 'LICENSE')],
  ]
}

/** Builds the package's files. Returns it for `writePackage`, and in words what it needs. */
export async function buildWasm() {
  const program = buildProgram()
  return {
    name: packageName({ name: WASM }),
    what: 'The WebAssembly',
    files: [...(await buildEntries()), program],
    parts: parts(),
    entries: ENTRIES,
    limits: {},
    needs: 'WebAssembly with SIMD and exceptions',
  }
}
