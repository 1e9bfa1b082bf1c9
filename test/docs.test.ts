/**
 * Runs the examples of the guides as their readers do, against the built package.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, symlinkSync, mkdirSync, writeFileSync } from 'node:fs'
import * as path from 'node:path'
import { temporaryFolder } from './support/temporary-folder'

const root = path.join(__dirname, '..')
const temporary = temporaryFolder()

/** The blocks of code in a guide. */
function blocksOf(guide: string): string[] {
  const text = readFileSync(path.join(root, 'docs', guide), 'utf8')
  return [...text.matchAll(/^```\w*\n([^]*?)^```$/gm)].map(([, block]) => block!)
}

/** The blocks that are programs. */
const programsOf = (guide: string): string[] =>
  blocksOf(guide).filter((block) => block.startsWith('import '))

/** What a program prints, in a folder of its own. */
function run(program: string, name: string): string {
  const folder = temporary(name)
  mkdirSync(path.join(folder, 'node_modules'), { recursive: true })
  symlinkSync(root, path.join(folder, 'node_modules', 'gru-native'))
  writeFileSync(path.join(folder, 'example.mjs'), program)
  return execFileSync(process.execPath, ['example.mjs'], { cwd: folder, encoding: 'utf8' })
}

/** The losses that it prints, one an epoch. */
const lossesIn = (output: string): number[] =>
  [...output.matchAll(/^epoch \d+: loss ([\d.]+)$/gm)].map(([, loss]) => Number(loss))

test('the example of docs/model.md trains, saves and loads, and prints the table that the guide shows', () => {
  const [, table] = blocksOf('model.md')
  const output = run(programsOf('model.md')[0]!, 'guide')
  expect(output.startsWith(table!)).toBe(true)
  const losses = lossesIn(output)
  expect(losses).toHaveLength(10)
  expect(losses[9]).toBeLessThan(losses[0]!)
  expect(output.trimEnd().split('\n').slice(-2)).toEqual([
    '3 logits of the week, 7 days of two values',
    '1385 parameters',
  ])
})

test('the encoder and decoder of docs/model.md learn their task', () => {
  const output = run(programsOf('model.md')[1]!, 'translation')
  const losses = lossesIn(output)
  expect(losses).toHaveLength(10)
  expect(losses[9]).toBeLessThan(losses[0]! / 10)
  expect(output.trimEnd().split('\n').at(-1)).toBe('5 1 4 1 3')
})
