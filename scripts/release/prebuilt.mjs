// The packages of the platforms: an addon for each, built, examined and described.
import { join } from 'node:path'
import { inRoot } from '../project.mjs'
import { buildAddon } from './build.mjs'
import { checkSymbols } from './symbols.mjs'
import { limitsOf, packageName } from './targets.mjs'
import { provideZig, zigFolder } from './toolchain.mjs'

/** What the compiler links into a library beside the project's own code: its name, and the file of its licence. */
export function runtimeParts({ os, libc }) {
  const fromZig = (...path) => join(zigFolder, 'lib', ...path)
  return [
    ['libc++', fromZig('libcxx', 'LICENSE.TXT')],
    ['libc++abi', fromZig('libcxxabi', 'LICENSE.TXT')],
    ['libunwind', fromZig('libunwind', 'LICENSE.TXT')],
    ['the runtime of the compiler, of Zig', join(zigFolder, 'LICENSE')],
    ...(libc === 'glibc' ? [['start-up code of glibc', fromZig('libc', 'glibc', 'LICENSES')]] : []),
    ...(libc === 'musl' ? [['start-up code of musl', fromZig('libc', 'musl', 'COPYRIGHT')]] : []),
    ...(os === 'win32' ? [['the runtime of MinGW-w64', fromZig('libc', 'mingw', 'COPYING')]] : []),
  ]
}

const parts = (target) => [
  ['node-addon-api', inRoot('node_modules/node-addon-api/LICENSE.md')],
  ['node-api-headers', inRoot('node_modules/node-api-headers/LICENSE')],
  ...runtimeParts(target),
]

function where({ os, cpu, libc }) {
  const system = { linux: 'Linux', win32: 'Windows', darwin: 'macOS' }[os]
  return `${system} on ${cpu}${libc ? ` with ${libc}` : ''}`
}

/** Builds the addon of a platform. Returns its package for `writePackage`, and in words what it needs. */
export function buildPrebuilt(target) {
  provideZig()
  const addon = buildAddon(target)
  return {
    name: packageName(target),
    what: `The native part for ${where(target)}`,
    files: [addon],
    parts: parts(target),
    limits: limitsOf(target),
    needs: checkSymbols(addon, target),
  }
}
