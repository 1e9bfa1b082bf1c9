import {
  type GruErrorCode,
  type InputBatch,
  type Model,
  type ModelInputBatch,
  Trainer,
  type TrainingPass,
} from '../lib'
import { expectGruError, expectGruRejection } from './support/errors'
import { batch as twoSided, makeModel } from './support/models'
import { bitsOf, integers, largestDifference, randomSource, uniform } from './support/numbers'
import { seed } from './support/random'
import { batch, bits, make, options } from './support/trainer'

const { target, ...inputs } = batch
/** Of the model of {@link makeModel}, with two outputs. */
const given = { inputs: twoSided.inputs, lengths: twoSided.lengths, batch: 3 }
const sgd = { optimizer: { kind: 'sgd', learningRate: 0.1 } } as const

/** Of the mean of squared errors over all values of rows that count. */
function squaredErrorGradient(
  predictions: Float32Array,
  targets: Float32Array,
  counts: (row: number) => boolean = () => true,
  size = 1,
): Float32Array {
  const rows = predictions.length / size
  const counted = Array.from({ length: rows }, (_, row) => row).filter(counts).length
  const scale = Math.fround(2 / (counted * size))
  return predictions.map((value, i) =>
    counts(Math.floor(i / size)) ? Math.fround(Math.fround(value - targets[i]!) * scale) : NaN,
  )
}

/** Of the mean cross entropy over all rows. */
function crossEntropyGradient(logits: Float32Array, classes: Int32Array): Float32Array {
  const size = logits.length / classes.length
  return logits.map((_, i) => {
    const row = Math.floor(i / size)
    const values = Array.from(logits.subarray(row * size, (row + 1) * size))
    const largest = Math.max(...values)
    const exponentials = values.map((value) => Math.exp(value - largest))
    const sum = exponentials.reduce((total, value) => total + value, 0)
    const isTarget = i % size === classes[row] ? 1 : 0
    return (exponentials[i % size]! / sum - isTarget) / classes.length
  })
}

