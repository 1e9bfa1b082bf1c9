// Publishes the tarballs of a release to npm.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { StepError } from '../project.mjs'
import { output } from './commands.mjs'

/** The name and version of the package in a tarball. */
function identify(tarball) {
  const { name, version } = JSON.parse(
    output(['tar', '-xzOf', tarball, 'package/package.json'], '.'),
  )
  return { name, version }
}

/** The hash of a published version, as npm tells it; undefined if there is no such version. */
function publishedHash({ name, version }) {
  const command = ['npm', 'view', `${name}@${version}`, 'dist.integrity', '--json']
  try {
    const printed = output([...command, '--prefer-online'], '.').trim()
    return printed === '' ? undefined : JSON.parse(printed)
  } catch (error) {
    if (error.message.includes('E404')) return undefined
    throw error
  }
}

const hashOf = (tarball) =>
  `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`

/** Whether the registry has this very package. A release that was interrupted has published a part of its packages. */
function isPublished({ tarball, name, version }) {
  const there = publishedHash({ name, version })
  if (there === undefined) return false
  if (there === hashOf(tarball)) return true
  throw new StepError(
    `${name}@${version}: another package of this version is published already, with the hash ${there}\n` +
      '  remedy:  release the next version, by --version patch',
  )
}

/** npm may ask for a password that is valid once, so it has this process's terminal. */
function publishOne({ tarball, name, version }) {
  const tag = version.includes('-') ? 'next' : 'latest'
  const command = ['publish', tarball, '--access', 'public', '--tag', tag]
  const { status } = spawnSync('npm', command, { stdio: 'inherit' })
  if (status !== 0) throw new StepError(`npm did not publish ${name} (exit status ${status})`)
  console.log(`published ${name}`)
}

/** Fails if npm knows nobody: before a release begins, not at its end. */
export function requireLogin() {
  output(['npm', 'whoami'], '.')
}

/**
 * Publishes the tarballs in their order. The package that depends on the others must be the last, so that nobody can
 * install it without them. Those that the registry has are left out. A version such as 1.0.0-beta.1 is published for
 * those who ask for it (`next`). Returns the names of those that were published.
 */
export function publish(tarballs) {
  const all = tarballs.map((tarball) => ({ tarball, ...identify(tarball) }))
  const missing = all.filter((each) => !isPublished(each))
  missing.forEach(publishOne)
  return missing.map(({ name }) => name)
}
