// Packages from npm that the release uses as tools. Each is pinned by the hash of its tarball.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { inRoot, StepError } from '../project.mjs'
import { npmPack, output } from './commands.mjs'

function verify(tarball, { name, version, sha512 }) {
  const found = createHash('sha512').update(readFileSync(tarball)).digest('base64')
  if (found === sha512) return
  throw new StepError(
    `${name}@${version}: expected a tarball with the SHA-512 ${sha512}, got ${found}\n` +
      '  remedy:  do not use it; find out who changed the package',
  )
}

/**
 * Unpacks `{ name, version, sha512 }` into a folder, unless it is there. The hash is base64, as npm's `dist.integrity` is.
 * The folder appears only when it is complete.
 */
export function providePackage(pinned, folder) {
  if (existsSync(folder)) return
  const parent = dirname(folder)
  mkdirSync(parent, { recursive: true })
  const work = mkdtempSync(join(parent, 'fetching-'))
  try {
    console.log(`fetching ${pinned.name}@${pinned.version}`)
    const tarball = npmPack(work, work, `${pinned.name}@${pinned.version}`)
    verify(tarball, pinned)
    output(['tar', '-xzf', tarball], work)
    renameSync(join(work, 'package'), folder)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** As `providePackage`, in a folder of its own among the release's tools, which is returned. */
export function provideTool(pinned) {
  const folder = inRoot('build', 'release', `${pinned.name.replace('/', '-')}-${pinned.version}`)
  providePackage(pinned, folder)
  return folder
}