describe("a loss of the caller's own", () => {
  const dropping = { ...options, gru: { hiddenSize: 8, numLayers: 2, dropout: 0.4 } }
  const four = {
    input: uniform(randomSource(3), 5 * 4 * 2),
    target: uniform(randomSource(4), 4),
    batch: 4,
  }

  // A division by 4 is exact, so that the caller's arithmetic is the step's.
  test('has the bits of a step where its gradients have them', async () => {
    const adam = { optimizer: { kind: 'adam', learningRate: 0.02 }, clipNorm: 0.1 } as const
    const [step, sync, later] = [make(dropping, adam), make(dropping, adam), make(dropping, adam)]
    const { target: wanted, ...given } = four
    for (let update = 0; update < 4; update++) {
      const { gradNorm } = step.trainer.stepSync(four)
      const pass = sync.trainer.forwardSync(given)
      pass.backwardSync(squaredErrorGradient(pass.predictions, wanted))
      expect(sync.trainer.updateSync()).toEqual({ gradNorm, skipped: false })
      const promised = await later.trainer.forward(given)
      await promised.backward(squaredErrorGradient(promised.predictions, wanted))
      expect(await later.trainer.update()).toEqual({ gradNorm, skipped: false })
    }
    expect(bits(sync.model)).toEqual(bits(step.model))
    expect(bits(later.model)).toEqual(bits(step.model))
  })

  test('may be cross entropy, at every step', () => {
    const words = {
      input: { tokens: 7, embeddingSize: 4 },
      gru: { hiddenSize: 6, batchFirst: true },
      output: { size: 5, loss: 'crossEntropy' as const },
      seed: 5,
    }
    const [step, own] = [make(words, sgd), make(words, sgd)]
    const random = randomSource(6)
    const given = { input: integers(random, 6 * 3, 7), batch: 3 }
    const classes = integers(random, 6 * 3, 5)
    for (let update = 0; update < 3; update++) {
      const { gradNorm } = step.trainer.stepSync({ ...given, target: classes })
      const pass = own.trainer.forwardSync(given)
      pass.backwardSync(crossEntropyGradient(pass.predictions, classes))
      expect(own.trainer.updateSync().gradNorm).toBeCloseTo(gradNorm, 6)
    }
    const expected = step.model.getParameters()
    for (const [name, values] of Object.entries(own.model.getParameters())) {
      expect(largestDifference(values, expected[name]!)).toBeLessThan(1e-6)
    }
  })

  test('counts nothing of rows past a length', () => {
    const ragged = { ...options, output: { size: 2, loss: 'meanSquaredError' as const } }
    const [step, own] = [make(ragged, sgd), make(ragged, sgd)]
    const lengths = [4, 0, 2]
    const wanted = uniform(randomSource(8), 4 * 3 * 2)
    const { gradNorm } = step.trainer.stepSync({ ...inputs, target: wanted, lengths })
    const pass = own.trainer.forwardSync({ ...inputs, lengths })
    // What is past a length is NaN.
    const counts = (row: number): boolean => Math.floor(row / 3) < lengths[row % 3]!
    pass.backwardSync(squaredErrorGradient(pass.predictions, wanted, counts, 2))
    expect(own.trainer.updateSync().gradNorm).toBeCloseTo(gradNorm, 6)
    const expected = step.model.getParameters()
    for (const [name, values] of Object.entries(own.model.getParameters())) {
      expect(largestDifference(values, expected[name]!)).toBeLessThan(1e-6)
    }
  })

  test('gives the gradient that finite differences give', () => {
    const random = randomSource(seed)
    const model = makeModel({ ...twoSidedOptions(), seed: 8 })
    const trainer = new Trainer(model, { optimizer: { kind: 'sgd', learningRate: 1 } })
    // Of both outputs at once: what no sum over outputs and rows would be.
    const loss = ({ season, level }: Record<string, Float32Array>): number =>
      season!.reduce((sum, x, i) => sum + Math.sin(2 * x + i), 0) *
      Math.log(1 + level!.reduce((sum, x, i) => sum + (1 + (i % 3)) * x * x, 0))
    const gradients = (predictions: Record<string, Float32Array>): Record<string, Float32Array> => {
      const { season, level } = predictions as { season: Float32Array; level: Float32Array }
      const sines = season.reduce((sum, x, i) => sum + Math.sin(2 * x + i), 0)
      const squares = 1 + level.reduce((sum, x, i) => sum + (1 + (i % 3)) * x * x, 0)
      return {
        season: season.map((x, i) => 2 * Math.cos(2 * x + i) * Math.log(squares)),
        level: level.map((x, i) => (sines * 2 * (1 + (i % 3)) * x) / squares),
      }
    }
    const before = model.getParameters()
    const pass = trainer.forwardSync(given)
    pass.backwardSync(gradients(pass.predictions))
    trainer.updateSync()
    const after = model.getParameters()
    for (const [name, values] of Object.entries(before)) {
      const place = Math.floor(random() * values.length)
      const at = (change: number): number => {
        model.setParameters({
          ...before,
          [name]: values.map((x, i) => (i === place ? x + change : x)),
        })
        return loss(model.predictSync(given.inputs, { batch: 3, lengths: given.lengths }))
      }
      const step = 4e-3
      const slope = (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step)
      const gradient = values[place]! - after[name]![place]!
      expect([name, Math.abs(gradient - slope) <= 2e-4 * (1 + Math.abs(slope))]).toEqual([
        name,
        true,
      ])
    }
  })
})

function twoSidedOptions() {
  return {
    inputs: { weather: { features: 2 }, kind: { tokens: 5 } },
    layers: {
      memory: { type: 'gru', input: 'weather', hiddenSize: 4, bidirectional: true },
      last: { type: 'select', input: 'memory' },
      season: { type: 'linear', input: 'last', size: 3 },
      kindVector: { type: 'embedding', input: 'kind', size: 3 },
      reader: { type: 'gru', input: 'kindVector', hiddenSize: 3, numLayers: 2 },
      level: { type: 'linear', input: 'reader', size: 2 },
    },
    outputs: { season: { loss: 'crossEntropy' }, level: { loss: 'meanSquaredError' } },
  } as const
}

