import { existsSync } from 'node:fs'
import { Dataset, Model, Seq2Seq, type Seq2SeqOptions, Trainer } from '../lib'
import { writeSafetensors } from '../lib/formats/safetensors-writer'
import { expectGruError, expectGruRejection } from './support/errors'
import { integers, randomSource, uniform } from './support/numbers'
import { readWhole } from './support/safetensors'
import { temporaryFolder } from './support/temporary-folder'

const random = randomSource(41)
const inFolder = temporaryFolder()

/** Turns sequences of the tokens 2 to 6 round. */
const options: Seq2SeqOptions = {
  source: { tokens: 7, embeddingSize: 8 },
  target: { tokens: 7, embeddingSize: 8, begin: 0, end: 1 },
  encoder: { hiddenSize: 16, bidirectional: true },
  decoder: { hiddenSize: 24 },
  attention: { score: 'scaledDotProduct' },
  seed: 5,
}
const models: Seq2Seq[] = []
function make(changes: Partial<Seq2SeqOptions> = {}): Seq2Seq {
  const model = new Seq2Seq({ ...options, ...changes })
  models.push(model)
  return model
}
afterEach(() => {
  for (const model of models.splice(0)) model.dispose()
})

const words = Array.from({ length: 60 }, (_, i) =>
  integers(random, 1 + (i % 4), 5).map((token) => token + 2),
)
const turned = (word: Int32Array): Int32Array => word.slice().reverse()

/** Some words as one ragged batch of sources. */
function batchOf(some: readonly Int32Array[]) {
  const steps = Math.max(...some.map(({ length }) => length), 1)
  const source = new Int32Array(steps * some.length).fill(-1)
  some.forEach((word, b) => {
    word.forEach((token, t) => (source[t * some.length + b] = token))
  })
  return { source, batch: some.length, lengths: some.map(({ length }) => length) }
}

test('is a model whose layers have names, and its tensors those of the layers', () => {
  const model = make()
  const description = {
    inputs: { source: { tokens: 7 }, target: { tokens: 7 } },
    layers: {
      sourceVector: { type: 'embedding', input: 'source', size: 8 },
      encoder: { type: 'gru', input: 'sourceVector', hiddenSize: 16, bidirectional: true },
      encoded: { type: 'select', input: 'encoder' },
      bridge: { type: 'linear', input: 'encoded', size: 24, activation: 'tanh' },
      targetVector: { type: 'embedding', input: 'target', size: 8 },
      decoder: { type: 'gru', input: 'targetVector', hiddenSize: 24, initialState: 'bridge' },
      attention: { type: 'attention', query: 'decoder', memory: 'encoder' },
      both: { type: 'concat', inputs: ['decoder', 'attention'] },
      combine: { type: 'linear', input: 'both', size: 24, activation: 'tanh' },
      head: { type: 'linear', input: 'combine', size: 7 },
    },
    outputs: { head: { loss: 'crossEntropy' } },
    seed: 5,
  } as const
  using same = new Model(description)
  expect(model.getParameters()).toEqual(same.getParameters())
  expect(model.summary()).toBe(same.summary())
  expect(model.options).toMatchObject({
    bridge: 'tanh',
    encoder: { cell: 'gru', numLayers: 1, bidirectional: true },
  })
  const plain = make({
    attention: undefined,
    bridge: 'none',
    decoder: { cell: 'lstm', hiddenSize: 3, numLayers: 2 },
  })
  expect(Object.keys(plain.getParameters())).not.toContain('combine.weight')
  expect(plain.getParameters()['bridge.bias']).toHaveLength(6)
  expect(plain.getParameters()['decoder.weight_hh_l1']).toHaveLength(4 * 3 * 3)
})

test('learns to turn words round, and translates them, greedily and with beams', async () => {
  const model = make()
  const trainer = new Trainer(model, { optimizer: { kind: 'adam', learningRate: 0.02 } })
  const data = new Dataset(words.map((word) => model.trainingSequence(word, turned(word))))
  let meanLoss = Infinity
  for await (const progress of trainer.fit(data, { epochs: 40, batchSize: 12, seed: 3 })) {
    meanLoss = progress.meanLoss
  }
  expect(meanLoss).toBeLessThan(0.1)
  const some = words.slice(0, 8)
  const { source, ...batch } = batchOf(some)
  const expected = some.map((word) => [...turned(word), 1])
  const greedy = await model.translate(source, batch)
  expect(greedy.map(([one]) => [...one!.tokens])).toEqual(expected)
  expect(model.translateSync(source, batch)).toEqual(greedy)
  const search = {
    ...batch,
    beams: 3,
    best: 2,
    lengthPenalty: { kind: 'gnmt', alpha: 0.6 },
  } as const
  const found = await model.translate(source, search)
  expect(found.map(([one]) => [...one!.tokens])).toEqual(expected)
  for (const [first, second] of found) expect(first!.score).toBeGreaterThan(second!.score)
  for (const [b, word] of some.entries()) {
    const alone = await model.translate(word, { ...search, batch: 1, lengths: undefined })
    expect(alone[0]).toEqual(found[b])
  }
}, 60_000)

