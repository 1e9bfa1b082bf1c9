// `npm run release`: a release by one command. It sets the version and writes CHANGELOG.md, builds the native part for each
// platform, checks what it needs of its system, and writes all packages, their tarballs and the site. It runs tests of each
// package, under an emulator where it must, and writes what it saw into the table of docs/platforms.md. It installs the
// tarballs by each package manager and in a Debian 11, where it runs the README's example. At the end it commits the version
// with a tag, and publishes the tarballs.
//
//   npm run release -- [--version VERSION] [--dry-run] [--only TARGET]... [--out FOLDER]
//
// --version  major, minor, patch, or the version itself; the version of package.json if it is left out
// --dry-run  publishes and commits nothing: it ends with the folder that would be published, and takes back the version
// --only     one target (scripts/release/targets.mjs), wasm32 or cuda-linux-x64, instead of all, and no site; may be
//            repeated. It implies --dry-run
// --out      where the packages are written: out/release by default
//
// It runs as root on Debian on x86-64, and needs CMake, make or Ninja, binutils, tar, npm, and the registries of npm and
// Debian.
import { copyFileSync, mkdirSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { inRoot, StepError } from '../project.mjs'
import { npmPack } from './commands.mjs'
import { checkCompilers } from './compilers.mjs'
import { CUDA, cudaBuilds } from './cuda.mjs'
import { checkInstallations } from './installations.mjs'
import { writeMainPackage } from './main-package.mjs'
import { writePackage } from './packages.mjs'
import { writeRows } from './platforms-table.mjs'
import { buildPrebuilt } from './prebuilt.mjs'
import { publish, requireLogin } from './publish.mjs'
import { runPackage } from './runs.mjs'
import { checkSite } from './site-check.mjs'
import { releaseSite } from './site.mjs'
import { packageName, TARGETS } from './targets.mjs'
import { tryUserTools } from './user-tools.mjs'
import { commitVersion, requireCommitted, resetVersion, setVersion } from './version.mjs'
import { buildWasm, WASM } from './wasm.mjs'
import { checkInBrowser } from './web-check.mjs'

const OPTIONS = {
  'dry-run': { type: 'boolean', default: false },
  version: { type: 'string' },
  only: { type: 'string', multiple: true, default: [] },
  out: { type: 'string', default: inRoot('out', 'release') },
}

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

/** Makes all that is published, and publishes nothing. */
async function prepare({ only, out }) {
  const tarballs = await releasePackages({ only, out })
  if (only.length === 0) {
    console.log(checkCompilers().join('\n'))
    console.log(await checkSite(releaseSite(out), inRoot('build', 'release', 'site-pictures')))
  }
  copyFileSync(inRoot('CHANGELOG.md'), join(out, 'CHANGELOG.md'))
  return tarballs
}

async function tryRelease({ version, only, out }) {
  if (version !== undefined) requireCommitted(inRoot())
  try {
    if (version !== undefined) setVersion(inRoot(), version, today())
    await prepare({ only, out })
    console.log(`ready to publish: ${out}`)
  } finally {
    if (version !== undefined) resetVersion(inRoot())
  }
}

async function releaseForAll({ version, out }) {
  requireCommitted(inRoot())
  requireLogin()
  setVersion(inRoot(), version, today())
  try {
    const tarballs = await prepare({ only: [], out })
    publish(tarballs)
    commitVersion(inRoot())
  } catch (error) {
    resetVersion(inRoot())
    throw error
  }
  console.log(
    `released. Now: git push --follow-tags, and put ${join(out, 'site')} on the web server`,
  )
}

const today = () => new Date().toISOString().slice(0, 10)

try {
  const { values } = parseArgs({ options: OPTIONS })
  const asked = { ...values, out: resolve(values.out) }
  const dry = values['dry-run'] || values.only.length > 0
  await (dry ? tryRelease(asked) : releaseForAll(asked))
} catch (error) {
  if (!(error instanceof StepError)) throw error
  console.error(`release: ${error.message}`)
  process.exitCode = 1
}
