import {
  Dataset,
  type FitOptions,
  type GruErrorCode,
  type OptimizerOptions,
  type Progress,
  SequenceModel,
  type SequenceModelOptions,
  Trainer,
  type TrainerOptions,
  type TrainingBatch,
  type TrainingData,
} from '../lib'
import { expectGruError, expectGruRejection } from './support/errors'
import { bitsOf, integers, randomSource, uniform } from './support/numbers'

const options: SequenceModelOptions = {
  input: { features: 2 },
  gru: { hiddenSize: 6 },
  output: { size: 1, loss: 'meanSquaredError', every: 'last' },
  seed: 1,
}
const adam: TrainerOptions = { optimizer: { kind: 'adam', learningRate: 0.02 } }
const random = randomSource(11)

const disposables: { dispose(): void }[] = []
function make(
  modelOptions: SequenceModelOptions = options,
  trainerOptions: TrainerOptions = adam,
): { model: SequenceModel; trainer: Trainer } {
  const model = new SequenceModel(modelOptions)
  const trainer = new Trainer(model, trainerOptions)
  disposables.push(trainer, model)
  return { model, trainer }
}
afterEach(() => {
  for (const disposable of disposables.splice(0)) disposable.dispose()
})

const bits = (model: SequenceModel): string[] => Object.values(model.getParameters()).map(bitsOf)

/** Four steps of three sequences: the target is the mean of the first feature. */
const batch = {
  input: uniform(random, 4 * 3 * 2),
  target: Float32Array.of(0.1, -0.2, 0.3),
  batch: 3,
}

describe('options', () => {
  test.each<[OptimizerOptions['kind'], object]>([
    ['sgd', { learningRate: 1e-3, momentum: 0, weightDecay: 0 }],
    ['adam', { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 }],
    ['adamw', { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 1e-2 }],
    ['rmsprop', { learningRate: 1e-2, decay: 0.99, epsilon: 1e-8, momentum: 0, weightDecay: 0 }],
  ])('have the defaults of PyTorch: %s', (kind, defaults) => {
    const { trainer } = make(options, { optimizer: { kind } })
    expect(trainer.options.optimizer).toEqual({ kind, ...defaults })
    expect(trainer.options.clipNorm).toBeUndefined()
    expect(trainer.options.clipValue).toBeUndefined()
  })

  const sgd = { kind: 'sgd' }
  test.each<[unknown, GruErrorCode, string | RegExp]>([
    [undefined, 'ERR_GRU_TYPE', 'options: expected a plain object, got undefined'],
    [{}, 'ERR_GRU_TYPE', 'optimizer: expected a plain object, got undefined'],
    [
      { optimizer: {} },
      'ERR_GRU_TYPE',
      /^optimizer\.kind: expected one of "sgd", "adam", "adamw", "rmsprop", got undefined$/,
    ],
    [{ optimizer: { kind: 'lion' } }, 'ERR_GRU_VALUE', /^optimizer\.kind: .*got "lion"$/],
    [
      { optimizer: { kind: 'sgd', beta1: 0.9 } },
      'ERR_GRU_VALUE',
      'optimizer (sgd): expected only the keys kind, learningRate, momentum, weightDecay, got the key "beta1"',
    ],
    [
      { optimizer: { kind: 'adam', momentum: 0.9 } },
      'ERR_GRU_VALUE',
      /^optimizer \(adam\): .*"momentum"$/,
    ],
    [{ optimizer: { kind: 'sgd', lr: 0.1 } }, 'ERR_GRU_VALUE', /^optimizer: .*"lr"$/],
    [
      { optimizer: { kind: 'sgd', learningRate: -1 } },
      'ERR_GRU_VALUE',
      'optimizer.learningRate: expected a finite number at least 0 and at most 3.4028234663852886e+38, got -1',
    ],
    [
      { optimizer: { kind: 'sgd', learningRate: 1e39 } },
      'ERR_GRU_VALUE',
      /^optimizer\.learningRate: .* at most 3\.4028234663852886e\+38, got 1e\+39$/,
    ],
    [
      { optimizer: { kind: 'adamw', weightDecay: 1e39 } },
      'ERR_GRU_VALUE',
      /^optimizer\.weightDecay: .*got 1e\+39$/,
    ],
    [
      { optimizer: { kind: 'rmsprop', momentum: 1e39 } },
      'ERR_GRU_VALUE',
      /^optimizer\.momentum: .*got 1e\+39$/,
    ],
    [
      { optimizer: { kind: 'adam', epsilon: 1e39 } },
      'ERR_GRU_VALUE',
      /^optimizer\.epsilon: .*got 1e\+39$/,
    ],
    [{ optimizer: sgd, clipNorm: 1e39 }, 'ERR_GRU_VALUE', /^clipNorm: .*got 1e\+39$/],
    [{ optimizer: sgd, clipValue: 1e39 }, 'ERR_GRU_VALUE', /^clipValue: .*got 1e\+39$/],
    [
      { optimizer: { kind: 'adam', beta2: 1 } },
      'ERR_GRU_VALUE',
      'optimizer.beta2: expected a finite number at least 0 and below 1, got 1',
    ],
    [
      { optimizer: { kind: 'adam', epsilon: '1' } },
      'ERR_GRU_TYPE',
      /^optimizer\.epsilon: .*got "1"$/,
    ],
    [
      { optimizer: sgd, clipNorm: 0 },
      'ERR_GRU_VALUE',
      'clipNorm: expected a finite number above 0 and at most 3.4028234663852886e+38, got 0',
    ],
    [
      { optimizer: sgd, clipValue: NaN },
      'ERR_GRU_VALUE',
      'clipValue: expected a finite number above 0 and at most 3.4028234663852886e+38, got NaN',
    ],
    [{ optimizer: sgd, clip: 1 }, 'ERR_GRU_VALUE', /^options: .*"clip"/],
  ])('refuse what is wrong: %#', (bad, code, message) => {
    const { model } = make()
    expectGruError(() => new Trainer(model, bad as TrainerOptions), code, message)
  })

  test.each([undefined, null, {}, options, Object.create(SequenceModel.prototype)])(
    'need a model: %#',
    (bad) => {
      const call = (): unknown => new Trainer(bad as SequenceModel, adam)
      expectGruError(call, 'ERR_GRU_TYPE', /^model: expected a SequenceModel, got /)
    },
  )

  test('need a model that is not disposed of', () => {
    const { model } = make()
    model.dispose()
    expectGruError(() => new Trainer(model, adam), 'ERR_GRU_DISPOSED', /./)
  })
})

