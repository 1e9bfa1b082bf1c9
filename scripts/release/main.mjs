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
import { join, resolve } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { requireNvcc } from '../nvcc.mjs'
import { inRoot, StepError } from '../project.mjs'
import { prepare } from './prepare.mjs'
import { publish, requireLogin } from './publish.mjs'
import { requireEmulators } from './runs.mjs'
import {
  commitVersion,
  requireCommitted,
  resetVersion,
  setVersion,
  takeBackRelease,
} from './version.mjs'

const OPTIONS = {
  'dry-run': { type: 'boolean', default: false },
  version: { type: 'string' },
  only: { type: 'string', multiple: true, default: [] },
  out: { type: 'string', default: inRoot('out', 'release') },
}

async function tryRelease({ version, only, out }) {
  if (version !== undefined) requireCommitted(inRoot())
  try {
    if (version !== undefined) setVersion(inRoot(), version, today())
    await prepare({ only, out })
    console.log(`${only.length === 0 ? 'ready to publish' : 'made'}: ${out}`)
  } finally {
    if (version !== undefined) resetVersion(inRoot())
  }
}

async function releaseForAll({ version, out }) {
  requireCommitted(inRoot())
  requireLogin()
  // A dry run leaves out what cannot be built or tried here. What is published lacks nothing.
  requireNvcc()
  requireEmulators()
  try {
    setVersion(inRoot(), version, today())
    const tarballs = await prepare({ only: [], out })
    publish(tarballs)
    commitVersion(inRoot())
  } catch (error) {
    takeBackRelease(inRoot())
    throw error
  }
  console.log(
    `released. Now: git push --follow-tags, and put ${join(out, 'site')} on the web server`,
  )
}

const today = () => new Date().toISOString().slice(0, 10)

// The command that runs gets the signal too and ends. Its failure then ends the release, which takes back what it wrote.
process.on('SIGINT', () => undefined)

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
