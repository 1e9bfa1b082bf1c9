import { Dataset, type FitOptions, type TrainingBatch } from '../lib'
import { startFit } from '../lib/fit/loop'
import { fakeTrainer } from './support/fit'
import { integers, uniform } from './support/numbers'
import { batch, bits, collect, data, make, options, random, sequences } from './support/trainer'

describe('fit', () => {
  test('goes through the data, and tells how far it is', async () => {
    const { trainer } = make()
    const all = await collect(trainer.fit(data, { epochs: 2, batchSize: 4 }))
    expect(
      all.map(({ epoch, epochs, batch: at, batches, epochEnd }) => [
        epoch,
        epochs,
        at,
        batches,
        epochEnd,
      ]),
    ).toEqual([
      [1, 2, 1, 3, false],
      [1, 2, 2, 3, false],
      [1, 2, 3, 3, true],
      [2, 2, 1, 3, false],
      [2, 2, 2, 3, false],
      [2, 2, 3, 3, true],
    ])
    // The last batch has three sequences, the others four.
    const [a, b, c] = all.map(({ loss }) => loss)
    expect(all[1]!.meanLoss).toBeCloseTo((a! + b!) / 2, 12)
    expect(all[2]!.meanLoss).toBeCloseTo((4 * a! + 4 * b! + 3 * c!) / 11, 12)
    expect(all[3]!.meanLoss).toBe(all[3]!.loss)
    expect(all.every(({ gradNorm }) => gradNorm > 0)).toBe(true)
    expect(all.every(({ validationLoss }) => validationLoss === undefined)).toBe(true)
  })

  test('weighs a mean by valid steps where every step predicts', async () => {
    const every = { ...options, output: { ...options.output, every: 'step' as const } }
    const { trainer } = make(every)
    const ragged = [1, 3, 2].map((steps) => ({
      input: uniform(random, 2 * steps),
      target: uniform(random, steps),
    }))
    const all = await collect(
      trainer.fit(new Dataset(ragged), { epochs: 1, batchSize: 2, shuffle: false }),
    )
    const [a, b] = all.map(({ loss }) => loss)
    expect(all[1]!.meanLoss).toBeCloseTo((4 * a! + 2 * b!) / 6, 12)
  })

  test('learns', async () => {
    const { trainer } = make()
    const all = await collect(trainer.fit(data, { epochs: 40, batchSize: 4 }))
    const ends = all.filter(({ epochEnd }) => epochEnd)
    expect(ends.at(-1)!.meanLoss).toBeLessThan(ends[0]!.meanLoss / 5)
  })

  test('is the same as its steps one by one', async () => {
    const fitted = make()
    const batches = [batch, { ...batch, target: Float32Array.of(1, 2, 3) }]
    const all = await collect(fitted.trainer.fit(batches, { epochs: 2 }))
    const stepped = make()
    const results = [...batches, ...batches].map((one) => stepped.trainer.stepSync(one))
    expect(all.map(({ loss, gradNorm }) => ({ loss, gradNorm, skipped: false }))).toEqual(results)
    expect(bits(fitted.model)).toEqual(bits(stepped.model))
  })

  test("shuffles by its seed, else by the model's, in another order each epoch", async () => {
    const losses = async (fitOptions: Partial<FitOptions>): Promise<number[]> => {
      // The learning rate is 0, so that the losses depend only on the batches.
      const { trainer } = make(options, { optimizer: { kind: 'sgd', learningRate: 0 } })
      const all = await collect(trainer.fit(data, { epochs: 2, batchSize: 4, ...fitOptions }))
      return all.map(({ loss }) => loss)
    }
    const plain = await losses({ shuffle: false })
    expect(plain.slice(0, 3)).toEqual(plain.slice(3))
    const shuffled = await losses({})
    expect(shuffled.slice(0, 3)).not.toEqual(shuffled.slice(3))
    expect(await losses({})).toEqual(shuffled)
    expect(await losses({ seed: 1 })).toEqual(shuffled)
    expect(await losses({ seed: 2 })).not.toEqual(shuffled)
  })

  describe('in several calls of one epoch', () => {
    const dropping = { ...options, gru: { hiddenSize: 6, numLayers: 2, dropout: 0.3 } }

    async function trained(...calls: FitOptions[]): Promise<{ losses: number[]; bits: string[] }> {
      const { model, trainer } = make(dropping)
      const losses: number[] = []
      for (const call of calls) {
        for (const { loss } of await collect(trainer.fit(data, { batchSize: 4, ...call }))) {
          losses.push(loss)
        }
      }
      return { losses, bits: bits(model) }
    }

    test('is one call of several epochs, to the bit', async () => {
      const whole = await trained({ epochs: 4 })
      const once = { epochs: 1 }
      expect(await trained(once, once, once, once)).toEqual(whole)
      expect(await trained(once, { epochs: 3 })).toEqual(whole)
      // A call with a seed has its own orders, and does not affect those of calls without a seed.
      const { losses } = await trained(once, { epochs: 1, seed: 5 }, { epochs: 3 })
      expect(losses.slice(0, 3)).toEqual(whole.losses.slice(0, 3))
    })

    test('has the same order in each where they are given the seed', async () => {
      const orders: string[][] = [[], []]
      // The learning rate is 0, so that the losses depend only on the batches.
      const { trainer } = make(options, { optimizer: { kind: 'sgd', learningRate: 0 } })
      for (let call = 0; call < 3; call++) {
        for (const [i, seed] of [undefined, 9].entries()) {
          const all = await collect(trainer.fit(data, { epochs: 1, batchSize: 4, seed }))
          orders[i]!.push(all.map(({ loss }) => loss).join())
        }
      }
      expect(orders.map((found) => new Set(found).size)).toEqual([3, 1])
    })
  })

  test('measures validation data after each epoch', async () => {
    const { model, trainer } = make()
    const validation = new Dataset(sequences.slice(0, 5))
    const ends: [number, number][] = []
    for await (const { epochEnd, validationLoss } of trainer.fit(data, {
      epochs: 2,
      batchSize: 4,
      validation,
    })) {
      if (!epochEnd) {
        ends.push([validationLoss ?? 0, 0])
        continue
      }
      const errors = sequences.slice(0, 5).map(({ input, target }) => {
        const [prediction] = model.predictSync(input)
        return (prediction! - target[0]!) ** 2
      })
      ends.push([validationLoss!, errors.reduce((sum, error) => sum + error) / 5])
    }
    // Values are undefined (written as 0) except at the ends of epochs.
    expect(ends.map(([told]) => told > 0)).toEqual([false, false, true, false, false, true])
    for (const [told, expected] of ends) expect(told).toBeCloseTo(expected, 6)
  })

  test('goes through validation data in their own order, which moves none of the training', async () => {
    const validation = new Dataset(
      Array.from({ length: 7 }, (_, i) => ({
        input: Float32Array.of(i, 0),
        target: new Float32Array(1),
      })),
    )
    const run = async (
      fitOptions: FitOptions,
    ): Promise<{ steps: readonly number[][]; seen: readonly (readonly number[])[] }> => {
      const fake = fakeTrainer()
      await collect(startFit(fake.jobs, validation, fitOptions))
      return { steps: fake.steps.map(({ marks }) => [...marks[0]!]), seen: fake.validated }
    }
    const { steps, seen } = await run({ epochs: 2, batchSize: 3, validation })
    const ownOrder = [[0, 1, 2], [3, 4, 5], [6]]
    expect(seen).toEqual([...ownOrder, ...ownOrder])
    expect(steps.slice(0, 3)).not.toEqual(ownOrder)
    expect((await run({ epochs: 2, batchSize: 3 })).steps).toEqual(steps)
  })

  test('takes batches from any iterable, which may reuse its arrays', async () => {
    const inputs = [1, 2, 3].map(() => uniform(random, 24))
    const expected = make()
    const results = inputs.map((input) => expected.trainer.stepSync({ ...batch, input }).loss)
    async function* reusing(): AsyncGenerator<TrainingBatch> {
      const input = new Float32Array(24)
      for (const values of inputs) {
        input.set(values)
        yield { ...batch, input }
        input.fill(NaN)
        await Promise.resolve()
      }
    }
    const { model, trainer } = make()
    const all = await collect(trainer.fit(reusing(), { epochs: 1 }))
    expect(all.map(({ loss }) => loss)).toEqual(results)
    expect(all.map(({ batches }) => batches)).toEqual([undefined, undefined, 3])
    expect(bits(model)).toEqual(bits(expected.model))
  })

  test('ends when the loop is left, and closes the iterable', async () => {
    const { model, trainer } = make()
    let closed = false
    function* endless(): Generator<TrainingBatch> {
      try {
        for (;;) yield batch
      } finally {
        closed = true
      }
    }
    let steps = 0
    for await (const { batch: at } of trainer.fit(endless(), { epochs: 1 })) {
      steps = at
      if (at === 3) break
    }
    expect([steps, closed]).toEqual([3, true])
    const expected = make()
    for (let i = 0; i < 3; i++) expected.trainer.stepSync(batch)
    expect(bits(model)).toEqual(bits(expected.model))
  })

  test('ends by a signal, and the model keeps the last finished step', async () => {
    const { model, trainer } = make()
    const controller = new AbortController()
    const reason = new Error('enough')
    let last: string[] = []
    const training = (async () => {
      for await (const { epoch } of trainer.fit(data, { epochs: 99, signal: controller.signal })) {
        last = bits(model)
        if (epoch === 2) controller.abort(reason)
      }
    })()
    await expect(training).rejects.toBe(reason)
    expect(bits(model)).toEqual(last)
  })

  test('computes nothing before it is asked', async () => {
    const { model, trainer } = make()
    const before = bits(model)
    const progress = trainer.fit(data, { epochs: 1 })
    await new Promise(setImmediate)
    expect(bits(model)).toEqual(before)
    await progress.return()
    expect(await progress.next()).toEqual({ done: true, value: undefined })
  })
})