describe('a step', () => {
  test('makes the loss smaller, which evaluate confirms without changing anything', async () => {
    const { model, trainer } = make()
    const { loss } = trainer.stepSync(batch)
    for (let i = 0; i < 50; i++) await trainer.step(batch)
    const before = bits(model)
    const { loss: after, ...others } = await trainer.evaluate(batch)
    expect(after).toBeLessThan(loss / 10)
    expect(others).toEqual({})
    expect(bits(model)).toEqual(before)
    expect(trainer.stepSync(batch).loss).toBeCloseTo(after, 6)
  })

  test('tells the loss of its predictions, over valid rows alone', async () => {
    const { model, trainer } = make()
    const lengths = [4, 0, 2]
    const [first, , third] = model.predictSync(batch.input, { batch: 3, lengths })
    const squares = [first! - batch.target[0]!, third! - batch.target[2]!].map((x) => x * x)
    const { loss } = await trainer.evaluate({ ...batch, lengths })
    expect(loss).toBeCloseTo((squares[0]! + squares[1]!) / 2, 6)
  })

  test('measures the norm of the gradients before it clips them', () => {
    const sgd = { kind: 'sgd' as const, learningRate: 1 }
    const free = make(options, { optimizer: sgd })
    const clipped = make(options, { optimizer: sgd, clipNorm: 1e-3 })
    const before = Object.values(clipped.model.getParameters())
    const { gradNorm } = free.trainer.stepSync(batch)
    expect(clipped.trainer.stepSync(batch).gradNorm).toBe(gradNorm)
    const after = Object.values(clipped.model.getParameters())
    const moved = before.flatMap((values, i) => [...values].map((x, j) => after[i]![j]! - x))
    expect(Math.hypot(...moved)).toBeCloseTo(1e-3, 6)
  })

  test('changes nothing at a learning rate of 0', () => {
    const { model, trainer } = make(options, { optimizer: { kind: 'sgd', learningRate: 0 } })
    const before = bits(model)
    trainer.stepSync(batch)
    expect(bits(model)).toEqual(before)
  })

  test('as a promise has copied its batch when it returns', async () => {
    const expected = make()
    expected.trainer.stepSync(batch)
    const { model, trainer } = make()
    const [input, target] = [batch.input.slice(), batch.target.slice()]
    const promise = trainer.step({ input, target, batch: 3 })
    input.fill(NaN)
    structuredClone(target, { transfer: [target.buffer] })
    await promise
    expect(bits(model)).toEqual(bits(expected.model))
  })

  test.each<[unknown, GruErrorCode, string | RegExp]>([
    [undefined, 'ERR_GRU_TYPE', 'batch: expected a plain object, got undefined'],
    [{ ...batch, size: 3 }, 'ERR_GRU_VALUE', /^batch: .*"size"/],
    [
      { ...batch, input: undefined },
      'ERR_GRU_TYPE',
      'input: expected a Float32Array, got undefined',
    ],
    [
      { ...batch, input: batch.input.subarray(1) },
      'ERR_GRU_SHAPE',
      /^input: expected steps\*batch\*features = a multiple of 6, got 23 values$/,
    ],
    [
      { ...batch, target: batch.target.subarray(1) },
      'ERR_GRU_SHAPE',
      'target: expected batch*output.size = 3 values, got 2 values',
    ],
    [
      { ...batch, target: new Int32Array(3) },
      'ERR_GRU_TYPE',
      'target: expected a Float32Array, got an Int32Array of 3',
    ],
    [
      { ...batch, lengths: [1, 2] },
      'ERR_GRU_SHAPE',
      'lengths: expected batch = 3 values, got 2 values',
    ],
    [
      { ...batch, lengths: [0, 0, 0] },
      'ERR_GRU_VALUE',
      /^lengths: expected at least one valid step/,
    ],
    [{ ...batch, batch: 3.5 }, 'ERR_GRU_VALUE', /^batch: /],
  ])('refuses a wrong batch, and changes nothing: %#', async (bad, code, message) => {
    const { model, trainer } = make()
    const before = bits(model)
    expectGruError(() => trainer.stepSync(bad as TrainingBatch), code, message)
    await expectGruRejection(trainer.step(bad as TrainingBatch), code, message)
    await expectGruRejection(trainer.evaluate(bad as TrainingBatch), code, message)
    expect(bits(model)).toEqual(before)
    // The optimiser counts only steps that were made: its first one is as ever.
    const other = make()
    other.trainer.stepSync(batch)
    trainer.stepSync(batch)
    expect(bits(model)).toEqual(bits(other.model))
  })

  test('refuses classes and tokens out of range, and changes nothing', async () => {
    const { model, trainer } = make({
      input: { tokens: 4, embeddingSize: 2 },
      gru: { hiddenSize: 3 },
      output: { size: 3, loss: 'crossEntropy' },
    })
    const before = bits(model)
    const good = { input: Int32Array.of(0, 3), target: Int32Array.of(0, 2) }
    const badClass = { ...good, target: Int32Array.of(0, 3) }
    const badToken = { ...good, input: Int32Array.of(0, 4) }
    const classMessage = 'target[1]: expected an integer from 0 to 2, got 3'
    const tokenMessage = 'input[1]: expected an integer from 0 to 3, got 4'
    expectGruError(() => trainer.stepSync(badClass), 'ERR_GRU_VALUE', classMessage)
    await expectGruRejection(trainer.step(badClass), 'ERR_GRU_VALUE', classMessage)
    expectGruError(() => trainer.stepSync(badToken), 'ERR_GRU_VALUE', tokenMessage)
    await expectGruRejection(trainer.step(badToken), 'ERR_GRU_VALUE', tokenMessage)
    expect(bits(model)).toEqual(before)
  })

  test('looks at no class and no token past a length', async () => {
    const words = {
      input: { tokens: 4, embeddingSize: 2 },
      gru: { hiddenSize: 3 },
      output: { size: 3, loss: 'crossEntropy' as const },
      seed: 3,
    }
    const clean = { input: Int32Array.of(2, 0), target: Int32Array.of(1, 0), lengths: [1] }
    const dirty = { input: Int32Array.of(2, -7), target: Int32Array.of(1, -100), lengths: [1] }
    const [expected, { model, trainer }] = [make(words), make(words)]
    expect(await trainer.evaluate(dirty)).toEqual(await expected.trainer.evaluate(clean))
    expect(trainer.stepSync(dirty)).toEqual(expected.trainer.stepSync(clean))
    expect(await trainer.step(dirty)).toEqual(await expected.trainer.step(clean))
    expect(bits(model)).toEqual(bits(expected.model))
    const input = Int32Array.of(2, -7)
    const prediction = model.predictSync(input, { lengths: [1] })
    expect(prediction).toEqual(model.predictSync(clean.input, { lengths: [1] }))

    const late = { ...clean, input: Int32Array.of(2, 3, 1), lengths: [2] }
    const badClass = { ...late, target: Int32Array.of(1, -100, -100) }
    const classMessage = 'target[1]: expected an integer from 0 to 2, got -100'
    expectGruError(() => trainer.stepSync(badClass), 'ERR_GRU_VALUE', classMessage)
    const badToken = { ...late, target: Int32Array.of(1, 2, 0), input: Int32Array.of(2, -7, -7) }
    const tokenMessage = 'input[1]: expected an integer from 0 to 3, got -7'
    expectGruError(() => trainer.stepSync(badToken), 'ERR_GRU_VALUE', tokenMessage)
  })

  test('looks at no class of a sequence without steps', () => {
    const { trainer } = make({
      input: { tokens: 4, embeddingSize: 2 },
      gru: { hiddenSize: 3 },
      output: { size: 3, loss: 'crossEntropy', every: 'last' },
    })
    const last = { input: new Int32Array(4), target: Int32Array.of(-100, 2), batch: 2 }
    expect(trainer.stepSync({ ...last, lengths: [0, 2] }).loss).toBeGreaterThan(0)
    const message = 'target[0]: expected an integer from 0 to 2, got -100'
    expectGruError(() => trainer.stepSync({ ...last, lengths: [1, 2] }), 'ERR_GRU_VALUE', message)
  })

  test('that is aborted changes nothing', async () => {
    const { model, trainer } = make({ ...options, gru: { hiddenSize: 64 } })
    const before = bits(model)
    const reason = new Error('stop')
    const aborted = trainer.step({ ...batch, signal: AbortSignal.abort(reason) })
    await expect(aborted).rejects.toBe(reason)
    const controller = new AbortController()
    const long = { input: new Float32Array(2 * 100_000), target: Float32Array.of(1) }
    const promise = trainer.step({ ...long, signal: controller.signal })
    setImmediate(() => {
      controller.abort(reason)
    })
    await expect(promise).rejects.toBe(reason)
    expect(bits(model)).toEqual(before)
  })

  test('keeps others from its model meanwhile', async () => {
    const { model, trainer } = make()
    const promise = trainer.step(batch)
    expectGruError(() => trainer.stepSync(batch), 'ERR_GRU_BUSY', /./)
    expectGruError(() => model.predictSync(batch.input), 'ERR_GRU_BUSY', /./)
    expectGruError(() => model.getParameters(), 'ERR_GRU_BUSY', /./)
    // Promise forms wait for their turn.
    const prediction = model.predict(batch.input, { batch: 3 })
    await promise
    expect(await prediction).toEqual(model.predictSync(batch.input, { batch: 3 }))
  })

  test('is refused after dispose', async () => {
    const { model, trainer } = make()
    trainer.dispose()
    trainer.dispose()
    trainer[Symbol.dispose]()
    expectGruError(() => trainer.stepSync(batch), 'ERR_GRU_DISPOSED', /./)
    await expectGruRejection(trainer.step(batch), 'ERR_GRU_DISPOSED', /./)
    await expectGruRejection(trainer.evaluate(batch), 'ERR_GRU_DISPOSED', /./)
    expect(model.predictSync(batch.input)).toHaveLength(1)
    const other = make()
    other.model.dispose()
    expectGruError(() => other.trainer.stepSync(batch), 'ERR_GRU_DISPOSED', /./)
  })
})

