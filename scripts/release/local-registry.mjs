// The registry from which the release's packages are installed before they are published.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { inRoot, StepError } from '../project.mjs'
import { npmPack } from './commands.mjs'
import { readBase } from './packages.mjs'
import { limitsOf, packageName, TARGETS } from './targets.mjs'
import { WASM } from './wasm.mjs'

const folder = inRoot('build', 'release', 'empty-packages')

/**
 * Tarballs without a native part, in place of those that this release lacks. Package managers read in them for which
 * platform they are.
 */
function emptyPackages(tarballs) {
  const released = tarballs.map((file) => basename(file))
  const { version } = readBase()
  const all = [...TARGETS, { name: WASM }]
  const missing = all.filter(({ name }) => !released.includes(`gru-native-${name}-${version}.tgz`))
  return missing.map((target) => {
    const place = join(folder, target.name)
    // As the real packages: Yarn unpacks them.
    const limits = { ...limitsOf(target), preferUnplugged: true }
    const manifest = { name: packageName(target), version, ...limits }
    mkdirSync(place, { recursive: true })
    writeFileSync(join(place, 'package.json'), JSON.stringify(manifest))
    return npmPack(place, folder)
  })
}

/** Starts the registry with the tarballs. Returns its address, and what ends it. */
export async function startRegistry(tarballs) {
  rmSync(folder, { recursive: true, force: true })
  const command = [inRoot('scripts', 'registry.mjs'), ...tarballs, ...emptyPackages(tarballs)]
  const server = spawn(process.execPath, command, { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(server, 'exit').then(([status]) => {
    throw new StepError(`the registry of the release ended with status ${status}`)
  })
  const [address] = await Promise.race([once(createInterface(server.stdout), 'line'), ended])
  ended.catch(() => undefined)
  return { address, close: () => server.stdin.end() }
}
