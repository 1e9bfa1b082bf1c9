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

test('the example of docs/model.md trains, saves and loads, and prints the table that the guide shows', () => {
  const [example, table] = blocksOf('model.md')
  const folder = temporary('guide')
  mkdirSync(path.join(folder, 'node_modules'), { recursive: true })
  symlinkSync(root, path.join(folder, 'node_modules', 'gru-native'))
  writeFileSync(path.join(folder, 'example.mjs'), example!)
  const output = execFileSync(process.execPath, ['example.mjs'], { cwd: folder, encoding: 'utf8' })
  expect(output.startsWith(table!)).toBe(true)
  const losses = [...output.matchAll(/^epoch \d+: loss ([\d.]+)$/gm)].map(([, loss]) =>
    Number(loss),
  )
  expect(losses).toHaveLength(10)
  expect(losses[9]).toBeLessThan(losses[0]!)
  expect(output.trimEnd().split('\n').slice(-2)).toEqual([
    '3 logits of the week, 7 days of two values',
    '1385 parameters',
  ])
})

test('the example of labels in docs/model.md tells the sequence that has too few steps', () => {
  const example = blocksOf('model.md').find((block) => block.includes("'ctc'"))!
  const folder = temporary('labels')
  mkdirSync(path.join(folder, 'node_modules'), { recursive: true })
  symlinkSync(root, path.join(folder, 'node_modules', 'gru-native'))
  const imports = "import { Model, Trainer } from 'gru-native'\n"
  writeFileSync(path.join(folder, 'example.mjs'), imports + example)
  const output = execFileSync(process.execPath, ['example.mjs'], { cwd: folder, encoding: 'utf8' })
  expect(output).toMatch(/^\d+\.\d+ \[ 1 \]\n$/)
})
