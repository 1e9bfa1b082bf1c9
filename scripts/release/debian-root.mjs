// Debian of another version than this machine's, in a folder. It needs root.
import { existsSync, renameSync, rmSync } from 'node:fs'
import process from 'node:process'
import { provide } from '../apt.mjs'
import { inRoot, StepError, succeeds } from '../project.mjs'
import { output } from './commands.mjs'

const isThere = () => succeeds(['debootstrap', '--version'])

function provideDebootstrap() {
  const missing = () => (isThere() ? [] : ['debootstrap'])
  provide({ packages: ['debootstrap'], missing, purpose: 'making a Debian in a folder' })
}

/**
 * The folder of a Debian with the smallest set of packages and those that are named. It is made if it is not there, from
 * the packages of Debian's mirror, whose signatures debootstrap checks.
 */
export function provideDebian(suite, packages = []) {
  const folder = inRoot('build', 'release', `debian-${suite}`)
  if (existsSync(folder)) return folder
  if (process.getuid() !== 0) throw new StepError(`Debian ${suite} in a folder needs root`)
  provideDebootstrap()
  const unfinished = `${folder}-unfinished`
  rmSync(unfinished, { recursive: true, force: true })
  const include = packages.length > 0 ? [`--include=${packages.join(',')}`] : []
  console.log(`making a folder with Debian ${suite}`)
  output(['debootstrap', '--variant=minbase', ...include, suite, unfinished], inRoot())
  renameSync(unfinished, folder)
  return folder
}

const IN_FOLDER = `
debian=$0
shared=$1
shift
mount -t proc proc "$debian/proc" && mount -t tmpfs tmpfs "$debian/tmp" || exit
mkdir -p "$debian$shared" && mount --bind "$shared" "$debian$shared" || exit
exec chroot "$debian" /usr/bin/env --chdir="$shared" "$@"`

/** The command that runs another in that Debian, where a folder of this machine has the same path, as a working folder. */
export const inDebian = (debian, shared, command) => [
  ...['unshare', '--mount', 'sh', '-c', IN_FOLDER, debian, shared],
  ...command,
]
