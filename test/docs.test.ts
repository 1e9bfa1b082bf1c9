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

/** The blocks that are programs. */
const programsOf = (guide: string): string[] =>
  blocksOf(guide).filter((block) => block.startsWith('import '))

/** A folder with a program, in which the package is installed. */
function folderWith(name: string, program: string): string {
  const folder = temporary(name)
  mkdirSync(path.join(folder, 'node_modules'), { recursive: true })
  symlinkSync(root, path.join(folder, 'node_modules', 'gru-native'))
  writeFileSync(path.join(folder, 'example.mjs'), program)
  return folder
}

/** What the program of a folder prints. */
function outputIn(folder: string): string {
  return execFileSync(process.execPath, ['example.mjs'], { cwd: folder, encoding: 'utf8' })
}

/** What a program prints, in a folder of its own. */
const run = (program: string, name: string): string => outputIn(folderWith(name, program))

/** What the first program of a guide prints. */
const outputOf = (guide: string): string => run(programsOf(guide)[0]!, guide)

/** The losses of the lines that begin with `step` and a number. */
function lossesIn(output: string, step = 'epoch'): number[] {
  const lines = output.matchAll(new RegExp(`^${step} \\d+: loss ([\\d.]+)`, 'gm'))
  return [...lines].map(([, loss]) => Number(loss))
}

/** The lines that tell translations of a source: the source's number and the tokens. */
function translationsIn(output: string): { source: string; tokens: string }[] {
  const lines = output.matchAll(
    /^source (\d+): ([\d ]+), log probability -\d+\.\d+, score -\d+\.\d+$/gm,
  )
  return [...lines].map(([, source, tokens]) => ({ source: source!, tokens: tokens! }))
}

test('the example of docs/model.md trains, saves and loads, and prints the table that the guide shows', () => {
  const [, table] = blocksOf('model.md')
  const output = outputOf('model.md')
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

test('the example of labels in docs/model.md tells the sequence that has too few steps', () => {
  const example = blocksOf('model.md').find((block) => block.includes("'ctc'"))!
  const imports = "import { Model, Trainer } from 'gru-native'\n"
  const output = run(imports + example, 'labels')
  expect(output).toMatch(/^\d+\.\d+ \[ 1 \]\n$/)
})

test('the example of docs/own-losses.md makes its loss small', () => {
  const losses = lossesIn(outputOf('own-losses.md'), 'update')
  expect(losses).toHaveLength(3)
  expect(losses[2]).toBeLessThan(losses[0]! / 2)
})

test('the example of docs/forecasting.md beats every baseline, and forecasts from a file', () => {
  expect(outputOf('forecasting.md')).toBe('true\ntrue\n2026-07-20 true\n')
})

test('the example of docs/training.md stops early, and writes the table whose head the guide shows', () => {
  const output = outputOf('training.md')
  const losses = lossesIn(output)
  // What is left is the second letter, which nothing tells: log 5 of 6 letters, or about a sixth of the first loss.
  expect(losses.at(-1)).toBeLessThan(losses[0]! / 4)
  expect(losses.length).toBeLessThan(40)
  const [, head] = blocksOf('training.md')
  const [told, shown] = output.trimEnd().split('\n').slice(-2)
  expect(told).toMatch(/^no better after epoch \d+$/)
  expect(`${shown!}\n`).toBe(head)
})

test('the example of Seq2Seq in docs/model.md learns, and finds the translations that the guide shows', () => {
  const output = run(programsOf('model.md')[3]!, 'seq2seq')
  const losses = lossesIn(output)
  expect(losses).toHaveLength(3)
  expect(losses[2]).toBeLessThan(losses[0]! / 10)
  const found = translationsIn(output)
  expect(found.map(({ source }) => source)).toEqual(['0', '0', '1', '1'])
  const shown = translationsIn(blocksOf('model.md').find((block) => block.startsWith('source 0:'))!)
  const best = [shown[0], shown[2]]
  expect([found[0], found[2]]).toEqual(best)
  expect(best.map((translation) => translation!.tokens)).toEqual(['8 5 2 1', '6 3 1'])
})

test('the example of parameters and files in docs/model.md has the new bias in the later prediction', () => {
  const [made, difference] = run(programsOf('model.md')[2]!, 'files').trim().split(' ')
  expect(made).toBe('today')
  // The initial bias is between -1/4 and 1/4.
  expect(Number(difference)).toBeGreaterThan(0.75)
  expect(Number(difference)).toBeLessThan(1.25)
})

test('the example of states in docs/model.md runs', () => {
  expect(run(programsOf('model.md')[4]!, 'states')).toBe('')
})

test('the example of docs/serving.md streams, forks and moves its state', () => {
  expect(outputOf('serving.md')).toBe('1\ntrue\n3\ntrue\n')
})

test('the script of docs/training.md that goes on after it was killed comes to the same bits', () => {
  const script = programsOf('training.md').find((block) => block.includes('Trainer.latest'))!
  const whole = folderWith('whole', script)
  const expected = outputIn(whole)
  expect(lossesIn(expected)).toHaveLength(20)
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

test('the example of batching in docs/serving.md makes two batches, with the bits of a call alone', () => {
  const program = programsOf('serving.md').find((block) => block.includes('subscribe'))!
  const output = run(program, 'batching')
  expect(output).toBe('predict 3\nstep 2\ntrue\n')
})

test('the example of memory in docs/serving.md tells the bytes that it says', () => {
  const program = programsOf('serving.md').find((block) => block.includes('.memory()'))!
  expect(run(program, 'memory')).toBe('true true\ntrue\n0\n')
})
