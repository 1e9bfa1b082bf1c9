import { libraryProcess } from './support/library-process'
import { temporaryFolder } from './support/temporary-folder'

const inFolder = temporaryFolder()
const run = libraryProcess(inFolder('lib'))

const PRELUDE = `
  process.on('warning', ({ name, code, message }) => console.log(JSON.stringify([name, code, message])))
  const model = (changes) => new gru.SequenceModel({
    input: { features: 1 }, gru: { hiddenSize: 2, ...changes }, output: { size: 1, loss: 'meanSquaredError' } })
  const file = ${JSON.stringify(inFolder('model.safetensors'))}
`

/** The warnings of a script that runs in its own process. */
function warnings(script: string): unknown[] {
  const { status, output } = run(PRELUDE + script, { NODE_NO_WARNINGS: '1' })
  expect(status).toBe(0)
  return output
    .split('\n')
    .filter((line) => line.startsWith('['))
    .map((line) => JSON.parse(line) as unknown)
}

const warning = (argument: string, dropout: number): unknown[] => [
  'GruWarning',
  'GRU_WARN_DROPOUT',
  `${argument}: expected numLayers of at least 2, since it acts between two layers, got ${dropout} with one layer; it does nothing`,
]

describe('a dropout with one layer', () => {
  test('is warned of by GRU, once', () => {
    const make = 'new gru.GRU({ inputSize: 1, hiddenSize: 2, dropout: 0.5 });'
    expect(warnings(make + make)).toEqual([warning('dropout', 0.5)])
  })

  test('is warned of by SequenceModel, once in the process', () => {
    const script = `model({ dropout: 0.25 }); model({ dropout: 0.5 });
      new gru.GRU({ inputSize: 1, hiddenSize: 2, dropout: 0.5 })`
    expect(warnings(script)).toEqual([warning('gru.dropout', 0.25)])
  })

  test.each(['gru', 'lstm'])('is warned of by a layer of a Model: %s', (type) => {
    const script = `new gru.Model({ inputs: { x: { features: 1 } }, outputs: { memory: { loss: 'meanSquaredError' } },
      layers: { memory: { type: '${type}', input: 'x', hiddenSize: 2, dropout: 0.5 } } })`
    expect(warnings(script)).toEqual([warning('layers.memory.dropout', 0.5)])
  })

  test.each(['encoder', 'decoder'])('is warned of by a Seq2Seq: %s', (name) => {
    const stacks = { encoder: { hiddenSize: 2 }, decoder: { hiddenSize: 2 } }
    const options = {
      source: { features: 1 },
      target: { tokens: 3, embeddingSize: 1, begin: 0, end: 1 },
      ...{ ...stacks, [name]: { hiddenSize: 2, dropout: 0.5 } },
    }
    const make = `const translator = new gru.Seq2Seq(${JSON.stringify(options)});`
    expect(warnings(make)).toEqual([warning(`${name}.dropout`, 0.5)])
    expect(warnings(`${make} translator.save(file)`)).toHaveLength(1)
    expect(warnings(`gru.Seq2Seq.load(file)`)).toEqual([])
  })

  test('is not warned of where a model is loaded: who made it was', () => {
    const save = `model({ dropout: 0.25 }).save(file)`
    expect(warnings(save)).toEqual([warning('gru.dropout', 0.25)])
    const load = `gru.SequenceModel.load(file).then(({ options }) => console.log(options.gru.dropout))`
    const { output } = run(PRELUDE + load)
    expect(output).toBe('0.25\n')
  })
})

test('nothing is warned of where dropout acts, or is off', () => {
  const script = `model({ dropout: 0.5, numLayers: 2 }); model({ dropout: 0 }); model({});
    new gru.GRU({ inputSize: 1, hiddenSize: 2, numLayers: 3, dropout: 0.5 })`
  expect(warnings(script)).toEqual([])
})

test('options that are refused are not warned of', () => {
  const script = `try { new gru.GRU({ inputSize: 1, hiddenSize: 2, dropout: 0.5, device: 'tpu' }) } catch {}`
  expect(warnings(script)).toEqual([])
})
