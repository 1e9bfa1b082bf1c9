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
    const peak = () => process.resourceUsage().maxRSS * 1024
    const file = ${JSON.stringify(file)}
    const main = async () => {${script}}
    void main().then(console.log)`)
  expect([status, output]).toEqual([0, expect.stringMatching(/^[\d.]+\n$/)])
  return Number(output)
}

// In units of the parameters' own memory, 61 MB.
test('saving keeps one copy of the parameters, and loading one beside the model', () => {
  const saving = measured(`
    const model = new gru.SequenceModel({
      input: { features: 1600 },
      gru: { hiddenSize: 1600 },
      output: { size: 1, loss: 'meanSquaredError' },
    })
    model.predictSync(new Float32Array(1600)) // which draws the initial values
    const before = peak()
    await model.save(file)
    return (peak() - before) / (4 * model.parameterCount)`)
  expect(saving).toBeLessThan(1.5)

  const loading = measured(`
    new gru.SequenceModel({
      input: { features: 1 },
      gru: { hiddenSize: 1 },
      output: { size: 1, loss: 'meanSquaredError' },
    }).dispose() // which loads the native part
    const before = peak()
    const model = await gru.SequenceModel.load(file)
    return (peak() - before) / (4 * model.parameterCount)`)
  expect(loading).toBeLessThan(2.5)
})
