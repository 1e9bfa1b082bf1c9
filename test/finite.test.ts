import { Dataset, type SequenceModelOptions, type TrainingBatch } from '../lib'
import { expectGruError, expectGruRejection } from './support/errors'
import { batch, bits, collect, make, options } from './support/trainer'

/** Two features in, two values out for each step. */
const everyStep: SequenceModelOptions = {
  ...options,
  output: { size: 2, loss: 'meanSquaredError', every: 'step' },
}
const wrong = [NaN, Infinity, -Infinity]

/** Zeros, except for one number. */
function withOne(length: number, index: number, value: number): Float32Array<ArrayBuffer> {
  const values = new Float32Array(length)
  values[index] = value
  return values
}

describe('a number that is not finite', () => {
  test.each(wrong)('in a dataset is named by sequence, step and column: %p', async (value) => {
    const { model, trainer } = make(everyStep)
    const before = bits(model)
    const good = { input: new Float32Array(6), target: new Float32Array(6) }
    const refused = async (bad: Partial<typeof good>, place: string): Promise<void> => {
      const dataset = new Dataset([good, { ...good, ...bad }])
      const message = `.sequences[1].${place} (all counted from 0)`
      const fit = collect(trainer.fit(dataset, { epochs: 1 }))
      await expectGruRejection(fit, 'ERR_GRU_VALUE', `data${message}`)
      const validated = collect(trainer.fit([batch], { epochs: 1, validation: dataset }))
      await expectGruRejection(validated, 'ERR_GRU_VALUE', `validation${message}`)
    }
    await refused(
      { input: withOne(6, 5, value) },
      `input: expected finite numbers, got ${value} in step 2, column 1`,
    )
    await refused(
      { target: withOne(6, 2, value) },
      `target: expected finite numbers, got ${value} in step 1, column 0`,
    )
    expect(bits(model)).toEqual(before)
  })

  test("in the one target of a dataset's sequence has a column alone", async () => {
    const { trainer } = make()
    const dataset = new Dataset([{ input: new Float32Array(2), target: Float32Array.of(NaN) }])
    const message = /^data\.sequences\[0\]\.target: expected finite numbers, got NaN in column 0 /
    const fit = collect(trainer.fit(dataset, { epochs: 1 }))
    await expectGruRejection(fit, 'ERR_GRU_VALUE', message)
  })

  test('in a target may be NaN where the loss ignores missing values, and no other', async () => {
    const loss = { kind: 'meanSquaredError', ignoreMissing: true } as const
    const { trainer } = make({ ...everyStep, output: { ...everyStep.output, loss } })
    const sequence = { input: Float32Array.of(1, 2, 3, 4), target: Float32Array.of(1, NaN, NaN, 0) }
    const [progress] = await collect(trainer.fit(new Dataset([sequence]), { epochs: 1 }))
    expect(progress!.loss).toBeGreaterThan(0)
    const [again] = await collect(trainer.fit([sequence], { epochs: 1 }))
    expect(again!.loss).toBeGreaterThan(0)
    const words =
      'target: expected finite numbers, or NaN where a value is missing, got Infinity in'
    const end = 'step 1, column 0 (all counted from 0)'
    const infinite = { ...sequence, target: Float32Array.of(1, NaN, Infinity, 0) }
    await expectGruRejection(
      collect(trainer.fit(new Dataset([infinite]), { epochs: 1 })),
      'ERR_GRU_VALUE',
      `data.sequences[0].${words} ${end}`,
    )
    await expectGruRejection(
      collect(trainer.fit([infinite], { epochs: 1 })),
      'ERR_GRU_VALUE',
      `data: batch 1 of epoch 1: ${words} sequence 0, ${end}`,
    )
    const input = withOne(4, 1, NaN)
    await expectGruRejection(
      collect(trainer.fit(new Dataset([{ ...sequence, input }]), { epochs: 1 })),
      'ERR_GRU_VALUE',
      /^data\.sequences\[0\]\.input: expected finite numbers, got/,
    )
  })

  // Three steps of two sequences: element 9 of [steps, batch, 2] is step 2, sequence 0; of [batch, steps, 2] it is
  // step 1 of sequence 1.
  test.each([
    [false, 'sequence 0, step 2, column 1'],
    [true, 'sequence 1, step 1, column 1'],
  ])('in a ready batch is named with the batch, batchFirst: %p', async (batchFirst, place) => {
    const { model, trainer } = make({ ...everyStep, gru: { hiddenSize: 6, batchFirst } })
    const good = { input: new Float32Array(12), target: new Float32Array(12), batch: 2 }
    for (const name of ['input', 'target'] as const) {
      const bad = { ...good, [name]: withOne(12, 9, NaN) }
      const seen: string[][] = []
      const message = `batch 2 of epoch 1: ${name}: expected finite numbers, got NaN in ${place} (all counted from 0)`
      const fit = async (): Promise<void> => {
        for await (const { loss } of trainer.fit([good, bad, good], { epochs: 1 })) {
          seen.push([String(loss > 0), ...bits(model)])
        }
      }
      await expectGruRejection(fit(), 'ERR_GRU_VALUE', `data: ${message}`)
      expect(seen).toEqual([['true', ...bits(model)]])
      const validation = [good, bad]
      const validated = collect(trainer.fit([good], { epochs: 1, validation }))
      await expectGruRejection(validated, 'ERR_GRU_VALUE', `validation: ${message}`)
    }
  })

  test('in the one target of a ready batch has no step', async () => {
    const bad = { ...batch, target: Float32Array.of(0, 0, Infinity) }
    const message = /^data: batch 1 of epoch 1: target: .* Infinity in sequence 2, column 0 /
    const fit = collect(make().trainer.fit([bad], { epochs: 1 }))
    await expectGruRejection(fit, 'ERR_GRU_VALUE', message)
  })

  test.each([false, true])('past a length is padding, batchFirst: %p', async (batchFirst) => {
    const { trainer } = make({ ...everyStep, gru: { hiddenSize: 6, batchFirst } })
    const padding = (valid: number[]): Float32Array =>
      Float32Array.from({ length: 12 }, (_, i) => (valid.includes(i) ? 1 : NaN))
    // One step of the first sequence, three of the second.
    const valid = batchFirst ? [0, 1, 6, 7, 8, 9, 10, 11] : [0, 1, 2, 3, 6, 7, 10, 11]
    const ragged = { input: padding(valid), target: padding(valid), batch: 2, lengths: [1, 3] }
    const [progress] = await collect(trainer.fit([ragged], { epochs: 1 }))
    expect(progress!.loss).toBeGreaterThan(0)

    const last = make({ ...options, gru: { hiddenSize: 6, batchFirst } }).trainer
    const empty = { ...ragged, input: padding([6, 7, 8, 9, 10, 11]), lengths: [0, 3] }
    if (!batchFirst) empty.input = padding([2, 3, 6, 7, 10, 11])
    const fit = last.fit([{ ...empty, target: Float32Array.of(NaN, 1) }], { epochs: 1 })
    expect(await collect(fit)).toHaveLength(1)
  })
})

