// `npm run release`: builds the native part for each platform, checks what it needs of its system, and writes all packages
// and their tarballs. It ends by installing the tarballs for this machine into an empty project, where it runs the
// README's example.
//
//   npm run release -- --dry-run [--only TARGET]... [--out FOLDER]
//
// --dry-run  publishes nothing. Publishing by this command does not exist yet, so the option is required.
// --only     one target (scripts/release/targets.mjs), or wasm32, instead of all; may be repeated
// --out      where the packages are written: out/release by default
//
// It runs on Linux on x86-64 and needs CMake, make or Ninja, binutils, tar, npm and its registry.
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { inRoot, StepError } from '../project.mjs'
import { npmPack } from './commands.mjs'
import { checkInstallation } from './install-check.mjs'
import { writeMainPackage } from './main-package.mjs'
import { writePackage } from './packages.mjs'
import { buildPrebuilt } from './prebuilt.mjs'
import { packageName, TARGETS } from './targets.mjs'
import { buildWasm, WASM } from './wasm.mjs'

const OPTIONS = {
  'dry-run': { type: 'boolean', default: false },
  only: { type: 'string', multiple: true, default: [] },
  out: { type: 'string', default: inRoot('out', 'release') },
}

/** What builds each package with a native part, by the package's name after `@gru-native/`. */
const BUILDS = new Map([
  ...TARGETS.map((target) => [target.name, () => buildPrebuilt(target)]),
  [WASM, buildWasm],
])

const ALL_PACKAGES = [...BUILDS.keys()].map((name) => packageName({ name }))

function selected(names) {
  const known = [...BUILDS.keys()]
  const unknown = names.filter((name) => !BUILDS.has(name))
  if (unknown.length > 0) {
    throw new StepError(`--only: expected one of ${known.join(', ')}, got ${unknown.join(', ')}`)
  }
  return names.length === 0 ? known : known.filter((name) => names.includes(name))
}

/** Builds and packs one package with a native part. */
async function release(name, { out, tarballs }) {
  const described = await BUILDS.get(name)()
  const { folder, bytes } = writePackage(described, out)
  const line = `${described.name}: ${(bytes / 1e6).toFixed(1)} MB, needs ${described.needs}`
  return { line, limits: described.limits, tarball: npmPack(folder, tarballs) }
}

/** Whether npm installs a package on this machine, which is a Linux with glibc. */
function isForThisMachine({ limits: { os, cpu, libc } }) {
  const allows = (limit, own) => limit === undefined || limit.includes(own)
  return allows(os, 'linux') && allows(cpu, 'x64') && allows(libc, 'glibc')
}

function tryHere(main, released) {
  const own = released.filter(isForThisMachine).map(({ tarball }) => tarball)
  if (own.length === 0) {
    console.log('\nnone of these is for this machine: nothing was installed')
    return
  }
  console.log("\nthe README's example, with the tarballs for this machine in an empty project:")
  console.log(checkInstallation([main, ...own]))
}

async function releaseAll({ only, out }) {
  const folders = { out, tarballs: join(out, 'tarballs') }
  mkdirSync(folders.tarballs, { recursive: true })
  const released = []
  for (const name of selected(only)) released.push(await release(name, folders))
  const main = npmPack(writeMainPackage(ALL_PACKAGES, out), folders.tarballs)
  console.log(`\n${released.map(({ line }) => line).join('\n')}`)
  tryHere(main, released)
  console.log(`ready to publish: ${out}`)
}

try {
  const { values } = parseArgs({ options: OPTIONS })
  if (!values['dry-run']) throw new StepError('expected --dry-run: nothing is published yet')
  await releaseAll({ only: values.only, out: resolve(values.out) })
} catch (error) {
  if (!(error instanceof StepError)) throw error
  console.error(`release: ${error.message}`)
  process.exitCode = 1
}
