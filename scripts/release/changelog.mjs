// Writes CHANGELOG.md from the commits: a section for each version, which is a tag `vX.Y.Z`, and one for the version of
// package.json if it has no tag yet. A section lists the subjects of the commits that change what users get, newest
// first. Those with a paragraph `BREAKING CHANGE: ...` come before the others, with that paragraph. The first version
// has no list: everything in it is new.
//
//   node scripts/release/changelog.mjs
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'

const REPOSITORY = 'https://github.com/gru-native/gru-native'
/** What the package is made of. */
const SHIPPED = ['lib', 'native', 'cmake', 'binding.d.ts', 'CMakeLists.txt']
/** Between the fields of a commit, and after each commit: characters that no message has. */
const [FIELD, END] = ['\u001f', '\u001e']

/** The commits of a range that change what is shipped, but no merges. */
function commitsIn(git, range) {
  const format = `--format=%h${FIELD}%s${FIELD}%b${END}`
  const text = git('log', '--no-merges', format, range, '--', ...SHIPPED)
  return text
    .split(END)
    .map((commit) => commit.trim())
    .filter((commit) => commit !== '')
    .map((commit) => {
      const [hash, subject, body] = commit.split(FIELD)
      const [, breaking] = /(?:^|\n)BREAKING CHANGE: ([^]*?)(?:\n\n|$)/.exec(body ?? '') ?? []
      return { hash, subject, breaking: breaking?.replaceAll(/\s+/g, ' ').trim() }
    })
}

function line({ hash, subject, breaking }) {
  const link = `[${hash}](${REPOSITORY}/commit/${hash})`
  return breaking === undefined ? `- ${subject} (${link})` : `- **Breaks:** ${breaking} (${link})`
}

function section(git, { version, date, revision }, before) {
  const heading = `## ${version} (${date})`
  if (before === undefined) return `${heading}\n\nThe first version.\n`
  const commits = commitsIn(git, `${before.revision}..${revision}`)
  const sorted = [
    ...commits.filter(({ breaking }) => breaking !== undefined),
    ...commits.filter(({ breaking }) => breaking === undefined),
  ]
  const lines = sorted.length > 0 ? sorted.map(line) : ['No change to what is shipped.']
  return `${heading}\n\n${lines.join('\n')}\n`
}

/** The versions, newest first. `date` is that of the current version if it has no tag. */
function versionsOf(git, current, date) {
  const tags = git('tag', '--list', 'v[0-9]*', '--sort=-version:refname', '--merged', 'HEAD')
  const dateOf = (revision) => git('log', '-1', '--format=%cs', revision).trim()
  const released = tags
    .split('\n')
    .filter((tag) => tag !== '')
    .map((tag) => ({ version: tag.slice(1), date: dateOf(tag), revision: tag }))
  if (released.some(({ version }) => version === current)) return released
  return [{ version: current, date, revision: 'HEAD' }, ...released]
}

/**
 * The text of CHANGELOG.md.
 * @param folder - a checkout with its history
 * @param date - of a version that has no tag yet
 */
export function changelog(folder, date = 'not released') {
  const git = (...args) =>
    execFileSync('git', args, { cwd: folder, encoding: 'utf8', maxBuffer: Infinity })
  const { version } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'))
  const versions = versionsOf(git, version, date)
  const sections = versions.map((one, index) => section(git, one, versions[index + 1]))
  const head = `# Changes

Made from the commits by \`scripts/release/changelog.mjs\`. [What is stable](${REPOSITORY}/blob/main/docs/stability.md) says what a
version may change.
`
  return [head, ...sections].join('\n')
}

if (process.argv[1] === import.meta.filename) {
  const root = path.join(import.meta.dirname, '..', '..')
  const file = path.join(root, 'CHANGELOG.md')
  writeFileSync(file, changelog(root))
}
