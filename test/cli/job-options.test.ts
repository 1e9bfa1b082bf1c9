import { readFileSync } from 'node:fs'
import * as path from 'node:path'
import { JOB_OPTIONS, OUTPUT_OPTIONS, RUN_OPTIONS, TABLE_OPTIONS } from '../../lib/cli/job-options'
import { flagOf } from '../../lib/cli/option'
import { gru } from './harness'

const ROOT = path.join(__dirname, '..', '..')

test('the table of keys in examples/README.md has every key of a job, and no other', () => {
  const text = readFileSync(path.join(ROOT, 'examples', 'README.md'), 'utf8')
  const rows = text.split('\n').filter((line) => line.startsWith('| `'))
  const named = rows.flatMap((row) => row.split('|')[1]!.match(/[^`\s,]+/g)!)
  expect([...named].sort()).toEqual(['table', ...Object.keys(JOB_OPTIONS)].sort())
})

test.each([
  ['train', { ...JOB_OPTIONS, ...RUN_OPTIONS }],
  ['forecast', OUTPUT_OPTIONS],
  ['inspect', TABLE_OPTIONS],
])('the help of %s has every option, once', async (command, options) => {
  const { stdout } = await gru(command, '--help')
  const written = stdout.match(/^ {2}--[a-z-]+/gm)!.map((line) => line.trim())
  expect(new Set(written).size).toBe(written.length)
  expect(written).toEqual(
    expect.arrayContaining(Object.keys(options).map((key) => `--${flagOf(key)}`)),
  )
})
