// Makes all that a release publishes, and tries it: the packages, their tarballs and the site.
import { copyFileSync, mkdirSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { inRoot, StepError } from '../project.mjs'
import { npmPack } from './commands.mjs'
import { checkCompilers } from './compilers.mjs'
import { CUDA, cudaBuilds } from './cuda.mjs'
import { checkInstallations } from './installations.mjs'
import { writeMainPackage } from './main-package.mjs'
import { writePackage } from './packages.mjs'
import { writeRows } from './platforms-table.mjs'
import { buildPrebuilt } from './prebuilt.mjs'
import { runPackage } from './runs.mjs'
import { checkSite } from './site-check.mjs'
import { releaseSite } from './site.mjs'
import { packageName, TARGETS } from './targets.mjs'
import { tryUserTools } from './user-tools.mjs'
import { buildWasm, WASM } from './wasm.mjs'
import { checkInBrowser } from './web-check.mjs'

/** What a release writes into its folder. What an earlier one has left there must not be published. */
const MADE = ['tarballs', '@gru-native', 'gru-native', 'site', 'CHANGELOG.md']

/** What builds each package with a native part, by the package's name after `@gru-native/`. */
const BUILDS = new Map([
  ...TARGETS.map((target) => [target.name, () => buildPrebuilt(target)]),
  [WASM, buildWasm],
  ...cudaBuilds(),
])

/** Those that npm installs where they fit. */
const OPTIONAL_PACKAGES = [...BUILDS.keys()]
  .filter((name) => name !== CUDA)
  .map((name) => packageName({ name }))

function selected(names) {
  const known = [...BUILDS.keys()]
  const unknown = names.filter((name) => !BUILDS.has(name))
  if (unknown.length > 0) {
    throw new StepError(`--only: expected one of ${known.join(', ')}, got ${unknown.join(', ')}`)
  }
  return names.length === 0 ? known : known.filter((name) => names.includes(name))
}

/** Builds and packs one package with a native part, and runs what can run here of it. */
async function release(name, { out, tarballs }) {
  const described = await BUILDS.get(name)()
  const { folder, bytes } = writePackage(described, out)
  const tarball = npmPack(folder, tarballs)
  const tried = await runPackage(name, join(folder, basename(described.files[0])))
  const row = { name, bytes, needs: described.needs, ...tried }
  return { row, tarball }
}

const line = ({ name, bytes, needs, ran, passed }) =>
  `${name}: ${(bytes / 1e6).toFixed(1)} MB, needs ${needs}\n  ${ran}: ${passed} tests passed`

/** Writes all packages into `out`. Returns the tarballs in the order in which they are published. */
async function releasePackages({ only, out }) {
  const folders = { out, tarballs: join(out, 'tarballs') }
  for (const made of MADE) rmSync(join(out, made), { recursive: true, force: true })
  mkdirSync(folders.tarballs, { recursive: true })
  const released = []
  for (const name of selected(only)) released.push(await release(name, folders))
  const main = npmPack(writeMainPackage(OPTIONAL_PACKAGES, out), folders.tarballs)
  const rows = released.map(({ row }) => row)
  console.log(`\n${rows.map(line).join('\n')}`)
  await writeRows(inRoot('docs/platforms.md'), rows)
  const tarballs = [...released.map(({ tarball }) => tarball), main]
  console.log((await checkInstallations(tarballs)).join('\n'))
  console.log((await tryUserTools(tarballs)).join('\n'))
  if (selected(only).includes(WASM)) console.log(await checkInBrowser(out))
  return tarballs
}

/**
 * Writes all that is published into the folder `out`, and publishes nothing. If `only` names packages, others are not
 * made, nor is the site. Returns the tarballs in the order in which they are published.
 */
export async function prepare({ only, out }) {
  const tarballs = await releasePackages({ only, out })
  if (only.length === 0) {
    console.log(checkCompilers().join('\n'))
    console.log(await checkSite(releaseSite(out), inRoot('build', 'release', 'site-pictures')))
  }
  copyFileSync(inRoot('CHANGELOG.md'), join(out, 'CHANGELOG.md'))
  return tarballs
}
