import * as fc from 'fast-check'
import { type Loss, Model, type ModelOptions, SequenceModel } from '../lib'
import { writeSafetensors } from '../lib/formats/safetensors-writer'
import { expectGruError, outcome } from './support/errors'
import { seed } from './support/random'
import { readWhole } from './support/safetensors'
import { temporaryFolder } from './support/temporary-folder'

const fileIn = temporaryFolder()

/** A layer of so many values at every step, or once for each sequence, with a loss. */
function describedBy(loss: unknown, size = 6, every: 'step' | 'last' = 'step'): ModelOptions {
  const last = { last: { type: 'select', input: 'x' } } as const
  return {
    inputs: { x: { features: 2 } },
    layers: {
      ...(every === 'last' ? last : {}),
      head: { type: 'linear', input: every === 'last' ? 'last' : 'x', size },
    },
    outputs: { head: { loss: loss as Loss } },
    seed: 1,
  }
}

function resolvedOf(loss: unknown): unknown {
  using model = new Model(describedBy(loss))
  return model.options.outputs['head']!.loss
}

const full = {
  crossEntropy: {
    labelSmoothing: 0.1,
    classWeights: [1, 0, 2, 0.5, 1, 3],
    ignoredClass: -100,
  },
  meanSquaredError: { ignoreMissing: true },
  meanAbsoluteError: { ignoreMissing: true },
  huber: { delta: 0.25, ignoreMissing: true },
  quantile: { quantiles: [0.9, 0.5, 0.5], ignoreMissing: true },
  gaussian: { ignoreMissing: true },
  binaryCrossEntropy: { positiveWeights: [1, 2, 3, 4, 5, 0], ignoreMissing: true },
  ctc: { blank: 0 },
} as const
const defaults = {
  ...full,
  crossEntropy: { labelSmoothing: 0 },
  meanSquaredError: { ignoreMissing: false },
  meanAbsoluteError: { ignoreMissing: false },
  huber: { delta: 1, ignoreMissing: false },
  quantile: { quantiles: [0.1, 0.5, 0.9], ignoreMissing: false },
  gaussian: { ignoreMissing: false },
  binaryCrossEntropy: { ignoreMissing: false },
}
const kinds = Object.keys(full) as (keyof typeof full)[]

type Refusal = [loss: unknown, code: 'ERR_GRU_TYPE' | 'ERR_GRU_VALUE', message: string | RegExp]

