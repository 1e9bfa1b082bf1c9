/**
 * Runs the examples of the guides as their readers do, against the built package.
 */
import { execFileSync, spawnSync } from 'node:child_process'
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

/** A folder with a script in which the package is installed. */
function folderWith(name: string, script: string): string {
  const folder = temporary(name)
  mkdirSync(path.join(folder, 'node_modules'), { recursive: true })
  symlinkSync(root, path.join(folder, 'node_modules', 'gru-native'))
  writeFileSync(path.join(folder, 'example.mjs'), script)
  return folder
}

function outputIn(folder: string): string {
  return execFileSync(process.execPath, ['example.mjs'], { cwd: folder, encoding: 'utf8' })
}

/** What the first block of a guide prints. */
function outputOf(guide: string): string {
  return outputIn(folderWith(guide, blocksOf(guide)[0]!))
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

test('the example of docs/training.md stops early, and writes the table whose head the guide shows', () => {
  const output = outputOf('training.md')
  const losses = lossesOf(output, 'epoch')
  // What is left is the second letter, which nothing tells: log 5 of 6 letters, or about a sixth of the first loss.
  expect(losses.at(-1)).toBeLessThan(losses[0]! / 4)
  expect(losses.length).toBeLessThan(40)
  const [, head] = blocksOf('training.md')
  const [told, shown] = output.trimEnd().split('\n').slice(-2)
  expect(told).toMatch(/^no better after epoch \d+$/)
  expect(`${shown!}\n`).toBe(head)
})

test('the script of docs/training.md that goes on after it was killed comes to the same bits', () => {
  const script = blocksOf('training.md').find((block) => block.includes('Trainer.latest'))!
  const whole = folderWith('whole', script)
  const expected = outputIn(whole)
  expect(lossesOf(expected, 'epoch')).toHaveLength(20)
  const loop = /for await .* of training\) \{\n/
  const dying = script.replace(loop, "$&if (epoch === 8) process.kill(process.pid, 'SIGKILL')\n")
  const killed = folderWith('killed', dying)
  expect(spawnSync(process.execPath, ['example.mjs'], { cwd: killed }).signal).toBe('SIGKILL')
  writeFileSync(path.join(killed, 'example.mjs'), script)
  const rest = outputIn(killed)
  expect(rest).toMatch(/^epoch [78]:/)
  expect(expected.endsWith(rest)).toBe(true)
  const [one, other] = [whole, killed].map((folder) =>
    readFileSync(path.join(folder, 'sums.safetensors')),
  )
  expect(other).toEqual(one)
  expect(outputIn(killed)).toBe('')
})
