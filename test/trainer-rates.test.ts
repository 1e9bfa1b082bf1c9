import type { GruErrorCode, OptimizerOptions, StepOptions } from '../lib'
import { expectGruError, expectGruRejection } from './support/errors'
import { batch, bits, make, options } from './support/trainer'

const sgd = (learningRate: number): OptimizerOptions => ({ kind: 'sgd', learningRate })

describe('the rate of a step', () => {
  test.each<OptimizerOptions>([
    { kind: 'sgd', momentum: 0.9, weightDecay: 0.1 },
    { kind: 'adam' },
    { kind: 'adamw' },
    { kind: 'rmsprop' },
  ])('has the bits of an optimiser of that rate: %j', async (optimizer) => {
    const given = make(options, { optimizer: { ...optimizer, learningRate: 0.5 } })
    for (const rate of [0.1, 0.03, 0.7]) {
      const expected = make(options, { optimizer: { ...optimizer, learningRate: rate } })
      // Both begin anew, so that moments are the same.
      const fresh = make(options, { optimizer: { ...optimizer, learningRate: 0.5 } })
      expected.trainer.stepSync(batch)
      await fresh.trainer.step(batch, { learningRate: rate })
      expect(bits(fresh.model)).toEqual(bits(expected.model))
    }
    given.trainer.stepSync(batch, { learningRate: 0 })
    const untouched = make()
    expect(bits(given.model)).toEqual(bits(untouched.model))
  })

  test('holds for that step alone', () => {
    const expected = make(options, { optimizer: sgd(0.1) })
    const { model, trainer } = make(options, { optimizer: sgd(0.1) })
    trainer.stepSync(batch, { learningRate: 0 })
    trainer.stepSync(batch)
    expected.trainer.stepSync(batch)
    expect(bits(model)).toEqual(bits(expected.model))
  })

  test.each<[unknown, GruErrorCode, RegExp]>([
    [{ learningRate: -1 }, 'ERR_GRU_VALUE', /^learningRate: .* at least 0 .*got -1$/],
    [{ learningRate: 1e39 }, 'ERR_GRU_VALUE', /^learningRate: .*got 1e\+39$/],
    [{ learningRate: NaN }, 'ERR_GRU_VALUE', /^learningRate: .*got NaN$/],
    [{ learningRate: '1' }, 'ERR_GRU_TYPE', /^learningRate: .*got "1"$/],
    [{ lr: 1 }, 'ERR_GRU_VALUE', /^options: .*"lr" \(did you mean learningRate\?\)$/],
    [0.1, 'ERR_GRU_TYPE', /^options: expected a plain object, got 0.1$/],
  ])('is checked: %j', async (bad, code, message) => {
    const { model, trainer } = make()
    const before = bits(model)
    expectGruError(() => trainer.stepSync(batch, bad as StepOptions), code, message)
    await expectGruRejection(trainer.step(batch, bad as StepOptions), code, message)
    expect(bits(model)).toEqual(before)
  })

  test('a signal stands in the batch or in the options', async () => {
    const { trainer } = make()
    const reason = new Error('stop')
    const signal = AbortSignal.abort(reason)
    await expect(trainer.step(batch, { signal })).rejects.toBe(reason)
    await expect(trainer.step([batch], { signal })).rejects.toBe(reason)
    const both = trainer.step({ ...batch, signal }, { signal })
    await expectGruRejection(both, 'ERR_GRU_VALUE', /^signal: expected one, .* got both$/)
    const inside = trainer.step([{ ...batch, signal } as never])
    await expectGruRejection(inside, 'ERR_GRU_VALUE', /^batches\[0\]: batch: .*"signal"/)
  })
})
