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

/** What the first block of a guide prints. */
function outputOf(guide: string): string {
  const folder = temporary(guide)
  mkdirSync(path.join(folder, 'node_modules'), { recursive: true })
  symlinkSync(root, path.join(folder, 'node_modules', 'gru-native'))
  writeFileSync(path.join(folder, 'example.mjs'), blocksOf(guide)[0]!)
  return execFileSync(process.execPath, ['example.mjs'], { cwd: folder, encoding: 'utf8' })
}

/** The losses of its lines that begin so. */
function lossesOf(output: string, step: string): number[] {
  const lines = output.matchAll(new RegExp(`^${step} \\d+: loss ([\\d.]+)`, 'gm'))
  return [...lines].map(([, loss]) => Number(loss))
}

test('the example of docs/model.md trains, saves and loads, and prints the table that the guide shows', () => {
  const output = outputOf('model.md')
  const [, table] = blocksOf('model.md')
  expect(output.startsWith(table!)).toBe(true)
  const losses = lossesOf(output, 'epoch')
  expect(losses).toHaveLength(10)
  expect(losses[9]).toBeLessThan(losses[0]!)
  expect(output.trimEnd().split('\n').slice(-2)).toEqual([
    '3 logits of the week, 7 days of two values',
    '1385 parameters',
  ])
})

test('the example of docs/own-losses.md makes its loss small', () => {
  const losses = lossesOf(outputOf('own-losses.md'), 'update')
  expect(losses).toHaveLength(3)
  expect(losses[2]).toBeLessThan(losses[0]! / 2)
})