describe('a loss', () => {
  test.each(kinds)('%s stays as it was given, but for its defaults', (kind) => {
    expect(resolvedOf(kind)).toBe(kind)
    expect(resolvedOf({ kind })).toEqual({ kind, ...defaults[kind] })
    expect(resolvedOf({ kind, ...full[kind] })).toEqual({ kind, ...full[kind] })
    const absent = Object.fromEntries(Object.keys(full[kind]).map((key) => [key, undefined]))
    expect(resolvedOf({ kind, ...absent })).toEqual({ kind, ...defaults[kind] })
    expect(resolvedOf(resolvedOf({ kind, ...full[kind] }))).toEqual({ kind, ...full[kind] })
  })

  test('has options that cannot be changed', () => {
    const quantiles = [0.5]
    const resolved = resolvedOf({ kind: 'quantile', quantiles }) as { quantiles: number[] }
    quantiles[0] = 7
    expect(resolved.quantiles).toEqual([0.5])
    expect(Object.isFrozen(resolved) && Object.isFrozen(resolved.quantiles)).toBe(true)
  })

  test.each(kinds)('%s is saved with the model and loaded again', async (kind) => {
    const file = fileIn(`${kind}.safetensors`)
    for (const loss of [kind, { kind, ...full[kind] }]) {
      using model = new Model(describedBy(loss))
      await model.save(file)
      using loaded = await Model.load(file)
      expect(loaded.options).toEqual(model.options)
      using sequenceModel = new SequenceModel({
        input: { features: 2 },
        gru: { hiddenSize: 2 },
        output: { size: 6, loss: loss },
      })
      await sequenceModel.save(file)
      using again = await SequenceModel.load(file)
      expect(again.options).toEqual(sequenceModel.options)
      expect(again.options.output.loss).toEqual(loss)
    }
  })

  test('of a file that was saved before missing values could be ignored does not ignore them', async () => {
    const file = fileIn('before.safetensors')
    using model = new Model(describedBy({ kind: 'huber', delta: 0.25 }))
    await model.save(file)
    const { tensors, metadata } = await readWhole(file)
    const before = metadata['gru-native']!.replace(',"ignoreMissing":false', '')
    expect(before).toMatch(/"loss":{"kind":"huber","delta":0.25}/)
    await writeSafetensors(file, { tensors, metadata: { 'gru-native': before } })
    using loaded = await Model.load(file)
    expect(loaded.options).toEqual(model.options)
  })

  test.each<Refusal>([
    [undefined, 'ERR_GRU_TYPE', /^outputs\.head\.loss: expected one of .*, got undefined$/],
    [7, 'ERR_GRU_TYPE', /^outputs\.head\.loss: expected one of .*, got 7$/],
    ['toString', 'ERR_GRU_VALUE', /^outputs\.head\.loss: expected one of .*, got "toString"$/],
    [
      { kind: 'mse' },
      'ERR_GRU_VALUE',
      /^outputs\.head\.loss\.kind: expected one of .*, got "mse"$/,
    ],
    [{}, 'ERR_GRU_TYPE', /^outputs\.head\.loss\.kind: expected one of /],
    [[], 'ERR_GRU_TYPE', /^outputs\.head\.loss: expected a plain object, got an Array of 0$/],
    [
      { kind: 'huber', quantiles: [0.5] },
      'ERR_GRU_VALUE',
      'outputs.head.loss: expected only the keys kind, delta, ignoreMissing, got the key "quantiles"',
    ],
    [
      { kind: 'gaussian', delta: 1 },
      'ERR_GRU_VALUE',
      'outputs.head.loss: expected only the keys kind, ignoreMissing, got the key "delta"',
    ],
    [
      { kind: 'gaussian', ignoreMissing: 'yes' },
      'ERR_GRU_TYPE',
      'outputs.head.loss.ignoreMissing: expected true or false, got "yes"',
    ],
    [{ kind: 'ctc', ignoreMissing: true }, 'ERR_GRU_VALUE', /got the key "ignoreMissing"$/],
    [{ kind: 'crossEntropy', ignoreMissing: true }, 'ERR_GRU_VALUE', /the key "ignoreMissing"$/],
    ...[-0.1, 1, NaN].map((labelSmoothing): Refusal => [
      { kind: 'crossEntropy', labelSmoothing },
      'ERR_GRU_VALUE',
      /^outputs\.head\.loss\.labelSmoothing: expected a finite number at least 0 and below 1, /,
    ]),
    [
      { kind: 'crossEntropy', classWeights: new Float32Array(6) },
      'ERR_GRU_TYPE',
      'outputs.head.loss.classWeights: expected an Array of at least one number, got a Float32Array of 6',
    ],
    [
      { kind: 'crossEntropy', classWeights: [] },
      'ERR_GRU_VALUE',
      'outputs.head.loss.classWeights: expected an Array of at least one number, got an Array of 0',
    ],
    [
      { kind: 'crossEntropy', classWeights: [1, 2, -1, 1, 1, 1] },
      'ERR_GRU_VALUE',
      /^outputs\.head\.loss\.classWeights\[2\]: expected a finite number at least 0 and at most .*, got -1$/,
    ],
    [
      { kind: 'crossEntropy', classWeights: [1, 2] },
      'ERR_GRU_VALUE',
      "outputs.head.loss.classWeights: expected a weight for each of the output's 6 values, got 2",
    ],
    ...[0.5, 2 ** 31, -(2 ** 31) - 1].map((ignoredClass): Refusal => [
      { kind: 'crossEntropy', ignoredClass },
      'ERR_GRU_VALUE',
      /^outputs\.head\.loss\.ignoredClass: expected an integer from -2147483648 to 2147483647, /,
    ]),
    [{ kind: 'crossEntropy', ignoredClass: null }, 'ERR_GRU_TYPE', /ignoredClass: /],
    ...[0, -1, Infinity, 1e39].map((delta): Refusal => [
      { kind: 'huber', delta },
      'ERR_GRU_VALUE',
      /^outputs\.head\.loss\.delta: expected a finite number above 0 and at most /,
    ]),
    [
      { kind: 'huber', delta: 1e-46 },
      'ERR_GRU_VALUE',
      'outputs.head.loss.delta: expected a number that is above 0 also as float32, got 1e-46',
    ],
    [
      { kind: 'quantile', quantiles: [1 - 1e-12] },
      'ERR_GRU_VALUE',
      /^outputs\.head\.loss\.quantiles\[0\]: expected a number that is below 1 also as float32, /,
    ],
    [
      { kind: 'crossEntropy', labelSmoothing: 1 - 1e-12 },
      'ERR_GRU_VALUE',
      /^outputs\.head\.loss\.labelSmoothing: expected a number that is below 1 also as float32, /,
    ],
    ...[0, 1, NaN, -0.5].map((quantile): Refusal => [
      { kind: 'quantile', quantiles: [0.5, quantile] },
      'ERR_GRU_VALUE',
      /^outputs\.head\.loss\.quantiles\[1\]: expected a finite number above 0 and below 1, /,
    ]),
    [{ kind: 'quantile', quantiles: [] }, 'ERR_GRU_VALUE', /^outputs\.head\.loss\.quantiles: /],
    [{ kind: 'quantile', quantiles: ['0.5'] }, 'ERR_GRU_TYPE', /quantiles\[0\]: .* got "0\.5"$/],
    [
      { kind: 'quantile', quantiles: [0.1, 0.2, 0.3, 0.4] },
      'ERR_GRU_VALUE',
      'outputs.head.loss.quantiles: expected an output of a multiple of 4 values, one for each quantile, got 6',
    ],
    [
      { kind: 'binaryCrossEntropy', positiveWeights: [1] },
      'ERR_GRU_VALUE',
      "outputs.head.loss.positiveWeights: expected a weight for each of the output's 6 values, got 1",
    ],
    [{ kind: 'binaryCrossEntropy', positiveWeights: [NaN] }, 'ERR_GRU_VALUE', /Weights\[0\]: /],
    [
      { kind: 'ctc', blank: 1 },
      'ERR_GRU_VALUE',
      'outputs.head.loss.blank: expected an integer from 0 to 0, got 1',
    ],
  ])('that makes no sense is refused by name: %#', (loss, code, message) => {
    expectGruError(() => new Model(describedBy(loss)), code, message)
  })

  test('that does not fit its output is refused', () => {
    const refused = (given: ModelOptions, message: string): void => {
      expectGruError(() => new Model(given), 'ERR_GRU_VALUE', message)
    }
    refused(
      describedBy('gaussian', 5),
      'outputs.head.loss: expected an output of a multiple of 2 values, means and log variances, got 5',
    )
    refused(
      describedBy('ctc', 6, 'last'),
      'outputs.head.loss: expected an output at every step, got one row for each sequence',
    )
    refused(
      describedBy('ctc', 1),
      'outputs.head.loss: expected an output of at least 2 values, the blank and one label, got 1',
    )
  })

  test('of a SequenceModel is refused by its name there', () => {
    const options = { input: { features: 2 }, gru: { hiddenSize: 2 } }
    const refused = (loss: unknown, message: string | RegExp): void => {
      const output = { size: 5, loss: loss as Loss }
      expectGruError(() => new SequenceModel({ ...options, output }), 'ERR_GRU_VALUE', message)
    }
    refused('gaussian', /^output\.loss: expected an output of a multiple of 2 values, /)
    refused('quantile', /^output\.loss\.quantiles: expected an output of a multiple of 3 values, /)
    refused({ kind: 'huber', delta: 0 }, /^output\.loss\.delta: /)
    refused({ kind: 'crossEntropy', classWeights: [1] }, /^output\.loss\.classWeights: /)
  })

  test('of any shape is taken or refused', () => {
    const anything = fc.oneof(fc.double(), fc.integer(), fc.array(fc.double()), fc.string())
    const value = fc.record(
      {
        kind: fc.constantFrom(...kinds, 'other'),
        ...{ labelSmoothing: anything, classWeights: anything, ignoredClass: anything },
        ...{ delta: anything, quantiles: anything, positiveWeights: anything, blank: anything },
        ...{ ignoreMissing: anything },
      },
      { requiredKeys: ['kind'] },
    )
    const check = (loss: unknown, size: number): void => {
      const made = outcome(() => {
        new Model(describedBy(loss, size)).dispose()
        return 'made'
      })
      expect(made).toMatch(
        /^(made$|ERR_GRU_(TYPE|VALUE): outputs\.head\.loss.*: expected .*, got )/s,
      )
    }
    fc.assert(fc.property(value, fc.integer({ min: 1, max: 9 }), check), { seed })
  })
})

describe('the weight of an output', () => {
  const weighted = (weight: unknown): ModelOptions => ({
    ...describedBy('meanSquaredError'),
    outputs: { head: { loss: 'meanSquaredError', weight: weight as number } },
  })

  test('is told where it was given', () => {
    for (const weight of [0, 0.5, 1]) {
      using model = new Model(weighted(weight))
      expect(model.options.outputs).toEqual({ head: { loss: 'meanSquaredError', weight } })
    }
    using model = new Model(weighted(undefined))
    expect(Object.keys(model.options.outputs['head']!)).toEqual(['loss'])
  })

  test.each([-1, NaN, Infinity, 1e39, '1'])('is not %p', (weight) => {
    const code = typeof weight === 'number' ? 'ERR_GRU_VALUE' : 'ERR_GRU_TYPE'
    const message = /^outputs\.head\.weight: expected a finite number at least 0 and at most /
    expectGruError(() => new Model(weighted(weight)), code, message)
  })
})
