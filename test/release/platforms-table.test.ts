import * as fs from 'node:fs'
import { evaluate } from '../support/release-script'
import { temporaryFolder } from '../support/temporary-folder'

const page = temporaryFolder()('page.md')

const RUN = { date: '2026-02-03', machine: 'a machine', command: 'npm run release -- --dry-run' }

const row = (name: string, passed: number): object => ({
  name,
  ...{ bytes: 2_345_678, needs: 'GLIBC 2.17', ran: 'Node 20', passed },
})

function writeRows(rows: readonly object[], run = RUN): string {
  const args = [page, rows, run].map((value) => JSON.stringify(value)).join(', ')
  evaluate('platforms-table.mjs', `await it.writeRows(${args})`)
  return fs.readFileSync(page, 'utf8')
}

/** The cells of each line of the table, without the line under the titles. */
const cells = (text: string): string[][] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.includes('---'))
    .map((line) => line.slice(1, -1).split('|'))
    .map((found) => found.map((cell) => cell.trim()))

const TITLES = ['platform', 'package', 'date', 'MB', 'needs', 'what ran', 'tests passed']

test('the rows of a release replace those of its platforms, and others stay', () => {
  const before = '# A page\n\nBefore.\n\n'
  const behind = '\n\nAfter.\n\n| a   | b   |\n| --- | --- |\n| c   | d   |\n'
  const region = '<!-- #region release -->\n\n<!-- #endregion release -->'
  fs.writeFileSync(page, before + region + behind)
  const first = writeRows([row('win32-x64', 0), row('linux-arm64', 17)])
  const arm64 = ['Linux arm64, glibc 2.28 or later', '`linux-arm64`', '2026-02-03', '2.3']
  const windows = ['Windows x86-64', '`win32-x64`', '2026-02-03', '2.3', 'GLIBC 2.17', 'Node 20']
  const after = [
    ['a', 'b'],
    ['c', 'd'],
  ]
  expect(cells(first)).toEqual([
    TITLES,
    [...arm64, 'GLIBC 2.17', 'Node 20', '17'],
    [...windows, 'none'],
    ...after,
  ])
  expect(first).toContain('`npm run release -- --dry-run`, on 2026-02-03: a machine.')
  expect(first.startsWith(before)).toBe(true)
  expect(first.endsWith(behind)).toBe(true)

  const command = `${RUN.command} --only win32-x64`
  const second = writeRows([row('win32-x64', 5)], { ...RUN, date: '2026-04-05', command })
  expect(cells(second)).toEqual([
    TITLES,
    [...arm64, 'GLIBC 2.17', 'Node 20', '17'],
    [...windows.slice(0, 2), '2026-04-05', ...windows.slice(3), '5'],
    ...after,
  ])
  expect(second).toContain('--only win32-x64`, on 2026-04-05: a machine.')
})

test('a page without the place of the table is refused', () => {
  const call = "it.withRows('# A page', [], {})"
  const message = `(() => { try { ${call} } catch (error) { return error.message } })()`
  expect(evaluate('platforms-table.mjs', message)).toMatch(/^expected <!-- #region release -->/)
})
