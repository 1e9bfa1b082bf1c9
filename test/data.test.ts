import * as fc from 'fast-check'
import {
  Dataset,
  type SequenceModelOptions,
  type TrainingBatch,
  type TrainingSequence,
} from '../lib'
import { sequenceForm } from '../lib/batch-forms'
import { batchesOf, checkDataset, epochOrder } from '../lib/data'
import { describeGraph, type Graph } from '../lib/graph'
import { checkArchitecture } from '../lib/model-options'
import { Pauses } from '../lib/pauses'
import { expectGruError, expectGruRejection } from './support/errors'
import { detached } from './support/memory'
import { seed } from './support/random'

function graphOf(changes: Partial<SequenceModelOptions> = {}): Graph {
  const architecture: SequenceModelOptions = {
    input: { features: 2 },
    gru: { hiddenSize: 3 },
    output: { size: 1, loss: 'meanSquaredError', every: 'last' },
    ...changes,
  }
  return describeGraph(checkArchitecture(architecture).native)
}

const features = (...values: number[]): Float32Array => Float32Array.from(values)
const tokens = (...values: number[]): Int32Array => Int32Array.from(values)

const short: TrainingSequence = { input: features(1, 2), target: features(10) }
const long: TrainingSequence = { input: features(3, 4, 5, 6), target: features(20) }

function batches(dataset: Dataset, model: Graph, size: number, order: number[]) {
  return [...batchesOf('data', dataset, model, sequenceForm, size, order)]
}

describe('batches', () => {
  test('are time-major, padded with zeros, and tell the lengths', () => {
    const [batch, ...others] = batches(new Dataset([short, long]), graphOf(), 2, [0, 1])
    expect(others).toEqual([])
    expect(batch).toEqual({
      input: features(1, 2, 3, 4, 0, 0, 5, 6),
      target: features(10, 20),
      batch: 2,
      lengths: tokens(1, 2),
    })
  })

  test('are sequence after sequence with batchFirst', () => {
    const model = graphOf({ gru: { hiddenSize: 3, batchFirst: true } })
    const [batch] = batches(new Dataset([short, long]), model, 2, [0, 1])
    expect((batch as TrainingBatch).input).toEqual(features(1, 2, 0, 0, 3, 4, 5, 6))
  })

  test('carry tokens, and a class for each step', () => {
    const model = graphOf({
      input: { tokens: 9, embeddingSize: 2 },
      output: { size: 9, loss: 'crossEntropy' },
    })
    const data = new Dataset([
      { input: tokens(1, 2, 3), target: tokens(2, 3, 4) },
      { input: tokens(5), target: tokens(6) },
    ])
    expect(batches(data, model, 2, [1, 0])).toEqual([
      {
        input: tokens(5, 1, 0, 2, 0, 3),
        target: tokens(6, 2, 0, 3, 0, 4),
        batch: 2,
        lengths: tokens(1, 3),
      },
    ])
  })

  test('follow the order, the last one smaller', () => {
    const data = new Dataset([short, long, short])
    const found = batches(data, graphOf(), 2, [1, 2, 0])
    expect(found.map((one) => [one.batch, (one as TrainingBatch).target])).toEqual([
      [2, features(20, 10)],
      [1, features(10)],
    ])
  })

  test('read views of one series', () => {
    const series = features(1, 2, 3, 4, 5, 6)
    const windows = [0, 2].map((from) => ({
      input: series.subarray(from, from + 4),
      target: series.subarray(from, from + 1),
    }))
    const [batch] = batches(new Dataset(windows), graphOf(), 2, [0, 1])
    expect((batch as TrainingBatch).input).toEqual(features(1, 2, 3, 4, 3, 4, 5, 6))
    expect((batch as TrainingBatch).target).toEqual(features(1, 3))
  })

  test('notice an array that lost its memory since', async () => {
    const input = features(1, 2)
    const data = new Dataset([{ input, target: features(1) }])
    await checkDataset('data', data, graphOf(), sequenceForm, new Pauses(undefined))
    structuredClone(input, { transfer: [input.buffer as ArrayBuffer] })
    const message = /^data\.sequences\[0\]\.input: expected a Float32Array .*detached/
    expectGruError(() => batches(data, graphOf(), 1, [0]), 'ERR_GRU_TYPE', message)
  })
})

