import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import * as path from 'node:path'
import { temporaryFolder } from '../support/temporary-folder'

const folder = temporaryFolder()('project')
const SCRIPT = path.join(__dirname, '..', '..', 'scripts', 'release', 'changelog.mjs')

function git(...args: string[]): string {
  const author = { name: 'a', email: 'a@example.org', date: '2026-01-02T03:04:05Z' }
  const env = {
    ...process.env,
    ...{ GIT_AUTHOR_NAME: author.name, GIT_AUTHOR_EMAIL: author.email },
    ...{ GIT_COMMITTER_NAME: author.name, GIT_COMMITTER_EMAIL: author.email },
    ...{ GIT_AUTHOR_DATE: author.date, GIT_COMMITTER_DATE: author.date },
  }
  return execFileSync('git', args, { cwd: folder, encoding: 'utf8', env, stdio: 'pipe' }).trim()
}

let count = 0
/** Makes a commit that changes a file, and returns its short name. */
function commit(file: string, message: string): string {
  writeFileSync(path.join(folder, file), String(++count))
  git('add', '--all')
  git('commit', '--quiet', '--message', message)
  return git('log', '-1', '--format=%h')
}

function versionIs(version: string): void {
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ version }))
}

/** The sections of the changelog, by their headings. */
function sections(): Record<string, string> {
  const program = `import { changelog } from ${JSON.stringify(SCRIPT)}
    process.stdout.write(changelog(${JSON.stringify(folder)}))`
  const args = ['--input-type=module', '-e', program]
  const text = execFileSync(process.execPath, args, { encoding: 'utf8' })
  const parts = text.split(/^## /m).slice(1)
  return Object.fromEntries(
    parts.map((part) => {
      const [heading, ...lines] = part.trim().split('\n')
      return [heading!, lines.join('\n').trim()] as const
    }),
  )
}

const link = (hash: string): string =>
  `([${hash}](https://github.com/gru-native/gru-native/commit/${hash}))`

test('a version has the changes since the one before, those that break something first', () => {
  mkdirSync(path.join(folder, 'lib'), { recursive: true })
  git('init', '--quiet')
  versionIs('0.1.0')
  commit('lib/one', 'Begin')
  expect(sections()).toEqual({ '0.1.0 (not released)': 'The first version.' })

  git('tag', 'v0.1.0')
  const breaks = commit(
    'lib/one',
    'Rename one\n\nBecause of this.\n\nBREAKING CHANGE: `one` is\nnow `two`.\n\nMore.',
  )
  const later = commit('lib/two', 'Add three')
  commit('test', 'Test what is not shipped')
  versionIs('0.2.0')
  const changes = [
    `- **Breaks:** \`one\` is now \`two\`. ${link(breaks)}`,
    `- Add three ${link(later)}`,
  ].join('\n')
  expect(sections()).toEqual({
    '0.2.0 (not released)': changes,
    '0.1.0 (2026-01-02)': 'The first version.',
  })

  git('tag', 'v0.2.0')
  commit('test', 'Test more')
  git('tag', 'v0.10.0')
  versionIs('0.10.0')
  expect(Object.entries(sections())).toEqual([
    ['0.10.0 (2026-01-02)', 'No change to what is shipped.'],
    ['0.2.0 (2026-01-02)', changes],
    ['0.1.0 (2026-01-02)', 'The first version.'],
  ])
})
