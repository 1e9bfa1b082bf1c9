import type { GruErrorCode, ModelTrainingBatch, TrainingBatch } from '../lib'
import { Trainer } from '../lib'
import { expectGruError, expectGruRejection } from './support/errors'
import { batch as twoSided, makeModel } from './support/models'
import { largestDifference } from './support/numbers'
import { batch, bits, make, options } from './support/trainer'

const sgd = { optimizer: { kind: 'sgd', learningRate: 1 } } as const

/** Sequences `from` to `to` of a batch of {@link batch}'s form. */
function slice(whole: TrainingBatch & { batch: number }, from: number, to: number): TrainingBatch {
  const width = 2
  const input = whole.input.filter((_, i) => {
    const sequence = Math.floor(i / width) % whole.batch
    return sequence >= from && sequence < to
  }) as Float32Array
  const { lengths } = whole
  return {
    input,
    target: (whole.target as Float32Array).slice(from, to),
    batch: to - from,
    lengths: lengths === undefined ? undefined : [...lengths].slice(from, to),
  }
}

describe('several batches in one step', () => {
  test.each([
    [undefined, [0, 1, 3]],
    [
      [4, 2, 3],
      [0, 2, 3],
    ],
    // A slice without a valid step, at the beginning, and at the end.
    [
      [0, 2, 3],
      [0, 1, 2, 3],
    ],
    [
      [1, 4, 0],
      [0, 1, 2, 3],
    ],
  ])('are as one: lengths %j, cut at %j', async (lengths, cuts) => {
    const whole = { ...batch, lengths }
    const slices = cuts.slice(1).map((to, index) => slice(whole, cuts[index]!, to))
    const [one, sync, later] = [make(options, sgd), make(options, sgd), make(options, sgd)]
    for (let step = 0; step < 3; step++) {
      const expected = one.trainer.stepSync(whole)
      const result = sync.trainer.stepSync(slices)
      expect(result.loss).toBeCloseTo(expected.loss, 6)
      expect(result.gradNorm).toBeCloseTo(expected.gradNorm, 6)
      expect(await later.trainer.step(slices)).toEqual(result)
    }
    expect(bits(later.model)).toEqual(bits(sync.model))
    const expected = one.model.getParameters()
    for (const [name, values] of Object.entries(sync.model.getParameters())) {
      expect(largestDifference(values, expected[name]!)).toBeLessThan(2e-6)
    }
  })

  test('a list of one is that one, to the bit', () => {
    const [one, list] = [make(), make()]
    for (let step = 0; step < 3; step++) {
      expect(list.trainer.stepSync([batch])).toEqual(one.trainer.stepSync(batch))
    }
    expect(bits(list.model)).toEqual(bits(one.model))
  })

  test('have masks of their own, and leave the next step others', () => {
    const dropping = { ...options, gru: { hiddenSize: 16, numLayers: 2, dropout: 0.5 } }
    const losses = new Set<number>()
    const { trainer } = make(dropping, { optimizer: { kind: 'sgd', learningRate: 0 } })
    // The mean of two slices with the same masks would be the loss of one.
    const alone = make(dropping, { optimizer: { kind: 'sgd', learningRate: 0 } })
    const first = alone.trainer.stepSync(batch).loss
    const second = alone.trainer.stepSync(batch).loss
    expect(trainer.stepSync([batch, batch]).loss).toBeCloseTo((first + second) / 2, 6)
    expect(first).not.toBe(second)
    for (let step = 0; step < 4; step++) losses.add(trainer.stepSync([batch, batch]).loss)
    expect(losses.size).toBe(4)
  })

  test('count each output by its own rows', () => {
    const [one, both] = [makeModel(), makeModel()]
    const trainer = new Trainer(both, sgd)
    const expected = new Trainer(one, sgd)
    // Six sequences, of which each half has other lengths.
    const cut = <T extends Float32Array | Int32Array>(
      values: T,
      steps: number,
      from: number,
      to: number,
    ): T => {
      const width = values.length / (steps * 3)
      return values.filter((_, i) => {
        const sequence = Math.floor(i / width) % 3
        return sequence >= from && sequence < to
      }) as T
    }
    const part = (from: number, to: number): ModelTrainingBatch => ({
      inputs: {
        weather: cut(twoSided.inputs.weather, 4, from, to),
        kind: cut(twoSided.inputs.kind, 5, from, to),
      },
      targets: {
        season: twoSided.targets.season.slice(from, to),
        level: cut(twoSided.targets.level, 5, from, to),
      },
      batch: to - from,
      lengths: {
        weather: lengths.weather.slice(from, to),
        kind: lengths.kind.slice(from, to),
      },
    })
    // Of the first slice one output has no row; of the last one the other.
    const lengths = { weather: [0, 2, 3], kind: [1, 5, 0] }
    const result = trainer.stepSync([part(0, 1), part(1, 2), part(2, 3)])
    const { loss, gradNorm } = expected.stepSync({ ...twoSided, lengths })
    expect(result.loss).toBeCloseTo(loss, 6)
    expect(result.gradNorm).toBeCloseTo(gradNorm, 5)
    const parameters = one.getParameters()
    for (const [name, values] of Object.entries(both.getParameters())) {
      expect(largestDifference(values, parameters[name]!)).toBeLessThan(2e-6)
    }
  })

  test('are all copied when the promise is returned', async () => {
    const [expected, { model, trainer }] = [make(), make()]
    const other = { ...batch, target: batch.target.map((x) => -x) }
    expected.trainer.stepSync([batch, other])
    const copies = [batch, other].map((one) => ({
      ...one,
      input: one.input.slice(),
      target: one.target.slice(),
    }))
    const promise = trainer.step(copies)
    for (const { input, target } of copies) {
      input.fill(NaN)
      target.fill(NaN)
    }
    await promise
    expect(bits(model)).toEqual(bits(expected.model))
  })

  const silent = { ...batch, lengths: [0, 0, 0] }
  test.each<[unknown, GruErrorCode, string | RegExp]>([
    [[], 'ERR_GRU_VALUE', 'batches: expected at least one, got an Array of 0'],
    [[batch, 5], 'ERR_GRU_TYPE', 'batches[1]: batch: expected a plain object, got 5'],
    [
      [batch, { ...batch, target: batch.target.subarray(1) }],
      'ERR_GRU_SHAPE',
      'batches[1]: target: expected batch*size = 3 values, got 2 values',
    ],
    [[silent, silent], 'ERR_GRU_VALUE', /^lengths: expected at least one valid step in the batch/],
  ])('are refused where one is wrong, and nothing changes: %#', async (bad, code, message) => {
    const { model, trainer } = make()
    const before = bits(model)
    expectGruError(() => trainer.stepSync(bad as TrainingBatch[]), code, message)
    await expectGruRejection(trainer.step(bad as TrainingBatch[]), code, message)
    expect(bits(model)).toEqual(before)
    const other = make()
    expect(trainer.stepSync(batch)).toEqual(other.trainer.stepSync(batch))
    expect(bits(model)).toEqual(bits(other.model))
  })

  test('name the batch of a class or token that is none', () => {
    const { model, trainer } = make({
      input: { tokens: 4, embeddingSize: 2 },
      gru: { hiddenSize: 3 },
      output: { size: 3, loss: 'crossEntropy' },
    })
    const before = bits(model)
    const good = { input: Int32Array.of(0, 3), target: Int32Array.of(0, 2) }
    const badClass = { ...good, target: Int32Array.of(0, 3) }
    const badToken = { ...good, input: Int32Array.of(0, 4) }
    expectGruError(
      () => trainer.stepSync([good, badClass]),
      'ERR_GRU_VALUE',
      'batches[1]: target[1]: expected an integer from 0 to 2, got 3',
    )
    expectGruError(
      () => trainer.stepSync([good, badToken]),
      'ERR_GRU_VALUE',
      'batches[1]: input[1]: expected an integer from 0 to 3, got 4',
    )
    expect(bits(model)).toEqual(before)
  })
})
