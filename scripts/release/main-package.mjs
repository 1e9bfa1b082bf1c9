// The package gru-native itself, as a folder that can be published.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { inRoot, packageCommand } from '../project.mjs'
import { must, npmPack, output } from './commands.mjs'
import { CUDA } from './cuda.mjs'
import { packageName } from './targets.mjs'

/** What only the checkout needs. */
const OF_THE_CHECKOUT = ['scripts', 'devDependencies', 'allowScripts', 'binary']

function buildTypeScript() {
  const steps = [
    [...packageCommand('typescript', 'tsc'), '-p', 'tsconfig.build.json'],
    ...['bundle', 'headers'].map((name) => [process.execPath, inRoot('scripts', `${name}.mjs`)]),
  ]
  for (const step of steps) must('compiling TypeScript', step)
}

/** The CUDA plug-in is only for those who install it. As a peer it can be found, and must have the same version. */
function peersOf({ version, peerDependencies, peerDependenciesMeta }) {
  const cuda = packageName({ name: CUDA })
  return {
    peerDependencies: { ...peerDependencies, [cuda]: version },
    peerDependenciesMeta: { ...peerDependenciesMeta, [cuda]: { optional: true } },
  }
}

/** The package.json of the package: that of the checkout, with the native parts by their names. */
export function manifest(base, names) {
  const kept = Object.entries(base).filter(([key]) => !OF_THE_CHECKOUT.includes(key))
  const optionalDependencies = Object.fromEntries(names.map((name) => [name, base.version]))
  return { ...Object.fromEntries(kept), ...peersOf(base), optionalDependencies }
}

/**
 * Writes the package, with everything that npm would publish from the checkout.
 *
 * @param names - of the packages with native parts, which npm installs where they fit
 */
export function writeMainPackage(names, out) {
  buildTypeScript()
  const folder = join(out, 'gru-native')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const tarball = npmPack(inRoot(), out)
  output(['tar', '-xzf', tarball, '--strip-components=1'], folder)
  rmSync(tarball)
  const base = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest(base, names), null, 2)}\n`)
  return folder
}
