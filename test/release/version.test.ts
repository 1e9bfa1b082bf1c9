import { execFileSync, spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import * as path from 'node:path'
import { temporaryFolder } from '../support/temporary-folder'

const folder = temporaryFolder()('project')
const SCRIPT = path.join(__dirname, '..', '..', 'scripts', 'release', 'version.mjs')

const author = { name: 'a', email: 'a@example.org' }
const env = {
  ...process.env,
  ...{ GIT_AUTHOR_NAME: author.name, GIT_AUTHOR_EMAIL: author.email },
  ...{ GIT_COMMITTER_NAME: author.name, GIT_COMMITTER_EMAIL: author.email },
}

const git = (...args: string[]): string =>
  execFileSync('git', args, { cwd: folder, encoding: 'utf8', env }).trim()

/** The last line of what a call prints, or the message of its error. */
function call(expression: string): string {
  const program = `import * as it from ${JSON.stringify(SCRIPT)}
    const folder = ${JSON.stringify(folder)}
    try { console.log(${expression}) } catch (error) { console.log(error.message) }`
  const args = ['--input-type=module', '-e', program]
  return spawnSync(process.execPath, args, { encoding: 'utf8', env }).stdout.trim()
}

const read = (name: string): string => fs.readFileSync(path.join(folder, name), 'utf8')
const versions = (): unknown[] =>
  ['package.json', 'package-lock.json'].map(
    (name) => (JSON.parse(read(name)) as { version: string }).version,
  )

test('a release sets the version, dates the changes, and can be taken back or committed', () => {
  for (const name of ['lib', 'docs']) fs.mkdirSync(path.join(folder, name), { recursive: true })
  const manifest = { name: 'of-a-test', version: '0.1.0' }
  const files = {
    'package.json': manifest,
    'package-lock.json': { ...manifest, lockfileVersion: 3, packages: { '': manifest } },
    'CHANGELOG.md': '',
    'lib/one': '',
    'docs/platforms.md': '',
  }
  for (const [name, content] of Object.entries(files)) {
    fs.writeFileSync(path.join(folder, name), JSON.stringify(content))
  }
  git('init', '--quiet')
  git('add', '--all')
  git('commit', '--quiet', '--message', 'Begin')

  expect(call(`it.setVersion(folder, undefined, '2026-01-02')`)).toBe('0.1.0')
  expect(read('CHANGELOG.md')).toContain('## 0.1.0 (2026-01-02)\n')
  expect(call('it.requireCommitted(folder)')).toContain(
    'expected a checkout where all is committed',
  )
  call('it.commitVersion(folder)')
  expect(git('describe', '--tags', '--exact-match')).toBe('v0.1.0')
  expect(call('it.requireCommitted(folder)')).toBe('undefined')

  expect(call(`it.setVersion(folder, undefined, '2026-01-03')`)).toContain('has the tag v0.1.0')
  expect(call(`it.setVersion(folder, 'minor', '2026-01-03')`)).toBe('0.2.0')
  expect(versions()).toEqual(['0.2.0', '0.2.0'])
  expect(read('CHANGELOG.md')).toContain('## 0.2.0 (2026-01-03)\n')
  fs.writeFileSync(path.join(folder, 'docs/platforms.md'), 'a new table')
  call('it.resetVersion(folder)')
  expect(git('status', '--porcelain')).toBe('M docs/platforms.md')
  call('it.takeBackRelease(folder)')
  expect(versions()).toEqual(['0.1.0', '0.1.0'])
  expect(git('status', '--porcelain')).toBe('')
})
