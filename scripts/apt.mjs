// Installs Debian packages, if the user is allowed to.
import process from 'node:process'
import { run, StepError, succeeds } from './project.mjs'

const installing = (packages) => [
  'apt-get',
  'install',
  '-y',
  '--no-install-recommends',
  ...packages,
]

/** The shell command that installs the packages. */
export const aptCommand = (packages) => `apt-get update && ${installing(packages).join(' ')}`

/** Whether this process may install: it runs as root, and apt-get exists. */
export const mayInstall = () => process.getuid?.() === 0 && succeeds(['apt-get', '--version'])

/** Installs the packages and returns whether that succeeded. Its output is shown only if it fails. */
export function aptInstall(packages) {
  const options = { env: { DEBIAN_FRONTEND: 'noninteractive' }, quiet: true }
  return run(['apt-get', 'update'], options) === 0 && run(installing(packages), options) === 0
}

/** A program that a step needs is not there and was not installed. */
export class NotInstalled extends StepError {}

/**
 * Installs Debian packages if something is missing. `missing` returns the names of what is not there, and is asked again
 * afterwards. `purpose` says what needs it.
 */
export function provide({ packages, missing, purpose }) {
  if (missing().length > 0 && mayInstall()) {
    console.log(`installing ${packages.join(', ')} (${aptCommand(packages)})`)
    aptInstall(packages)
  }
  if (missing().length === 0) return
  throw new NotInstalled(
    `no ${missing().join(' and no ')}, which ${purpose} needs\n` +
      `  remedy:  ${aptCommand(packages)}   (Debian or Ubuntu, as root)`,
  )
}
