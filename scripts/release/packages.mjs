// The packages of the prebuilt addons, as folders that can be published.
import { copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inRoot, StepError } from '../project.mjs'
import { ADDON } from './build.mjs'
import { packageName } from './targets.mjs'
import { zigFolder } from './toolchain.mjs'

/** More would be a mistake: debugging information, or a library that does not belong there. */
const MAX_BYTES = 8e6

/** What is linked into an addon beside the project's own code: its name, and the file of its licence. */
function parts({ os, libc }) {
  const fromZig = (...path) => join(zigFolder, 'lib', ...path)
  return [
    ['node-addon-api', inRoot('node_modules/node-addon-api/LICENSE.md')],
    ['node-api-headers', inRoot('node_modules/node-api-headers/LICENSE')],
    ['libc++', fromZig('libcxx', 'LICENSE.TXT')],
    ['libc++abi', fromZig('libcxxabi', 'LICENSE.TXT')],
    ['libunwind', fromZig('libunwind', 'LICENSE.TXT')],
    ['the runtime of the compiler, of Zig', join(zigFolder, 'LICENSE')],
    ...(libc === 'glibc' ? [['start-up code of glibc', fromZig('libc', 'glibc', 'LICENSES')]] : []),
    ...(libc === 'musl' ? [['start-up code of musl', fromZig('libc', 'musl', 'COPYRIGHT')]] : []),
    ...(os === 'win32' ? [['the runtime of MinGW-w64', fromZig('libc', 'mingw', 'COPYING')]] : []),
  ]
}

const RULE = '-'.repeat(80)

function notice(target) {
  const texts = parts(target).map(
    ([name, file]) => `${RULE}\n${name}\n${RULE}\n\n${readFileSync(file, 'utf8').trim()}\n`,
  )
  return `${ADDON} contains, beside the code of gru-native (LICENSE), these parts:\n\n${texts.join('\n')}`
}

const readme = (target, version) => `# ${packageName(target)}

The native part of [gru-native](https://www.npmjs.com/package/gru-native) ${version} for ${where(target)}. \`npm install
gru-native\` installs it where it fits; do not install it by itself.
`

function where({ os, cpu, libc }) {
  const system = { linux: 'Linux', win32: 'Windows', darwin: 'macOS' }[os]
  return `${system} on ${cpu}${libc ? ` with ${libc}` : ''}`
}

function manifest(target, base) {
  const { version, license, author, engines, repository, homepage, bugs } = base
  return {
    name: packageName(target),
    version,
    description: `The native part of gru-native for ${where(target)}`,
    ...{ license, author, repository, homepage, bugs },
    main: ADDON,
    files: [ADDON, 'NOTICE'],
    os: [target.os],
    cpu: [target.cpu],
    ...(target.libc ? { libc: [target.libc] } : {}),
    engines,
    preferUnplugged: true,
    publishConfig: { access: 'public' },
  }
}

/** The package.json of the checkout. */
export const readBase = () => JSON.parse(readFileSync(inRoot('package.json'), 'utf8'))

/** Writes the package of a target with its addon. Returns its folder and the addon's bytes. */
export function writePackage(target, addon, out) {
  const bytes = statSync(addon).size
  if (bytes === 0 || bytes > MAX_BYTES) {
    throw new StepError(`${addon}: expected at most ${MAX_BYTES} bytes, got ${bytes}`)
  }
  const base = readBase()
  const folder = join(out, ...packageName(target).split('/'))
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  copyFileSync(addon, join(folder, ADDON))
  copyFileSync(inRoot('LICENSE'), join(folder, 'LICENSE'))
  writeFileSync(join(folder, 'NOTICE'), notice(target))
  writeFileSync(join(folder, 'README.md'), readme(target, base.version))
  writeFileSync(
    join(folder, 'package.json'),
    `${JSON.stringify(manifest(target, base), null, 2)}\n`,
  )
  return { folder, bytes }
}