describe('passes', () => {
  const gradient = Float32Array.of(0.5, -1, 0.25)
  const other: InputBatch = { ...inputs, input: inputs.input.map((x) => -2 * x) }

  test('may be alive at once, and their gradients are summed', async () => {
    const { model, trainer } = make(options, sgd)
    const start = model.getParameters()
    const changes = [inputs, other].map((given) => {
      const alone = make(options, sgd)
      alone.trainer.forwardSync(given).backwardSync(gradient)
      alone.trainer.updateSync()
      return alone.model.getParameters()
    })
    const [left, right] = [await trainer.forward(inputs), await trainer.forward(other)]
    // A prediction, and a step of another batch's evaluation, between forward and backward.
    const predictions = left.predictions.slice()
    model.predictSync(other.input, { batch: 3 })
    await trainer.evaluate(batch)
    await Promise.all([right.backward(gradient), left.backward(gradient)])
    await trainer.update()
    expect(left.predictions).toEqual(predictions)
    for (const [name, values] of Object.entries(model.getParameters())) {
      const expected = values.map(
        (_, i) => changes[0]![name]![i]! + changes[1]![name]![i]! - start[name]![i]!,
      )
      expect(largestDifference(values, expected)).toBeLessThan(1e-6)
    }
  })

  test('have copied their inputs, and backward its gradients', async () => {
    const [expected, { model, trainer }] = [make(options, sgd), make(options, sgd)]
    const wanted = expected.trainer.forwardSync(inputs)
    wanted.backwardSync(gradient)
    expected.trainer.updateSync()
    const copy = { ...inputs, input: inputs.input.slice() }
    const promise = trainer.forward(copy)
    copy.input.fill(NaN)
    const pass = await promise
    expect(pass.predictions).toEqual(wanted.predictions)
    const given = gradient.slice()
    const backward = pass.backward(given)
    given.fill(NaN)
    await backward
    await trainer.update()
    expect(bits(model)).toEqual(bits(expected.model))
    const inPlace = make(options, sgd)
    const sync = { ...inputs, input: inputs.input.slice() }
    const second = inPlace.trainer.forwardSync(sync)
    sync.input.fill(NaN)
    second.backwardSync(gradient)
    inPlace.trainer.updateSync()
    expect(bits(inPlace.model)).toEqual(bits(expected.model))
  })

  test('have other masks each time, and a step after them too', () => {
    const dropping = { ...options, gru: { hiddenSize: 16, numLayers: 2, dropout: 0.5 } }
    const { trainer } = make(dropping, { optimizer: { kind: 'sgd', learningRate: 0 } })
    const seen = [1, 2, 3].map(() => bitsOf(trainer.forwardSync(inputs).predictions))
    const still = make(dropping, { optimizer: { kind: 'sgd', learningRate: 0 } })
    const losses = [1, 2, 3, 4].map(() => still.trainer.stepSync(batch).loss)
    expect(new Set(seen).size).toBe(3)
    expect(trainer.stepSync(batch).loss).toBe(losses[3])
  })

  test('of a Model are by name, and an output without a gradient has none', () => {
    const [one, other] = [makeModel(), makeModel()]
    const trainers = [one, other].map((model: Model) => new Trainer(model, sgd))
    const passes = trainers.map((trainer) => trainer.forwardSync(given))
    expect(Object.keys(passes[0]!.predictions)).toEqual(['season', 'level'])
    expect(passes[0]!.predictions).toEqual(
      one.predictSync(given.inputs, { batch: 3, lengths: given.lengths }),
    )
    const season = passes[0]!.predictions['season']!.map((_, i) => i - 4)
    passes[0]!.backwardSync({ season })
    passes[1]!.backwardSync({ season, level: new Float32Array(30) })
    for (const trainer of trainers) trainer.updateSync()
    expect(one.getParameters()).toEqual(other.getParameters())
    const again = trainers[0]!.forwardSync(given)
    const bad = { seasons: season } as never
    expectGruError(
      () => {
        again.backwardSync(bad)
      },
      'ERR_GRU_VALUE',
      /^gradients: .*"seasons"/,
    )
    const short = { level: new Float32Array(29) }
    expectGruError(
      () => {
        again.backwardSync(short)
      },
      'ERR_GRU_SHAPE',
      /^gradients\.level: expected .* = 30 values/,
    )
    expectGruError(
      () => {
        again.backwardSync({ level: null } as never)
      },
      'ERR_GRU_TYPE',
      'gradients.level: expected a Float32Array, got null',
    )
    again.dispose()
  })

  test('are used once', async () => {
    const { trainer } = make(options, sgd)
    const message =
      /^pass: expected one in use, got one that backward used up or that was disposed$/
    const pass = trainer.forwardSync(inputs)
    pass.backwardSync(gradient)
    expectGruError(
      () => {
        pass.backwardSync(gradient)
      },
      'ERR_GRU_DISPOSED',
      message,
    )
    await expectGruRejection(pass.backward(gradient), 'ERR_GRU_DISPOSED', message)
    const disposed = trainer.forwardSync(inputs)
    disposed.dispose()
    disposed.dispose()
    disposed[Symbol.dispose]()
    await expectGruRejection(disposed.backward(gradient), 'ERR_GRU_DISPOSED', message)
    expect(disposed.predictions).toHaveLength(3)
  })

  test('of parameters that changed since are refused, and gather nothing', async () => {
    const { model, trainer } = make(options, sgd)
    const message =
      'pass: expected the parameters of its forward call, got parameters changed since'
    const [first, second] = [trainer.forwardSync(inputs), trainer.forwardSync(inputs)]
    first.backwardSync(gradient)
    trainer.updateSync()
    await expectGruRejection(second.backward(gradient), 'ERR_GRU_VALUE', message)
    const third = trainer.forwardSync(inputs)
    model.setParameters(model.getParameters())
    expectGruError(
      () => {
        third.backwardSync(gradient)
      },
      'ERR_GRU_VALUE',
      message,
    )
    expectGruError(() => trainer.updateSync(), 'ERR_GRU_VALUE', /got none$/)
  })

  test('keep steps away until an update or discard', async () => {
    const [expected, { model, trainer }] = [make(options, sgd), make(options, sgd)]
    const message =
      'trainer.step: expected no gradients of passes that wait for an update, got some: ' +
      'call trainer.update, or trainer.discard to drop them'
    trainer.forwardSync(inputs).backwardSync(gradient)
    expectGruError(() => trainer.stepSync(batch), 'ERR_GRU_VALUE', message)
    await expectGruRejection(trainer.step(batch), 'ERR_GRU_VALUE', message)
    await trainer.discard()
    expect(trainer.stepSync(batch)).toEqual(expected.trainer.stepSync(batch))
    trainer.forwardSync(inputs).backwardSync(gradient)
    trainer.discardSync()
    expect(trainer.stepSync(batch)).toEqual(expected.trainer.stepSync(batch))
    expect(bits(model)).toEqual(bits(expected.model))
    const none = "trainer.update: expected gradients of a pass's backward call, got none"
    expectGruError(() => trainer.updateSync(), 'ERR_GRU_VALUE', none)
    await expectGruRejection(trainer.update(), 'ERR_GRU_VALUE', none)
  })

  test('update by the rate given, within groups, frozen parameters and the average', () => {
    const whole = {
      optimizer: { kind: 'adam', learningRate: 0.1 },
      groups: [{ parameters: 'head.*', learningRate: 0.3 }],
      frozen: 'gru.bias*',
      average: { decay: 0.5 },
    } as const
    const three = { ...batch, target: Float32Array.of(1, 2, 3) }
    const [step, own] = [make(options, whole), make(options, whole)]
    step.trainer.stepSync(three, { learningRate: 0.05 })
    const pass = own.trainer.forwardSync(inputs)
    pass.backwardSync(squaredErrorGradient(pass.predictions, three.target))
    own.trainer.updateSync({ learningRate: 0.05 })
    const expected = step.trainer.getAverage()
    for (const [name, values] of Object.entries(own.trainer.getAverage())) {
      expect(largestDifference(values, expected[name]!)).toBeLessThan(1e-6)
    }
    expectGruError(
      () => own.trainer.updateSync({ learningRate: -1 }),
      'ERR_GRU_VALUE',
      /^learningRate: /,
    )
  })

  test('with gradients that are not finite refuse the update, or leave it out', async () => {
    const spoilt = Float32Array.of(0, NaN, 0)
    const { model, trainer } = make(options, sgd)
    const before = bits(model)
    trainer.forwardSync(inputs).backwardSync(spoilt)
    const message =
      /^step 1: norm of the gradients: expected a finite number, got NaN; it began in the gradient of "head\.bias"\. /
    expectGruError(() => trainer.updateSync(), 'ERR_GRU_NONFINITE', message)
    await expectGruRejection(trainer.update(), 'ERR_GRU_NONFINITE', message)
    expect(bits(model)).toEqual(before)
    trainer.discardSync()
    const skipping = make(options, { ...sgd, nonFinite: 'skip' })
    skipping.trainer.forwardSync(inputs).backwardSync(spoilt)
    expect(skipping.trainer.updateSync()).toEqual({ gradNorm: NaN, skipped: true })
    expect(skipping.trainer.skippedSteps).toBe(1)
    expect(bits(skipping.model)).toEqual(before)
    // They are dropped.
    const expected = make(options, sgd)
    expect(skipping.trainer.stepSync(batch)).toEqual(expected.trainer.stepSync(batch))
  })

  test.each<[unknown, GruErrorCode, string | RegExp]>([
    [{ ...inputs, target }, 'ERR_GRU_VALUE', /^batch: .*"target"/],
    [{ ...inputs, input: inputs.input.subarray(1) }, 'ERR_GRU_SHAPE', /^input: /],
    [{ ...inputs, lengths: [1] }, 'ERR_GRU_SHAPE', /^lengths: /],
    [5, 'ERR_GRU_TYPE', 'batch: expected a plain object, got 5'],
  ])('are not made of a wrong batch: %#', async (bad, code, message) => {
    const { trainer } = make()
    expectGruError(() => trainer.forwardSync(bad as InputBatch), code, message)
    await expectGruRejection(trainer.forward(bad as InputBatch), code, message)
  })

  test('are not made of tokens out of range', async () => {
    const model = makeModel()
    const trainer = new Trainer(model, sgd)
    const kind = given.inputs.kind.map((token, i) => (i === 0 ? 9 : token))
    const bad: ModelInputBatch = { ...given, inputs: { ...given.inputs, kind } }
    const message = 'inputs.kind[0]: expected an integer from 0 to 4, got 9'
    expectGruError(() => trainer.forwardSync(bad), 'ERR_GRU_VALUE', message)
    await expectGruRejection(trainer.forward(bad), 'ERR_GRU_VALUE', message)
  })

  test('keep synchronous calls away while they are pending', async () => {
    const { trainer } = make()
    const [first, second] = [trainer.forwardSync(inputs), trainer.forwardSync(inputs)]
    const pending = first.backward(gradient)
    expectGruError(
      () => {
        second.backwardSync(gradient)
      },
      'ERR_GRU_BUSY',
      'pass.backwardSync: expected no promise of the same model to be pending, got pending pass.backward; ' +
        'await it, or call pass.backward, which waits for its turn',
    )
    await pending
    second.backwardSync(gradient)
  })

  test('take gradients in the shape of the predictions alone', async () => {
    const { trainer } = make()
    const pass = trainer.forwardSync(inputs)
    for (const [bad, code, got] of [
      [undefined, 'ERR_GRU_TYPE', 'undefined'],
      [null, 'ERR_GRU_TYPE', 'null'],
      [[1, 2, 3], 'ERR_GRU_TYPE', 'an Array of 3'],
      [new Float32Array(2), 'ERR_GRU_SHAPE', '2 values'],
    ] as const) {
      const given = bad as unknown as Float32Array
      const message = new RegExp(`^gradients: expected .*, got ${got}$`)
      expectGruError(
        () => {
          pass.backwardSync(given)
        },
        code,
        message,
      )
      await expectGruRejection(pass.backward(given), code, message)
    }
    pass.backwardSync(gradient)
    expect(trainer.updateSync().gradNorm).toBeGreaterThan(0)
  })

  test('may be aborted, and then have no part in anything', async () => {
    const dropping = { ...options, gru: { hiddenSize: 8, numLayers: 2, dropout: 0.4 } }
    const [expected, { model, trainer }] = [make(dropping, sgd), make(dropping, sgd)]
    const reason = new Error('stop')
    const signal = AbortSignal.abort(reason)
    await expect(trainer.forward({ ...inputs, signal })).rejects.toBe(reason)
    const pass: TrainingPass<Float32Array> = await trainer.forward(inputs)
    await expect(pass.backward(gradient, { signal })).rejects.toBe(reason)
    await pass.backward(gradient)
    await trainer.update()
    const same = expected.trainer.forwardSync(inputs)
    same.backwardSync(gradient)
    expected.trainer.updateSync()
    expect(bits(model)).toEqual(bits(expected.model))
  })

  test('go with their trainer and their model', async () => {
    const { trainer } = make()
    const pass = trainer.forwardSync(inputs)
    trainer.dispose()
    expectGruError(
      () => {
        pass.backwardSync(gradient)
      },
      'ERR_GRU_DISPOSED',
      /^trainer: /,
    )
    await expectGruRejection(pass.backward(gradient), 'ERR_GRU_DISPOSED', /^trainer: /)
    expectGruError(() => trainer.forwardSync(inputs), 'ERR_GRU_DISPOSED', /./)
    expectGruError(() => trainer.updateSync(), 'ERR_GRU_DISPOSED', /./)
    const other = make()
    const orphan = other.trainer.forwardSync(inputs)
    other.model.dispose()
    expectGruError(
      () => {
        orphan.backwardSync(gradient)
      },
      'ERR_GRU_DISPOSED',
      /./,
    )
    await expectGruRejection(other.trainer.forward(inputs), 'ERR_GRU_DISPOSED', /./)
  })
})
