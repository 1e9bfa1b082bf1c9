// The packages with native parts, as folders that can be published.
import { copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { inRoot, StepError } from '../project.mjs'

/** More would be a mistake: debugging information, or a library that does not belong there. */
const MAX_BYTES = 8e6

const RULE = '-'.repeat(80)

/** The licences of what is in a package beside the project's own code. */
function notice(parts) {
  const texts = parts.map(
    ([name, file]) => `${RULE}\n${name}\n${RULE}\n\n${readFileSync(file, 'utf8').trim()}\n`,
  )
  return `This package contains, beside the code of gru-native (LICENSE), these parts:\n\n${texts.join('\n')}`
}

const INSTALLED = '`npm install gru-native` installs it; do not install it by itself.'

const readme = ({ name, what, installation = INSTALLED }, version) => `# ${name}

${what} of [gru-native](https://www.npmjs.com/package/gru-native) ${version}. ${installation}
`

function manifest({ name, what, files, limits, entries, license }, base) {
  const { version, author, engines, repository, homepage, bugs } = base
  return {
    ...{ name, version, description: `${what} of gru-native` },
    ...{ license: license ?? base.license, author, repository, homepage, bugs },
    ...{ type: 'commonjs', main: basename(files[0]) },
    ...(entries === undefined ? {} : { exports: entries }),
    files: [...files.map((file) => basename(file)), 'NOTICE'],
    ...limits,
    engines,
    preferUnplugged: true,
    publishConfig: { access: 'public' },
  }
}

/** The package.json of the checkout. */
export const readBase = () => JSON.parse(readFileSync(inRoot('package.json'), 'utf8'))

function sizeOf({ files, maxBytes = MAX_BYTES }) {
  const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0)
  if (bytes > 0 && bytes <= maxBytes) return bytes
  throw new StepError(`${files.join(', ')}: expected at most ${maxBytes} bytes, got ${bytes}`)
}

/**
 * Writes a package with a native part: its `name`, `what` it is in words, its `files`, of which the first is loaded, the
 * `parts` that are linked into them, each with the file of its licence, the `limits` of package.json that say where npm
 * installs it, and its `entries` if it has more than that file. It may have a `license`, an `installation` in words and
 * `maxBytes` of its own. Returns its folder and the bytes of its files.
 */
export function writePackage(described, out) {
  const { name, files, parts } = described
  const bytes = sizeOf(described)
  const base = readBase()
  const folder = join(out, ...name.split('/'))
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const file of [...files, inRoot('LICENSE')]) copyFileSync(file, join(folder, basename(file)))
  writeFileSync(join(folder, 'NOTICE'), notice(parts))
  writeFileSync(join(folder, 'README.md'), readme(described, base.version))
  writeFileSync(
    join(folder, 'package.json'),
    `${JSON.stringify(manifest(described, base), null, 2)}\n`,
  )
  return { folder, bytes }
}
