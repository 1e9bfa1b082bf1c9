// The version of a release: in package.json, package-lock.json and CHANGELOG.md.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { StepError } from '../project.mjs'
import { changelog } from './changelog.mjs'
import { output } from './commands.mjs'

/** The files that have the version. */
const FILES = ['package.json', 'package-lock.json', 'CHANGELOG.md']

/** What a release writes beside them. */
const SEEN = ['docs/platforms.md']

const git = (folder, ...args) => output(['git', ...args], folder)

/** The version in package.json. */
export const versionOf = (folder) =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version

/** Fails if a file is not committed, since the tag of a release must name what was released. */
export function requireCommitted(folder) {
  const changed = git(folder, 'status', '--porcelain').trim()
  if (changed === '') return
  throw new StepError(
    `expected a checkout where all is committed, got\n${changed}\n` +
      '  remedy:  commit these files, remove them, or take them back: git checkout -- FILE',
  )
}

/**
 * Sets the version of the checkout, and dates its section of CHANGELOG.md.
 *
 * @param wanted - `major`, `minor`, `patch` or a version; undefined keeps the version of package.json
 * @param date - YYYY-MM-DD
 */
export function setVersion(folder, wanted, date) {
  if (wanted !== undefined) {
    output(['npm', 'version', wanted, '--no-git-tag-version', '--allow-same-version'], folder)
  }
  const version = versionOf(folder)
  if (git(folder, 'tag', '--list', `v${version}`).trim() !== '') {
    throw new StepError(
      `version ${version} is released already: it has the tag v${version}\n` +
        '  remedy:  --version patch, minor or major',
    )
  }
  writeFileSync(join(folder, 'CHANGELOG.md'), changelog(folder, date))
  return version
}

/** Takes back what `setVersion` did. */
export function resetVersion(folder) {
  git(folder, 'checkout', '--quiet', '--', ...FILES)
}

/** Takes back all that a release has written into the checkout, so that it can begin again. */
export function takeBackRelease(folder) {
  git(folder, 'checkout', '--quiet', '--', ...FILES, ...SEEN)
}

/** Commits what `setVersion` did, with a tag. */
export function commitVersion(folder) {
  const version = versionOf(folder)
  git(folder, 'commit', '--quiet', '--message', `Release ${version}`, '--', ...FILES, ...SEEN)
  git(folder, 'tag', '--annotate', `v${version}`, '--message', `gru-native ${version}`)
}