test('stops at the limit, also for an empty source', async () => {
  const model = make({ attention: { score: 'additive', size: 4 } })
  // The end is never among the best.
  model.setParameters({ 'head.bias': Float32Array.of(0, -100, 0, 0, 0, 0, 0) })
  const { source, ...batch } = batchOf([words[3]!, new Int32Array(0)])
  const found = await model.translate(source, { ...batch, limit: 3, beams: 2, best: 2 })
  expect(found.map((some) => some.map(({ tokens }) => tokens.length))).toEqual([
    [3, 3],
    [3, 3],
  ])
  expect((await model.translate(source, batch))[1]![0]!.tokens).toHaveLength(100)
})

test('reads values as well as tokens', async () => {
  const model = make({ source: { features: 3 }, encoder: { cell: 'lstm', hiddenSize: 4 } })
  const found = await model.translate(uniform(random, 5 * 2 * 3), { batch: 2, limit: 4 })
  expect(found).toHaveLength(2)
})

describe('batchFirst', () => {
  const layouts = () => [make({ batchFirst: false }), make({ batchFirst: true })] as const
  /** [steps, batch, width] as [batch, steps, width] */
  const swapped = <T extends Int32Array | Float32Array>(values: T, batch: number, width = 1): T => {
    const steps = values.length / batch / width
    return values.map((_, i) => {
      const [row, column] = [Math.floor(i / width), i % width]
      const [sequence, step] = [Math.floor(row / steps), row % steps]
      return values[(step * batch + sequence) * width + column]!
    }) as T
  }
  const some = [words[7]!, words[2]!, new Int32Array(0), words[5]!]
  const search = { beams: 3, best: 2, limit: 9 }

  test('swaps the axes of a source, and nothing else', async () => {
    const { source, ...batch } = batchOf(some)
    const [plain, first] = layouts()
    expect(first.options.batchFirst).toBe(true)
    expect(first.getParameters()).toEqual(plain.getParameters())
    const expected = plain.translateSync(source, { ...batch, ...search })
    const given = swapped(source, some.length)
    expect(given).not.toEqual(source)
    expect(first.translateSync(given, { ...batch, ...search })).toEqual(expected)
    expect(await first.translate(given, { ...batch, ...search })).toEqual(expected)
    // Token 1 of the second source, which has one token: padding.
    const tokens = Int32Array.of(2, 3, 2, 7)
    expect(first.translateSync(tokens, { batch: 2, lengths: [2, 1] })).toHaveLength(2)
    const message = 'source[3]: expected an integer from 0 to 6, got 7'
    expectGruError(() => first.translateSync(tokens, { batch: 2 }), 'ERR_GRU_VALUE', message)
  })

  test('swaps the axes of features', () => {
    const changes = { source: { features: 3 } }
    const values = uniform(random, 4 * 2 * 3)
    const expected = make(changes).translateSync(values, { ...search, batch: 2, lengths: [4, 2] })
    const first = make({ ...changes, batchFirst: true })
    const found = first.translateSync(swapped(values, 2, 3), {
      ...{ ...search, batch: 2, lengths: [4, 2] },
    })
    expect(found).toEqual(expected)
  })

  test('swaps the axes of batches of a training, and trains to the same bits', async () => {
    const sets = layouts().map((model) => {
      const data = new Dataset(words.map((word) => model.trainingSequence(word, turned(word))))
      const trainer = new Trainer(model, { optimizer: { kind: 'adam', learningRate: 0.02 } })
      return { model, data, trainer }
    })
    const [plain, first] = sets as [(typeof sets)[0], (typeof sets)[0]]
    const losses: number[][] = []
    for (const { data, trainer } of sets) {
      const own: number[] = []
      for await (const { loss } of trainer.fit(data, { epochs: 2, batchSize: 16, seed: 3 })) {
        own.push(loss)
      }
      losses.push(own)
    }
    expect(losses[1]).toEqual(losses[0])
    expect(first.model.getParameters()).toEqual(plain.model.getParameters())
    const source = Int32Array.of(2, 5, 3, 0, 4, 0)
    const target = Int32Array.of(0, 0, 4, 5, 3, 0, 2, 0)
    const head = Int32Array.of(4, 5, 3, 1, 2, 0, 1, 0)
    const batch = { batch: 2, lengths: { source: [3, 1], target: [4, 2] } }
    const result = plain.trainer.stepSync({
      ...{ ...batch, inputs: { source, target }, targets: { head } },
    })
    const swappedResult = first.trainer.stepSync({
      ...batch,
      inputs: { source: swapped(source, 2), target: swapped(target, 2) },
      targets: { head: swapped(head, 2) },
    })
    expect(swappedResult).toEqual(result)
  })

  test('is saved, is false in a file without it, and is checked', async () => {
    const [file, old] = [inFolder('first.safetensors'), inFolder('old.safetensors')]
    await make({ batchFirst: true }).save(file)
    using loaded = await Seq2Seq.load(file)
    expect(loaded.options.batchFirst).toBe(true)
    await make().save(old)
    const { tensors, metadata } = await readWhole(old)
    const text = metadata['gru-native']!.replace(/,"batchFirst":false/, '')
    expect(text).not.toBe(metadata['gru-native'])
    await writeSafetensors(old, { tensors, metadata: { ...metadata, 'gru-native': text } })
    using older = await Seq2Seq.load(old)
    expect(older.options.batchFirst).toBe(false)
    const wrong = { batchFirst: 'yes' } as unknown as Partial<Seq2SeqOptions>
    const message = 'batchFirst: expected true or false, got "yes"'
    expectGruError(() => make(wrong), 'ERR_GRU_TYPE', message)
  })
})