describe('a step with a number that is not finite', () => {
  const kinds = ['sgd', 'adam', 'adamw', 'rmsprop'] as const
  const cases = kinds.flatMap((kind) =>
    [undefined, 1].map((clipNorm) => ({ optimizer: { kind }, clipNorm })),
  )
  const bad: [string, Partial<TrainingBatch>][] = wrong.flatMap((value) => [
    [`an input of ${value}`, { input: withOne(24, 7, value) }],
    [`a target of ${value}`, { target: withOne(3, 1, value) }],
  ])

  test.each(cases)('is refused, and leaves no trace: %j', async (trainerOptions) => {
    const dropping = { ...options, gru: { hiddenSize: 6, numLayers: 2, dropout: 0.4 } }
    const [{ model, trainer }, expected] = [1, 2].map(() => make(dropping, trainerOptions)) as [
      ReturnType<typeof make>,
      ReturnType<typeof make>,
    ]
    for (const [, change] of bad) {
      const before = bits(model)
      const message =
        /^step \d+: (loss|norm of the gradients): expected a finite number, got (NaN|Infinity); it began in /
      const call = { ...batch, ...change }
      expectGruError(() => trainer.stepSync(call), 'ERR_GRU_NONFINITE', message)
      await expectGruRejection(trainer.step(call), 'ERR_GRU_NONFINITE', message)
      expect(bits(model)).toEqual(before)
      // The moments, the count of steps and the dropout continue as if the refused step had not happened.
      expect(trainer.stepSync(batch)).toEqual(expected.trainer.stepSync(batch))
      expect(bits(model)).toEqual(bits(expected.model))
    }
  })

  test('passes through where nothing is changed', async () => {
    const { model, trainer } = make()
    const input = batch.input.slice().fill(NaN)
    expect((await trainer.evaluate({ ...batch, input })).loss).toBeNaN()
    expect(model.predictSync(input, { batch: 3 })).toEqual(new Float32Array(3).fill(NaN))
    expect(await model.predict(input, { batch: 3 })).toEqual(new Float32Array(3).fill(NaN))
  })

  test('is made where the gradients are finite, however large their norm', () => {
    const { model, trainer } = make(options, { optimizer: { kind: 'sgd' }, clipNorm: 1000 })
    const before = bits(model)
    // The square of this target is beyond float32, and so is the norm of the gradients.
    const target = new Float32Array(3).fill(-1.65e38)
    const { loss, gradNorm } = trainer.stepSync({ ...batch, target })
    expect(loss / 1.65e38 ** 2).toBeCloseTo(1, 5)
    expect(gradNorm).toBeGreaterThan(2 ** 128)
    expect(gradNorm).toBeLessThan(Infinity)
    expect(bits(model)).not.toEqual(before)
    for (const parameter of Object.values(model.getParameters())) {
      expect(parameter.every((value) => Math.abs(value) < 2)).toBe(true)
    }
  })
})
