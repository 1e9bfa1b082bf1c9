import type { StepResult, TrainingBatch } from '../../lib'
import { startFit } from '../../lib/fit/loop'
import { expectGruError } from '../support/errors'
import { fakeTrainer, marked } from '../support/fit'
import { batch, bits, collect, data, make } from '../support/trainer'

describe('with accumulate', () => {
  test('some batches make one update, and the last update of an epoch may have fewer', async () => {
    const fake = fakeTrainer({ step: (update) => update })
    const data = [1, 2, 3, 4, 5].map(marked)
    const all = await collect(startFit(fake.jobs, data, { epochs: 2, accumulate: 2 }))
    const epoch = [[[1], [2]], [[3], [4]], [[5]]]
    expect(fake.steps.map(({ marks }) => marks)).toEqual([...epoch, ...epoch])
    expect(
      all.map(({ epoch: at, batch, batches, update, epochEnd }) => [
        ...[at, batch, batches, update, epochEnd],
      ]),
    ).toEqual([
      [1, 2, undefined, 1, false],
      [1, 4, undefined, 2, false],
      [1, 5, 5, 3, true],
      [2, 2, undefined, 4, false],
      [2, 4, undefined, 5, false],
      [2, 5, 5, 6, true],
    ])
    // Two sequences, two, and one.
    expect(all[2]!.meanLoss).toBe((2 * 1 + 2 * 2 + 3) / 5)
  })

  test('an iterable may reuse its arrays', async () => {
    const factors = [1, 2, 3]
    const scaled = (factor: number): TrainingBatch => ({
      ...batch,
      input: batch.input.map((value) => value * factor),
      target: batch.target.map((value) => value * factor),
      lengths: Int32Array.of(4, factor, 2),
    })
    async function* reusing(): AsyncGenerator<TrainingBatch> {
      const shared = { ...batch, input: new Float32Array(24), target: new Float32Array(3) }
      const lengths = new Int32Array(3)
      for (const factor of factors) {
        const one = scaled(factor)
        shared.input.set(one.input)
        shared.target.set(one.target as Float32Array)
        lengths.set(one.lengths as Int32Array)
        yield { ...shared, lengths }
        shared.input.fill(NaN)
        shared.target.fill(NaN)
        lengths.fill(0)
        await Promise.resolve()
      }
    }
    const reused = make()
    await collect(reused.trainer.fit(reusing(), { epochs: 1, accumulate: 2 }))
    const fresh = make()
    await collect(fresh.trainer.fit(factors.map(scaled), { epochs: 1, accumulate: 2 }))
    expect(bits(reused.model)).toEqual(bits(fresh.model))
  })

  test('batches of an update that lacks some are not trained on when the iterable fails', async () => {
    const reason = new Error('broken')
    function* breaking(): Generator<TrainingBatch> {
      yield* [1, 2, 3].map(marked)
      throw reason
    }
    const fake = fakeTrainer()
    const updates: number[] = []
    const run = async (): Promise<void> => {
      for await (const { update } of startFit(fake.jobs, breaking(), {
        epochs: 1,
        accumulate: 2,
      })) {
        updates.push(update)
      }
    }
    await expect(run()).rejects.toBe(reason)
    expect(updates).toEqual([1])
    expect(fake.steps.map(({ marks }) => marks)).toEqual([[[1], [2]]])
  })

  test('wrong counts are refused', () => {
    const call = (): unknown =>
      startFit(fakeTrainer().jobs, [marked(1)], { epochs: 1, accumulate: 0 })
    expectGruError(call, 'ERR_GRU_VALUE', /^accumulate: expected an integer from 1 /)
  })

  test('it is the same as steps of these batches', async () => {
    const batches = [1, 2, 3].map((factor) => ({
      ...batch,
      input: batch.input.map((value) => value / factor),
    }))
    const fitted = make()
    const all = await collect(fitted.trainer.fit(batches, { epochs: 2, accumulate: 2 }))
    const stepped = make()
    const results: StepResult[] = []
    for (let epoch = 0; epoch < 2; epoch++) {
      results.push(stepped.trainer.stepSync(batches.slice(0, 2)))
      results.push(stepped.trainer.stepSync(batches.slice(2)))
    }
    expect(all.map(({ loss, gradNorm, skipped }) => ({ loss, gradNorm, skipped }))).toEqual(results)
    expect(bits(fitted.model)).toEqual(bits(stepped.model))
  })

  test('an update is that of one large batch', async () => {
    const losses = async (batchSize: number, accumulate: number): Promise<number[]> => {
      const { trainer } = make()
      const fitOptions = { epochs: 3, batchSize, accumulate }
      const all = await collect(trainer.fit(data, fitOptions))
      return all.flatMap(({ loss, gradNorm, meanLoss }) => [loss, gradNorm, meanLoss])
    }
    const [small, large] = [await losses(2, 3), await losses(6, 1)]
    expect(small).toHaveLength(large.length)
    for (const [index, value] of small.entries()) {
      expect(Math.abs(value - large[index]!)).toBeLessThanOrEqual(1e-5 * large[index]!)
    }
  })
})
