// Packages from npm that the release uses as tools. Each is pinned by the hash of its tarball.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { StepError } from '../project.mjs'

/** Runs a command in a folder and returns its output. */
function output([program, ...args], cwd) {
  const options = { cwd, encoding: 'utf8', maxBuffer: Infinity }
  const { status, stdout, stderr, error } = spawnSync(program, args, options)
  if (status === 0) return stdout
  throw new StepError(
    `${[program, ...args].join(' ')} failed: ${error?.message ?? stderr.trim()}\n` +
      '  remedy:  the release needs npm, tar and the registry that npm is configured with',
  )
}

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
    const [{ filename }] = JSON.parse(
      output(['npm', 'pack', '--json', `${pinned.name}@${pinned.version}`], work),
    )
    const tarball = join(work, filename.replace('@', '').replace('/', '-'))
    verify(tarball, pinned)
    output(['tar', '-xzf', tarball], work)
    renameSync(join(work, 'package'), folder)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}