describe('the order of an epoch', () => {
  test('has every sequence once', () => {
    const anySeed = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), anySeed, fc.nat(), (size, orderSeed, epoch) => {
        const order = epochOrder(size, true, orderSeed, epoch)
        expect(Array.from(order).sort((a, b) => a - b)).toEqual([...Array(size).keys()])
        expect(epochOrder(size, true, orderSeed, epoch)).toEqual(order)
      }),
      { seed },
    )
  })

  test('differs from seed to seed, in any of its 53 bits, and from epoch to epoch', () => {
    const seeds = [0, 1, 2, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 52]
    const orders = [1, 2, 3].flatMap((epoch) =>
      seeds.map((orderSeed) => epochOrder(40, true, orderSeed, epoch).join()),
    )
    expect(new Set(orders).size).toBe(orders.length)
  })

  test('puts every sequence in every place as often', () => {
    const size = 6
    const epochs = 6000
    const counts = Array.from({ length: size * size }, () => 0)
    for (let epoch = 0; epoch < epochs; epoch++) {
      epochOrder(size, true, 12, epoch).forEach((sequence, place) => {
        counts[sequence * size + place]! += 1
      })
    }
    // There are 36 binomial counts with mean 1000 and standard deviation 29, for one fixed seed.
    // The limit is five deviations.
    for (const count of counts) expect(Math.abs(count - epochs / size)).toBeLessThan(145)
  })

  test("is the sequences' own without shuffling", () => {
    expect(Array.from(epochOrder(4, false, 9, 3))).toEqual([0, 1, 2, 3])
  })
})

describe('a dataset', () => {
  test('is a list of its own of the sequences given', () => {
    const sequences = [short]
    const data = new Dataset(sequences)
    sequences.push(long)
    expect(data.size).toBe(1)
    expect(data.sequences).toEqual([short])
  })

  test.each<[unknown, string, RegExp]>([
    [undefined, 'ERR_GRU_TYPE', /^sequences: expected an Array of sequences, got undefined$/],
    [new Set([short]), 'ERR_GRU_TYPE', /^sequences: .*got a Set$/],
    [[], 'ERR_GRU_VALUE', /^sequences: expected at least one sequence, got none$/],
    [[short, null], 'ERR_GRU_TYPE', /^sequences\[1\]: expected a plain object, got null$/],
    [[{ ...short, length: 2 }], 'ERR_GRU_VALUE', /^sequences\[0\]: .*got the key "length"$/],
  ])('refuses %p', (sequences, code, message) => {
    const call = (): unknown => new Dataset(sequences as TrainingSequence[])
    expectGruError(call, code as 'ERR_GRU_TYPE', message)
  })

  const classes = graphOf({
    input: { tokens: 4, embeddingSize: 2 },
    output: { size: 3, loss: 'crossEntropy' },
  })
  const sequence = (input: unknown, target: unknown) => ({ input, target }) as TrainingSequence
  test.each<[TrainingSequence, Graph, string, RegExp]>([
    [sequence(tokens(1), features(1)), graphOf(), 'ERR_GRU_TYPE', /\.input: .*Float32Array/],
    [sequence(features(1, 2), tokens(1)), graphOf(), 'ERR_GRU_TYPE', /\.target: .*Float32Array/],
    [sequence(features(1, 2, 3), features(1)), graphOf(), 'ERR_GRU_SHAPE', /steps\*features/],
    [sequence(features(), features(1)), graphOf(), 'ERR_GRU_SHAPE', /\.input: .*got 0 values/],
    [sequence(features(1, 2), features(1, 2)), graphOf(), 'ERR_GRU_SHAPE', /\.target: /],
    [
      sequence(tokens(0, 4), tokens(0, 0)),
      classes,
      'ERR_GRU_VALUE',
      /\.input\[1\]: .*0 to 3, got 4/,
    ],
    [
      sequence(tokens(0, 1), tokens(0, 3)),
      classes,
      'ERR_GRU_VALUE',
      /\.target\[1\]: .*0 to 2, got 3/,
    ],
    [sequence(tokens(0, 1), tokens(0)), classes, 'ERR_GRU_SHAPE', /\.target: .*steps = 2 values/],
    [
      sequence(detached(Float32Array, 2), features(1)),
      graphOf(),
      'ERR_GRU_TYPE',
      /\.input: .*detached/,
    ],
  ])('is checked against a model: %#', async (bad, model, code, message) => {
    const good = model === classes ? sequence(tokens(0), tokens(0)) : short
    const pauses = new Pauses(undefined)
    const data = new Dataset([good, bad])
    const check = checkDataset('validation', data, model, sequenceForm, pauses)
    const error = await expectGruRejection(check, code as 'ERR_GRU_TYPE', message)
    expect(error.message).toMatch(/^validation\.sequences\[1\]/)
  })
})