/** Sequences of 1 to 5 steps, whose target is the sum of the first feature. */
const sequences = Array.from({ length: 11 }, (_, index) => {
  const input = uniform(random, 2 * (1 + (index % 5)))
  const sum = input.reduce((total, value, i) => total + (i % 2 === 0 ? value : 0), 0)
  return { input, target: Float32Array.of(sum) }
})
const data = new Dataset(sequences)

async function collect(progress: AsyncIterable<Progress>): Promise<Progress[]> {
  const all: Progress[] = []
  for await (const one of progress) all.push(one)
  return all
}

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
    expect(all.map(({ loss, gradNorm }) => ({ loss, gradNorm }))).toEqual(results)
    expect(bits(fitted.model)).toEqual(bits(stepped.model))
  })

  test("shuffles by its seed, else by the model's, in another order each epoch", async () => {
    const losses = async (fitOptions: Partial<FitOptions>): Promise<number[]> => {
      // Nothing is learnt, so that losses tell only what the batches are made of.
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
      // A call with a seed has orders of its own, and does not move those without.
      const { losses } = await trained(once, { epochs: 1, seed: 5 }, { epochs: 3 })
      expect(losses.slice(0, 3)).toEqual(whole.losses.slice(0, 3))
    })

    test('has the same order in each where they are given the seed', async () => {
      const orders: string[][] = [[], []]
      // Nothing is learnt, so that losses tell only what the batches are made of.
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
    // Undefined, written as 0, but at the ends.
    expect(ends.map(([told]) => told > 0)).toEqual([false, false, true, false, false, true])
    for (const [told, expected] of ends) expect(told).toBeCloseTo(expected, 6)
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

  test.each<[unknown, unknown, GruErrorCode, string | RegExp]>([
    [data, undefined, 'ERR_GRU_TYPE', 'options: expected a plain object, got undefined'],
    [data, {}, 'ERR_GRU_TYPE', /^epochs: expected an integer from 1 .*got undefined$/],
    [data, { epochs: 0 }, 'ERR_GRU_VALUE', /^epochs: /],
    [
      data,
      { epochs: 1, batchsize: 3 },
      'ERR_GRU_VALUE',
      /^options: .*\(did you mean batchSize\?\)$/,
    ],
    [data, { epochs: 1, batchSize: 0 }, 'ERR_GRU_VALUE', /^batchSize: /],
    [data, { epochs: 1, shuffle: 'yes' }, 'ERR_GRU_TYPE', /^shuffle: /],
    [data, { epochs: 1, seed: -1 }, 'ERR_GRU_VALUE', /^seed: /],
    [data, { epochs: 1, signal: {} }, 'ERR_GRU_TYPE', /^signal: /],
    [
      data,
      { epochs: 1, validation: 5 },
      'ERR_GRU_TYPE',
      'validation: expected a Dataset or an iterable of batches, got 5',
    ],
    [
      undefined,
      { epochs: 1 },
      'ERR_GRU_TYPE',
      'data: expected a Dataset or an iterable of batches, got undefined',
    ],
    [
      'text',
      { epochs: 1 },
      'ERR_GRU_TYPE',
      'data: expected a Dataset or an iterable of batches, got "text"',
    ],
    [
      [batch],
      { epochs: 1, batchSize: 3 },
      'ERR_GRU_VALUE',
      'batchSize: expected none, since data are ready batches, got 3',
    ],
    [[batch], { epochs: 1, shuffle: true }, 'ERR_GRU_VALUE', /^shuffle: expected none/],
    [
      new Dataset([...sequences, { input: new Float32Array(3), target: new Float32Array(1) }]),
      { epochs: 1 },
      'ERR_GRU_SHAPE',
      /^data\.sequences\[11\]\.input: expected steps\*features = a multiple of 2, got 3 values$/,
    ],
  ])('refuses what is wrong at once: %#', (badData, fitOptions, code, message) => {
    const { trainer } = make()
    const call = (): unknown => trainer.fit(badData as TrainingData, fitOptions as FitOptions)
    expectGruError(call, code, message)
  })

  test('refuses a wrong batch when it comes, and an iterable that runs out', async () => {
    const { trainer } = make()
    const bad = [batch, { ...batch, target: new Float32Array(1) }]
    await expectGruRejection(collect(trainer.fit(bad, { epochs: 1 })), 'ERR_GRU_SHAPE', /^target: /)
    const once = [batch].values()
    const message = /^data: expected at least one batch in every epoch .*got none in epoch 2$/
    await expectGruRejection(collect(trainer.fit(once, { epochs: 2 })), 'ERR_GRU_VALUE', message)
    const validation: TrainingBatch[] = []
    const empty = collect(trainer.fit([batch], { epochs: 1, validation }))
    await expectGruRejection(empty, 'ERR_GRU_VALUE', /^validation: expected at least one batch/)
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
