import { Dataset, type FitOptions } from '../../lib'
import { startFit } from '../../lib/fit/loop'
import { expectGruError } from '../support/errors'
import { fakeTrainer, marked } from '../support/fit'
import { collect } from '../support/trainer'

describe('several sets of validation data', () => {
  test('are measured each after each epoch, in their own order', async () => {
    const fake = fakeTrainer({ validation: (mark, updates) => mark + 100 * updates })
    const sets = { seen: new Dataset([1, 2, 3].map(sequenceOf)), unseen: [marked(7)] }
    const all = await collect(
      startFit(fake.jobs, [marked(0)], { epochs: 2, batchSize: 2, validation: sets }),
    )
    expect(fake.validated).toEqual([[1, 2], [3], [7], [1, 2], [3], [7]])
    expect(all.map(({ validation }) => validation)).toEqual(
      [100, 200].map((base) => ({
        // Two sequences of the loss of the first batch, one of the second's.
        seen: { loss: (2 * (base + 1) + (base + 3)) / 3, metrics: {} },
        unseen: { loss: base + 7, metrics: {} },
      })),
    )
    expect(all.map(({ validationLoss, metrics }) => [validationLoss, metrics])).toEqual([
      [undefined, undefined],
      [undefined, undefined],
    ])
  })

  test('of one set its figures stand alone', async () => {
    const fake = fakeTrainer({ validation: () => 4 })
    const [told] = await collect(
      startFit(fake.jobs, [marked(0)], { epochs: 1, validation: [marked(1)] }),
    )
    expect([told!.validationLoss, told!.metrics, told!.validation]).toEqual([4, {}, undefined])
  })

  test('an error in one names it, after the progress of the step', async () => {
    const fake = fakeTrainer()
    const validation = { good: [marked(1)], empty: [] }
    const fit = startFit(fake.jobs, [marked(0)], { epochs: 1, validation })
    const { value } = await fit.next()
    expect([value!.epochEnd, value!.validation]).toEqual([true, undefined])
    await expect(fit.next()).rejects.toThrow(
      /^validation\.empty: expected at least one batch in every epoch .*got none in epoch 1$/,
    )
  })

  test.each<[unknown, string | RegExp]>([
    [{}, /^validation: expected a Dataset, an iterable .* by name, got an object$/],
    [{ a: 5 }, 'validation.a: expected a Dataset or an iterable of batches, got 5'],
    [{ 'a\n': [] }, /^validation: expected names that are well-formed texts/],
    [() => [], /^validation: expected a Dataset, .*, got a function$/],
  ])('refuses %p', (validation, message) => {
    const fitOptions = { epochs: 1, validation } as FitOptions
    expect(() => startFit(fakeTrainer().jobs, [marked(1)], fitOptions)).toThrow(message)
  })

  test('may be called as the columns of records are', async () => {
    const fake = fakeTrainer({ validation: () => 2 })
    const validation = {
      time: [marked(1)],
      kind: [marked(2)],
      step: [marked(3)],
      epoch: [marked(4)],
    }
    const options = { epochs: 1, validation, monitor: 'epoch.loss' }
    const [told] = await collect(startFit(fake.jobs, [marked(0)], options))
    expect(Object.keys(told!.validation!)).toEqual(['time', 'kind', 'step', 'epoch'])
    expect(told!.best).toEqual({ epoch: 1, value: 2 })
  })

  test('with names that make two figures the same are refused by the right name', () => {
    const metric = (name: string) => ({ name, reset() {}, update() {}, result: () => 0 })
    const start = (names: readonly string[], metrics: readonly string[]) => (): unknown => {
      const validation = Object.fromEntries(names.map((name) => [name, [marked(1)]]))
      const options = { epochs: 1, validation, metrics: metrics.map(metric) }
      return startFit(fakeTrainer().jobs, [marked(0)], options)
    }
    const expected = 'expected names that no other figure has, got '
    const ofSets = `validation: ${expected}"a.b.c" again`
    expectGruError(start(['a', 'a.b'], ['b.c', 'c']), 'ERR_GRU_VALUE', ofSets)
    const twice = `metrics: ${expected}"a.c" again`
    expectGruError(start(['a', 'b'], ['c', 'c']), 'ERR_GRU_VALUE', twice)
    const loss = `metrics: ${expected}"a.loss" again`
    expectGruError(start(['a', 'b'], ['loss']), 'ERR_GRU_VALUE', loss)
  })

  test('batchSize is for data or for one of the sets', () => {
    const { jobs } = fakeTrainer()
    const start = (validation: FitOptions['validation']) => (): unknown =>
      startFit(jobs, [marked(1)], { epochs: 1, batchSize: 2, validation })
    expect(start({ a: [marked(1)], b: new Dataset([sequenceOf(1)]) })).not.toThrow()
    expectGruError(start({ a: [marked(1)] }), 'ERR_GRU_VALUE', /^batchSize: expected none/)
  })
})

function sequenceOf(mark: number): { input: Float32Array; target: Float32Array } {
  return { input: Float32Array.of(mark, 0), target: new Float32Array(1) }
}
