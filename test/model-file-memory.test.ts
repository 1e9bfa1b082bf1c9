import { libraryProcess } from './support/library-process'
import { temporaryFolder } from './support/temporary-folder'

const inFolder = temporaryFolder()
const run = libraryProcess(inFolder('library'))
const file = inFolder('large.safetensors')

/**
 * Runs a script that can call `peak()`, the largest memory of its process so far. Returns the number that it prints.
 */
function measured(script: string): number {
  const { status, output } = run(`
    const fs = require('node:fs')
    // Not that of process.resourceUsage, which on Linux counts what the process was before it ran Node.
    const peak = () => 1024 * (fs.existsSync('/proc/self/status')
      ? /VmHWM:\\s+(\\d+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1]
      : process.resourceUsage().maxRSS)
    const file = ${JSON.stringify(file)}
    const main = async () => {${script}}
    void main().then(console.log)`)
  expect([status, output]).toEqual([0, expect.stringMatching(/^[\d.]+\n$/)])
  return Number(output)
}

const makeModel = (size: number): string => `
  const model = new gru.SequenceModel({
    input: { features: ${size} },
    gru: { hiddenSize: ${size} },
    output: { size: 1, loss: 'meanSquaredError' },
  })`
const loadNativePart = `{${makeModel(1)}.dispose()}`

/** What saving and loading may take beside the model or the trainer, in units of the file's size. */
const MOST = 1.2

// In units of the parameters' own memory, 61 MB.
describe('beside a model', () => {
  beforeAll(() => {
    measured(`${makeModel(1600)}
      await model.save(file)
      return 0`)
  })

  test.each(["model.save(file + '-again')", 'model.toBytes()'])('%s takes one copy', (call) => {
    const taken = measured(`${makeModel(1600)}
      model.predictSync(new Float32Array(1600)) // which draws the initial values
      const before = peak()
      const saved = await ${call}
      return (peak() - before) / (4 * model.parameterCount)`)
    expect(taken).toBeLessThan(MOST)
  })

  test.each([
    ['a file', 'file'],
    ['bytes', 'fs.readFileSync(file)'],
    ['bytes at an odd address', 'Buffer.concat([Buffer.of(0), fs.readFileSync(file)]).subarray(1)'],
  ])('%s takes a small part while it is loaded', (_, source) => {
    const taken = measured(`${loadNativePart}
      const source = ${source}
      const before = peak()
      const model = await gru.SequenceModel.load(source)
      return (peak() - before) / (4 * model.parameterCount)`)
    expect(taken - 1).toBeLessThan(MOST - 1)
  })
})

// A file of the parameters, two moments and an average, 96 MB.
test('beside a trainer, saving takes one copy, and loading a small part', () => {
  const saving = measured(`${makeModel(1000)}
    const trainer = new gru.Trainer(model, { optimizer: { kind: 'adam' }, average: { decay: 0.9 } })
    await trainer.step({ input: new Float32Array(1000), target: new Float32Array(1) })
    const before = peak()
    await trainer.save(file)
    return (peak() - before) / (16 * model.parameterCount)`)
  expect(saving).toBeLessThan(MOST)
  const loading = measured(`${loadNativePart}
    const before = peak()
    const trainer = await gru.Trainer.load(file)
    return (peak() - before) / (16 * trainer.model.parameterCount)`)
  expect(loading - 1).toBeLessThan(MOST - 1)
})
