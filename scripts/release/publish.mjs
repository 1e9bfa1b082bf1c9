// Publishes the tarballs of a release to npm.
import { output } from './commands.mjs'

/** The name and version of the package in a tarball. */
function identify(tarball) {
  const { name, version } = JSON.parse(
    output(['tar', '-xzOf', tarball, 'package/package.json'], '.'),
  )
  return { name, version }
}

/** Whether the registry has this version. A release that was interrupted has published a part of its packages. */
function isPublished({ name, version }) {
  const command = ['npm', 'view', name, 'versions', '--json', '--prefer-online']
  try {
    return [JSON.parse(output(command, '.'))].flat().includes(version)
  } catch (error) {
    if (error.message.includes('E404')) return false
    throw error
  }
}

/** Fails if npm knows nobody: before a release begins, not at its end. */
export function requireLogin() {
  output(['npm', 'whoami'], '.')
}

/**
 * Publishes the tarballs in their order. The package that depends on the others must be the last, so that nobody can
 * install it without them. Versions that the registry has are left out. Returns the names of those that were published.
 */
export function publish(tarballs) {
  const missing = tarballs.map((tarball) => ({ tarball, ...identify(tarball) }))
  return missing
    .filter((each) => !isPublished(each))
    .map(({ tarball, name }) => {
      output(['npm', 'publish', tarball, '--access', 'public'], '.')
      console.log(`published ${name}`)
      return name
    })
}
