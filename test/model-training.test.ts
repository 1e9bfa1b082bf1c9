import {
  Dataset,
  type GruErrorCode,
  type ModelOptions,
  type ModelTrainingBatch,
  type ModelTrainingSequence,
  SequenceModel,
  type SequenceModelOptions,
  Trainer,
} from '../lib'
import { expectGruError, expectGruRejection } from './support/errors'
import { batch, inputs, makeModel, targets, twoSided } from './support/models'
import { bitsOf, integers, randomSource, uniform } from './support/numbers'
import { collect, withoutTimes } from './support/trainer'

const random = randomSource(31)
const adam = { optimizer: { kind: 'adam', learningRate: 0.02 } } as const

/** A SequenceModel's options, and the same chain as a description with the names of a SequenceModel. */
const chains: [SequenceModelOptions, ModelOptions][] = [
  [
    {
      input: { tokens: 6, embeddingSize: 3 },
      gru: { hiddenSize: 5, numLayers: 2, dropout: 0.3, bidirectional: true },
      output: { size: 4, loss: 'crossEntropy', every: 'last' },
      seed: 9,
    },
    {
      inputs: { input: { tokens: 6 } },
      layers: {
        head: { type: 'linear', input: 'last', size: 4 },
        embedding: { type: 'embedding', input: 'input', size: 3 },
        gru: {
          ...{ type: 'gru', input: 'embedding', hiddenSize: 5, numLayers: 2 },
          ...{ dropout: 0.3, bidirectional: true },
        },
        last: { type: 'select', input: 'gru', step: 'last' },
      },
      outputs: { head: { loss: 'crossEntropy' } },
      seed: 9,
    },
  ],
  [
    {
      input: { features: 3 },
      gru: { hiddenSize: 5, resetAfter: false, updateGate: 'replace', batchFirst: true },
      output: { size: 2, loss: 'meanSquaredError' },
      seed: 10,
    },
    {
      inputs: { input: { features: 3 } },
      layers: {
        gru: {
          ...{ type: 'gru', input: 'input', hiddenSize: 5 },
          ...{ resetAfter: false, updateGate: 'replace' },
        },
        head: { type: 'linear', input: 'gru', size: 2 },
      },
      outputs: { head: { loss: 'meanSquaredError' } },
      batchFirst: true,
      seed: 10,
    },
  ],
]

describe.each(chains)('a chain %#', (sequenceOptions, modelOptions) => {
  const isTokens = 'tokens' in sequenceOptions.input
  const { size, loss, every } = sequenceOptions.output
  const sequences = [3, 1, 4, 2, 4].map((steps) => ({
    input: isTokens ? integers(random, steps, 6) : uniform(random, steps * 3),
    target:
      loss === 'crossEntropy'
        ? integers(random, every === 'last' ? 1 : steps, size)
        : uniform(random, steps * size),
  }))
  const named = sequences.map(({ input, target }) => ({
    inputs: { input },
    targets: { head: target },
  }))

  test('has the initial values, predictions and training of a SequenceModel, to the bit', async () => {
    using sequenceModel = new SequenceModel(sequenceOptions)
    const model = makeModel(modelOptions)
    const bits = (of: SequenceModel | typeof model): (readonly [string, string])[] =>
      Object.entries(of.getParameters()).map(([name, values]) => [name, bitsOf(values)])
    expect(bits(model)).toEqual(bits(sequenceModel))
    const { input, target } = sequences[0]!
    const predicted = sequenceModel.predictSync(input)
    expect(model.predictSync({ input })['head']).toEqual(predicted)

    const trainers = [new Trainer(sequenceModel, adam), new Trainer(model, adam)] as const
    const step = { input, target }
    expect(trainers[1].stepSync({ inputs: { input }, targets: { head: target } })).toEqual(
      trainers[0].stepSync(step),
    )
    expect(await trainers[1].step({ inputs: { input }, targets: { head: target } })).toEqual(
      await trainers[0].step(step),
    )
    const fitOptions = { epochs: 3, batchSize: 2 }
    const expected = await collect(
      trainers[0].fit(new Dataset(sequences), {
        ...fitOptions,
        validation: new Dataset(sequences.slice(0, 2)),
      }),
    )
    const got = await collect(
      trainers[1].fit(new Dataset(named), {
        ...fitOptions,
        validation: new Dataset(named.slice(0, 2)),
      }),
    )
    expect(withoutTimes(got)).toEqual(withoutTimes(expected))
    expect(got.at(-1)!.loss).not.toBe(got[0]!.loss)
    expect(bits(model)).toEqual(bits(sequenceModel))
  })
})

