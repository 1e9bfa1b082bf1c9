// Builds the addon for a platform.
import { join } from 'node:path'
import { inRoot, succeeds } from '../project.mjs'
import { buildByCMake } from './commands.mjs'
import { writeCommands } from './toolchain.mjs'

export const ADDON = 'gru_native.node'

/** The folders of node_api.h and napi.h. */
export const NODE_HEADERS = [
  inRoot('node_modules/node-api-headers/include'),
  inRoot('node_modules/node-addon-api'),
]

/**
 * The arguments of CMake that configure a build for a target. BLAS is for builds from source: the addon must load on
 * machines that have none.
 */
export function configuration(target) {
  return [
    ...['-DCMAKE_BUILD_TYPE=Release', '-DGRU_BLAS=OFF', '-DGRU_WERROR=ON'],
    `-DCMAKE_TOOLCHAIN_FILE=${inRoot('cmake/zig.cmake')}`,
    `-DGRU_ZIG_COMMANDS=${writeCommands(target)}`,
    `-DGRU_ZIG_SYSTEM=${target.system}`,
    `-DGRU_ZIG_PROCESSOR=${target.processor}`,
    '-DCMAKE_MODULE_LINKER_FLAGS=-s',
    '-DCMAKE_SHARED_LINKER_FLAGS=-s',
    `-DCMAKE_CXX_FLAGS=-ffile-prefix-map=${inRoot()}=.`,
    `-DCMAKE_JS_INC=${NODE_HEADERS.join(';')}`,
    ...(succeeds(['ccache', '--version']) ? ['-DCMAKE_CXX_COMPILER_LAUNCHER=ccache'] : []),
    ...(succeeds(['ninja', '--version']) ? ['-GNinja'] : []),
  ]
}

/** Builds the addon, stripped, and returns its path. */
export function buildAddon(target) {
  const folder = inRoot('build', 'release', target.name)
  const options = configuration(target)
  buildByCMake(`building for ${target.name}`, { folder, options, target: 'gru_native' })
  return join(folder, ADDON)
}