test('a model of tokens learns to copy', async () => {
  const { model, trainer } = make(
    {
      input: { tokens: 5, embeddingSize: 4 },
      gru: { hiddenSize: 16 },
      output: { size: 5, loss: 'crossEntropy' },
      seed: 4,
    },
    { optimizer: { kind: 'adam', learningRate: 0.02 }, clipNorm: 1 },
  )
  const texts = Array.from({ length: 20 }, () => {
    const tokens = integers(random, 6, 5)
    return { input: tokens, target: tokens }
  })
  await collect(trainer.fit(new Dataset(texts), { epochs: 30, batchSize: 5 }))
  const tokens = Int32Array.of(4, 0, 3, 3, 1, 2)
  const logits = model.predictSync(tokens)
  const found = Array.from(tokens, (_, step) => {
    const row = [...logits.subarray(step * 5, (step + 1) * 5)]
    return row.indexOf(Math.max(...row))
  })
  expect(found).toEqual([...tokens])
})

test('with patience, calls that are pending at the end of an epoch are waited for', async () => {
  const [{ model, trainer }, twin] = [make(), make()]
  const options = { epochs: 1, batchSize: 11, patience: 1 }
  const next = trainer.fit(data, options).next()
  // The update is queued in a later turn of the microtasks, and these calls behind it.
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
  const predicted = [1, 2].map(() => model.predict(batch.input, { batch: 3 }))
  expect((await next).value).toMatchObject({ epochEnd: true })
  await Promise.all(predicted)
  await collect(twin.trainer.fit(data, options))
  expect(bits(model)).toEqual(bits(twin.model))
})