describe('two inputs and two outputs', () => {
  test('the loss is the sum of the losses, and falls', async () => {
    const model = makeModel()
    const trainer = new Trainer(model, adam)
    const predicted = model.predictSync(inputs, { batch: 3, lengths: batch.lengths })
    // The mean of minus log softmax, and of the squares over the ten valid rows.
    const crossEntropy = [0, 1, 2].map((row) => {
      const logits = [...predicted['season']!.subarray(3 * row, 3 * row + 3)]
      const sum = logits.reduce((total, logit) => total + Math.exp(logit), 0)
      return Math.log(sum) - logits[targets.season[row]!]!
    })
    const squares = [...targets.level].map((value, i) => {
      const row = Math.floor(i / 2)
      const isValid = Math.floor(row / 3) < batch.lengths.kind[row % 3]!
      return isValid ? (value - predicted['level']![i]!) ** 2 : 0
    })
    const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0)
    const expected = sum(crossEntropy) / 3 + sum(squares) / 20
    expect((await trainer.evaluate(batch)).loss).toBeCloseTo(expected, 5)
    const losses = Array.from({ length: 60 }, () => trainer.stepSync(batch).loss)
    expect(losses[0]).toBeCloseTo(expected, 5)
    expect(losses.at(-1)).toBeLessThan(expected / 2)
    expect(trainer.model).toBe(model)
  })

  test('a Dataset has sequences with lengths of their own in each input', async () => {
    const sequence = (weather: number, kind: number): ModelTrainingSequence => ({
      inputs: { weather: uniform(random, 2 * weather), kind: integers(random, kind, 5) },
      targets: { season: integers(random, 1, 3), level: uniform(random, 2 * kind) },
    })
    const sequences = [sequence(3, 2), sequence(1, 5), sequence(2, 1)]
    const [model, twin] = [makeModel(), makeModel()]
    const data = new Dataset(sequences)
    const [progress] = await collect(
      new Trainer(model, adam).fit(data, { epochs: 1, batchSize: 3, shuffle: false }),
    )
    // The same batch made by hand: time first, padded with zeros.
    const pad = (name: 'weather' | 'kind', steps: number, width: number): number[] =>
      Array.from({ length: steps * 3 * width }, (_, i) => {
        const [step, s, column] = [
          Math.floor(i / (3 * width)),
          Math.floor(i / width) % 3,
          i % width,
        ]
        return sequences[s]!.inputs[name]![step * width + column] ?? 0
      })
    const level = Array.from({ length: 5 * 3 * 2 }, (_, i) => {
      const [step, s, column] = [Math.floor(i / 6), Math.floor(i / 2) % 3, i % 2]
      return sequences[s]!.targets['level']![step * 2 + column] ?? 0
    })
    const byHand = new Trainer(twin, adam).stepSync({
      inputs: {
        weather: Float32Array.from(pad('weather', 3, 2)),
        kind: Int32Array.from(pad('kind', 5, 1)),
      },
      targets: {
        season: Int32Array.from(sequences, ({ targets: { season } }) => season![0]!),
        level: Float32Array.from(level),
      },
      lengths: { weather: [3, 1, 2], kind: [2, 5, 1] },
      batch: 3,
    })
    expect([progress!.loss, progress!.gradNorm]).toEqual([byHand.loss, byHand.gradNorm])
  })

  test('fit takes ready batches, and names the input in which a number is not finite', async () => {
    const trainer = new Trainer(makeModel(), adam)
    expect(await collect(trainer.fit([batch, batch], { epochs: 1 }))).toHaveLength(2)
    const weather = inputs.weather.slice()
    weather[2 * 1] = NaN
    const bad = { ...batch, inputs: { ...inputs, weather } }
    const fit = collect(trainer.fit([bad], { epochs: 1 }))
    const place = 'NaN in sequence 1, step 0, column 0 (all counted from 0)'
    const message = `data: batch 1 of epoch 1: inputs.weather: expected finite numbers, got ${place}`
    await expectGruRejection(fit, 'ERR_GRU_VALUE', message)
    const level = targets.level.slice()
    level[0] = Infinity
    const badTarget = collect(
      trainer.fit([{ ...batch, targets: { ...targets, level } }], { epochs: 1 }),
    )
    await expectGruRejection(badTarget, 'ERR_GRU_VALUE', /: targets\.level: .*sequence 0, step 0, /)
    const sequence = {
      inputs: { weather: Float32Array.of(1, NaN), kind: Int32Array.of(0) },
      targets: { season: Int32Array.of(0), level: Float32Array.of(0, 0) },
    }
    const fitDataset = collect(trainer.fit(new Dataset([sequence]), { epochs: 1 }))
    const inDataset = /^data\.sequences\[0\]\.inputs\.weather: .* NaN in step 0, column 1 /
    await expectGruRejection(fitDataset, 'ERR_GRU_VALUE', inDataset)
  })

  test.each<[object, GruErrorCode, RegExp]>([
    [{ input: inputs.weather }, 'ERR_GRU_VALUE', /^batch: .*"input" \(did you mean inputs\?\)$/],
    [{ inputs: inputs.weather }, 'ERR_GRU_TYPE', /^inputs: expected a plain object, got a Float/],
    [{ targets: { season: targets.season } }, 'ERR_GRU_TYPE', /^targets\.level: .*got undefined$/],
    [
      { targets: { ...targets, season: new Int32Array(4) } },
      'ERR_GRU_SHAPE',
      /^targets\.season: expected batch = 3 values, got 4 values$/,
    ],
    [{ targets: { ...targets, wind: 1 } }, 'ERR_GRU_VALUE', /^targets: expected only the keys /],
  ])('a batch that is wrong is refused by name: %#', async (change, code, message) => {
    const trainer = new Trainer(makeModel(), adam)
    const bad = { ...batch, ...change } as ModelTrainingBatch
    expectGruError(() => trainer.stepSync(bad), code, message)
    await expectGruRejection(trainer.step(bad), code, message)
    await expectGruRejection(trainer.evaluate(bad), code, message)
  })

  test.each<[unknown, GruErrorCode, RegExp]>([
    [{ input: inputs.weather, target: 1 }, 'ERR_GRU_VALUE', /^data\.sequences\[0\]: .*keys inputs/],
    [{ inputs: 5, targets }, 'ERR_GRU_TYPE', /^data\.sequences\[0\]\.inputs: expected a plain/],
    [{ inputs: { ...inputs, kind: 1 }, targets }, 'ERR_GRU_TYPE', /^data.*\.inputs\.kind: /],
    [{ inputs, targets }, 'ERR_GRU_SHAPE', /^data.*\.targets\.season: expected 1 = 1 value, got 3/],
  ])('a Dataset that does not fit is refused by name: %#', async (sequence, code, message) => {
    const trainer = new Trainer(makeModel(), adam)
    const data = new Dataset([sequence as ModelTrainingSequence])
    await expectGruRejection(collect(trainer.fit(data, { epochs: 1 })), code, message)
  })

  test('idle dropout is warned of where a model is made', () => {
    const warning = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    const memory = { type: 'gru', input: 'weather', hiddenSize: 2, dropout: 0.5 } as const
    makeModel({ ...twoSided, layers: { ...twoSided.layers, memory } })
    expect(warning).toHaveBeenCalledTimes(1)
    expect(String(warning.mock.calls[0]![0])).toMatch(/^layers\.memory\.dropout: /)
    warning.mockRestore()
  })
})
