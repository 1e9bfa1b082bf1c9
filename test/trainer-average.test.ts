import type { GruErrorCode, TrainerOptions } from '../lib'
import { Trainer } from '../lib'
import { expectGruError, expectGruRejection } from './support/errors'
import { bitsOf, largestDifference } from './support/numbers'
import { batch, make, options } from './support/trainer'

const averaging = (decay: number): TrainerOptions => ({
  optimizer: { kind: 'adam', learningRate: 0.05 },
  average: { decay },
})

describe('the moving average', () => {
  test.each([0, 0.5, 0.999])('with decay %p follows the parameters after each update', (decay) => {
    const { model, trainer } = make(options, averaging(decay))
    const expected = Object.fromEntries(
      Object.entries(model.getParameters()).map(([name, values]) => [
        name,
        Float64Array.from(values),
      ]),
    )
    expect(trainer.getAverage()).toEqual(model.getParameters())
    for (let step = 0; step < 20; step++) {
      trainer.stepSync(batch)
      for (const [name, values] of Object.entries(model.getParameters())) {
        const average = expected[name]!
        values.forEach((value, i) => (average[i] = decay * average[i]! + (1 - decay) * value))
      }
    }
    for (const [name, values] of Object.entries(trainer.getAverage())) {
      expect(largestDifference(values, expected[name]!)).toBeLessThan(5e-7)
    }
  })

  test('changes no update, and frozen parameters stay what they are in it', () => {
    const plain = make(options, {
      optimizer: { kind: 'adam', learningRate: 0.05 },
      frozen: 'head.*',
    })
    const { model, trainer } = make(options, { ...averaging(0.9), frozen: 'head.*' })
    for (let step = 0; step < 5; step++) {
      expect(trainer.stepSync(batch)).toEqual(plain.trainer.stepSync(batch))
    }
    expect(model.getParameters()).toEqual(plain.model.getParameters())
    const average = trainer.getAverage()
    expect(bitsOf(average['head.weight']!)).toBe(bitsOf(model.getParameters()['head.weight']!))
    expect(bitsOf(average['gru.weight_hh_l0']!)).not.toBe(
      bitsOf(model.getParameters()['gru.weight_hh_l0']!),
    )
  })

  test('is that of evaluateAverage, between other calls of the model', async () => {
    const { model, trainer } = make(options, averaging(0.9))
    for (let step = 0; step < 5; step++) await trainer.step(batch)
    const { loss } = await trainer.evaluate(batch)
    const before = model.predictSync(batch.input, { batch: 3 })
    const { loss: averaged } = await trainer.evaluateAverage(batch)
    expect(model.predictSync(batch.input, { batch: 3 })).toEqual(before)
    expect((await trainer.evaluate(batch)).loss).toBe(loss)
    const other = make()
    other.model.setParameters(trainer.getAverage())
    expect((await other.trainer.evaluate(batch)).loss).toBe(averaged)
    expect(averaged).not.toBe(loss)
  })

  test('is a copy', () => {
    const { trainer } = make(options, averaging(0.9))
    trainer.getAverage()['head.weight']!.fill(NaN)
    expect(trainer.getAverage()['head.weight']).not.toContain(NaN)
  })

  test('is refused where there is none', async () => {
    const { trainer } = make()
    const message = /: expected a trainer with the option average, got one without it$/
    expectGruError(() => trainer.getAverage(), 'ERR_GRU_VALUE', message)
    await expectGruRejection(trainer.evaluateAverage(batch), 'ERR_GRU_VALUE', message)
  })

  test.each<[unknown, GruErrorCode, RegExp]>([
    [0.9, 'ERR_GRU_TYPE', /^average: expected a plain object/],
    [{}, 'ERR_GRU_TYPE', /^average\.decay: /],
    [{ decay: 1 }, 'ERR_GRU_VALUE', /^average\.decay: .*below 1, got 1$/],
    [{ decay: 1 - 1e-12 }, 'ERR_GRU_VALUE', /^average\.decay: .*below 1 also as float32, got 0/],
    [{ decay: -0.1 }, 'ERR_GRU_VALUE', /^average\.decay: /],
    [{ rate: 0.1 }, 'ERR_GRU_VALUE', /^average: .*"rate"/],
  ])('has an option that is checked: %j', (average, code, message) => {
    const { model } = make()
    const given = { ...averaging(0.9), average } as TrainerOptions
    expectGruError(() => new Trainer(model, given), code, message)
  })
})