test('is saved and loaded', async () => {
  const file = inFolder('turn.safetensors')
  const model = make({ decoder: { cell: 'lstm', hiddenSize: 5, dropout: 0 } })
  await model.save(file, { metadata: { task: 'turn' } })
  expect(existsSync(file)).toBe(true)
  using loaded = await Seq2Seq.load(file)
  expect(loaded.options).toEqual(model.options)
  expect(loaded.getParameters()).toEqual(model.getParameters())
  expect(loaded.metadata).toEqual({ task: 'turn' })
})

test('has attention of the default score where none is named', () => {
  const model = make({ attention: {} })
  expect(model.options.attention).toEqual({ score: 'scaledDotProduct' })
  expect(model.getParameters()).toEqual(make().getParameters())
})

test.each([
  [{ source: { tokens: 0, embeddingSize: 1 } }, /^source\.tokens: expected/],
  [{ target: { ...options.target, end: 7 } }, /^target\.end: expected an integer from 0 to 6/],
  [{ decoder: { hiddenSize: 2, bidirectional: true } }, /^decoder: expected only the keys /],
  [{ encoder: { cell: 'lstm', hiddenSize: 2, resetAfter: true } }, /^encoder: expected only the /],
  [{ encoder: { hiddenSize: 0 } }, /^encoder\.hiddenSize: expected/],
  [{ encoder: { cell: 'rnn', hiddenSize: 2 } }, /^encoder\.cell: expected one of/],
  [{ attention: { score: 'additive' } }, /^attention\.size: expected/],
  [{ bridge: 'relu' }, /^bridge: expected one of/],
])('refuses options that make no sense: %j', (changes, message) => {
  expect(() => make(changes as Partial<Seq2SeqOptions>)).toThrow(message)
})

test.each([
  [{ beams: 0 }, 'ERR_GRU_VALUE', /^beams: /],
  [{ beams: 2, best: 3 }, 'ERR_GRU_VALUE', /^best: expected an integer from 1 to 2/],
  [{ limit: 1.5 }, 'ERR_GRU_VALUE', /^limit: /],
  [{ batch: 2 }, 'ERR_GRU_SHAPE', /^source: /],
  [{ lengths: [9] }, 'ERR_GRU_VALUE', /^lengths\[0\]: /],
  [{ lengthPenalty: { kind: 'mean', alpha: 1 } }, 'ERR_GRU_VALUE', /^lengthPenalty: /],
  [{ lengthPenalty: { kind: 'gnmt' } }, 'ERR_GRU_TYPE', /^lengthPenalty\.alpha: /],
  [{ beam: 2 }, 'ERR_GRU_VALUE', /did you mean beams/],
] as const)('refuses a search that makes no sense: %j', async (given, code, message) => {
  const model = make()
  const search = given as Parameters<Seq2Seq['translateSync']>[1]
  const source = Int32Array.of(2, 3, 4)
  expectGruError(() => model.translateSync(source, search), code, message)
  await expectGruRejection(model.translate(source, search), code, message)
})

test('tokens beyond the vocabulary, NaN and disposed models are refused; a signal ends a search', async () => {
  const model = make()
  const message = 'source[5]: expected an integer from 0 to 6, got 7'
  const search = { batch: 2, limit: 1 }
  const source = Int32Array.of(2, 2, 2, 2, 2, 7)
  await expectGruRejection(model.translate(source, search), 'ERR_GRU_VALUE', message)
  // The token is step 2 of the second source, and past its length.
  expect(model.translateSync(source, { ...search, lengths: [3, 2] })).toHaveLength(2)
  const controller = new AbortController()
  const pending = model.translate(Int32Array.of(2), { limit: 1_000_000, signal: controller.signal })
  expectGruError(() => model.translateSync(Int32Array.of(2)), 'ERR_GRU_BUSY', /model\.translate/)
  controller.abort(new Error('enough'))
  await expect(pending).rejects.toThrow('enough')
  model.setParameters({ 'head.bias': new Float32Array(7).fill(NaN) })
  await expectGruRejection(
    model.translate(Int32Array.of(2)),
    'ERR_GRU_NONFINITE',
    /^predictions: expected finite numbers/,
  )
  model.dispose()
  expectGruError(() => model.translateSync(Int32Array.of(2)), 'ERR_GRU_DISPOSED', /^/)
})

test('takes no assignments', () => {
  const assign = (): void => {
    ;(make() as unknown as Record<string, unknown>)['beams'] = 3
  }
  expectGruError(assign, 'ERR_GRU_VALUE', /^Seq2Seq\.beams: expected no assignment/)
})
