import * as path from 'node:path'
import { type LengthPenalty, Seq2Seq, setThreads, type Translation } from '../lib'
import { requireChosenEngine } from './support/engine-choice'
import { readWhole } from './support/safetensors'

requireChosenEngine()

/** On log probabilities, sums over up to 16 tokens. */
const SCORES = 2e-5

interface Expected {
  readonly tokens: number[]
  readonly logProbability: number
  readonly score: number
}

interface Case {
  readonly batch: number
  readonly greedyLimit: number
  readonly lengths: { readonly source: number[] }
  readonly greedy: Expected[]
  readonly beam: readonly {
    readonly beamSize: number
    readonly limit: number
    readonly lengthPenalty: LengthPenalty
    readonly results: Expected[][]
  }[]
}

async function readTranslator() {
  const file = path.join(__dirname, 'golden-graph', 'decode_additive.safetensors')
  const { metadata, tensors } = await readWhole(file)
  const model = new Seq2Seq({
    source: { tokens: 10, embeddingSize: 8 },
    target: { tokens: 10, embeddingSize: 8, begin: 0, end: 1 },
    encoder: { hiddenSize: 12, bidirectional: true },
    decoder: { hiddenSize: 16 },
    attention: { score: 'additive', size: 12 },
  })
  const parameters = Object.keys(model.getParameters())
  model.setParameters(
    Object.fromEntries(parameters.map((name) => [name, tensors.get(name)!.data as Float32Array])),
  )
  expect([...tensors.keys()].sort()).toEqual([...parameters, 'input.source'].sort())
  const source = Int32Array.from(tensors.get('input.source')!.data as Float32Array)
  return { golden: JSON.parse(metadata['case']!) as Case, model, source }
}

function expectFound(found: readonly Translation[], expected: readonly Expected[]): void {
  expect(found.map(({ tokens }) => [...tokens])).toEqual(expected.map(({ tokens }) => tokens))
  for (const [index, { logProbability, score }] of expected.entries()) {
    expect(Math.abs(found[index]!.logProbability - logProbability)).toBeLessThan(SCORES)
    expect(Math.abs(found[index]!.score - score)).toBeLessThan(SCORES)
  }
}

test('greedy translations are those of the golden case', async () => {
  const { golden, model, source } = await readTranslator()
  const { batch, lengths, greedyLimit: limit, greedy } = golden
  const found = await model.translate(source, { batch, lengths: lengths.source, limit })
  expect(found).toHaveLength(batch)
  for (const [b, expected] of greedy.entries()) expectFound(found[b]!, [expected])
  model.dispose()
})

test('beams find the sequences and scores of the golden case, with any number of threads', async () => {
  const { golden, model, source } = await readTranslator()
  const { batch, lengths, beam } = golden
  expect(beam.length).toBeGreaterThan(1)
  for (const { beamSize: beams, limit, lengthPenalty, results } of beam) {
    const options = {
      ...{ batch, lengths: lengths.source, beams, limit, lengthPenalty },
      best: Math.max(...results.map(({ length }) => length)),
    }
    const found = []
    for (const threads of [1, 2, 3]) {
      setThreads(threads)
      found.push(model.translateSync(source, options))
    }
    for (const [b, expected] of results.entries()) expectFound(found[0]![b]!, expected)
    expect(found[1]).toEqual(found[0])
    expect(found[2]).toEqual(found[0])
  }
  model.dispose()
})
