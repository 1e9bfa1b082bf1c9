import {
  Dataset,
  type Lengths,
  type LossOptions,
  Model,
  type ModelOptions,
  type ModelTarget,
  type ModelTrainingBatch,
  type ModelTrainingSequence,
  SequenceModel,
  type SequenceTarget,
  Trainer,
} from '../lib'
import { expectGruError, expectGruRejection } from './support/errors'
import { detached, shared } from './support/memory'
import { collect } from './support/trainer'

const sgd = { optimizer: { kind: 'sgd', learningRate: 0.01 } } as const
const disposables: { dispose(): void }[] = []
afterEach(() => {
  for (const disposable of disposables.splice(0)) disposable.dispose()
})

function optionsOf(
  loss: LossOptions | LossOptions['kind'],
  size: number,
  { every = 'step', batchFirst = false } = {},
): ModelOptions {
  const last = { last: { type: 'select', input: 'x' } } as const
  return {
    inputs: { x: { features: 2 } },
    layers: {
      ...(every === 'last' ? last : {}),
      head: { type: 'linear', input: every === 'last' ? 'last' : 'x', size },
    },
    outputs: { head: { loss } },
    batchFirst,
    seed: 3,
  }
}

function trainerOf(...given: Parameters<typeof optionsOf>): Trainer<Model> {
  const model = new Model(optionsOf(...given))
  const trainer = new Trainer(model, sgd)
  disposables.push(trainer, model)
  return trainer
}

const floats = (count: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(i + 1))
const ints = (...values: number[]): Int32Array => Int32Array.from(values)

/** Four steps of three sequences. */
function batchOf(head: unknown, lengths?: Lengths): ModelTrainingBatch {
  const targets = { head: head as ModelTarget }
  return { inputs: { x: floats(4 * 3 * 2) }, targets, batch: 3, ...(lengths ? { lengths } : {}) }
}

const quantile = { kind: 'quantile', quantiles: [0.2, 0.8] } as const

describe('the target of a batch', () => {
  test.each([
    ['meanAbsoluteError', 2, 'step', 24, 'steps*batch*size'],
    ['huber', 2, 'last', 6, 'batch*size'],
    [quantile, 4, 'step', 24, 'steps*batch*size/quantiles'],
    [quantile, 4, 'last', 6, 'batch*size/quantiles'],
    ['gaussian', 6, 'step', 36, 'steps*batch*size/2'],
    ['gaussian', 6, 'last', 9, 'batch*size/2'],
    ['binaryCrossEntropy', 1, 'step', 12, 'steps*batch*size'],
  ] as const)(
    'of %p with %p values at %s has its values',
    async (loss, size, every, count, words) => {
      const trainer = trainerOf(loss, size, { every })
      expect((await trainer.step(batchOf(new Float32Array(count)))).loss).toBeGreaterThan(0)
      for (const wrong of [0, 1, count - 1, count + 1, 2 * count]) {
        const got = `${wrong} ${wrong === 1 ? 'value' : 'values'}`
        expectGruError(
          () => trainer.stepSync(batchOf(new Float32Array(wrong))),
          'ERR_GRU_SHAPE',
          `targets.head: expected ${words} = ${count} values, got ${got}`,
        )
      }
      const message = 'targets.head: expected a Float32Array, got an Int32Array of 3'
      expectGruError(() => trainer.stepSync(batchOf(ints(0, 0, 0))), 'ERR_GRU_TYPE', message)
      expectGruError(() => trainer.stepSync(batchOf({})), 'ERR_GRU_TYPE', /^targets\.head: /)
    },
  )

  test('of classes may be the ignored class, within the range or without', () => {
    for (const ignoredClass of [-100, 2, 2 ** 31 - 1, -(2 ** 31)]) {
      const trainer = trainerOf({ kind: 'crossEntropy', ignoredClass }, 3)
      const classes = Int32Array.from({ length: 12 }, (_, i) => (i === 4 ? ignoredClass : 1))
      expect(trainer.stepSync(batchOf(classes)).loss).toBeGreaterThan(0)
      // All rows are ignored: there is nothing to learn from, and nothing wrong.
      expect(trainer.stepSync(batchOf(classes.fill(ignoredClass)))).toEqual({
        loss: 0,
        gradNorm: 0,
        skipped: false,
      })
      const other = ignoredClass === -100 ? -101 : -100
      expectGruError(
        () => trainer.stepSync(batchOf(classes.fill(other, 7, 8))),
        'ERR_GRU_VALUE',
        `targets.head[7]: expected an integer from 0 to 2, got ${other}`,
      )
    }
  })

  test.each([1.5, -3, 255])('of probabilities has none of %p', async (value) => {
    const trainer = trainerOf('binaryCrossEntropy', 1)
    const wrong = new Float32Array(12).fill(value, 7, 8)
    const message = `targets.head[7]: expected a finite number at least 0 and at most 1, got ${value}`
    await expectGruRejection(trainer.step(batchOf(wrong)), 'ERR_GRU_VALUE', message)
    await expectGruRejection(trainer.evaluate(batchOf(wrong)), 'ERR_GRU_VALUE', message)
    // Number 7 is step 2 of sequence 1.
    const right = trainer.stepSync(batchOf(wrong, [4, 2, 3]))
    expect(right.loss).toBeGreaterThan(0)
    const several = [batchOf(new Float32Array(12)), batchOf(wrong)]
    const place = `batches[1]: ${message}`
    expectGruError(() => trainer.stepSync(several), 'ERR_GRU_VALUE', place)
  })

  test('of probabilities that is NaN makes the loss NaN, and no step', async () => {
    const trainer = trainerOf('binaryCrossEntropy', 1)
    const spoilt = batchOf(new Float32Array(12).fill(NaN, 7, 8))
    expect((await trainer.evaluate(spoilt)).loss).toBeNaN()
    await expectGruRejection(trainer.step(spoilt), 'ERR_GRU_NONFINITE', /./)
  })

  test('of a SequenceModel has its name', () => {
    const model = new SequenceModel({
      input: { features: 2 },
      gru: { hiddenSize: 3 },
      output: { size: 3, loss: 'crossEntropy' },
    })
    const trainer = new Trainer(model, sgd)
    disposables.push(trainer, model)
    expectGruError(
      () => trainer.stepSync({ input: floats(4), target: ints(0, 3) }),
      'ERR_GRU_VALUE',
      'target[1]: expected an integer from 0 to 2, got 3',
    )
  })
})

describe('labels', () => {
  const labels = ints(1, 2, 1, 3, 1, 1)

  test('are two of each sequence where no lengths say otherwise', () => {
    const trainer = trainerOf('ctc', 4)
    const all = trainer.stepSync(batchOf({ labels }))
    const twin = trainerOf('ctc', 4)
    expect(all.loss).toBeGreaterThan(0)
    expect(all.impossible).toEqual([])
    for (const lengths of [[2, 2, 2], ints(2, 2, 2), undefined]) {
      expect(trainerOf('ctc', 4).stepSync(batchOf({ labels, lengths }))).toEqual(all)
    }
    expect(twin.stepSync(batchOf({ labels, lengths: [2, 0, 2] })).loss).not.toBe(all.loss)
  })

  test('lie sequence after sequence with batchFirst', () => {
    const x = floats(4 * 2)
    const both = Float32Array.from([...x, ...x])
    const ordered = { inputs: { x: both }, batch: 2 }
    const trainer = trainerOf('ctc', 4, { batchFirst: true })
    const loss = (given: Int32Array): number =>
      trainerOf('ctc', 4, { batchFirst: true }).stepSync({
        ...ordered,
        targets: { head: { labels: given } },
      }).loss
    const alone = (given: Int32Array): number =>
      trainerOf('ctc', 4).stepSync({ inputs: { x }, targets: { head: { labels: given } } }).loss
    expect(loss(ints(1, 2, 3, 3))).toBeCloseTo((alone(ints(1, 2)) + alone(ints(3, 3))) / 2, 6)
    expect(trainer.model.options.batchFirst).toBe(true)
  })

  test('may be none at all', () => {
    const result = trainerOf('ctc', 4).stepSync(batchOf({ labels: new Int32Array(0) }))
    expect(result.loss).toBeGreaterThan(0)
    expect(result.impossible).toEqual([])
  })

  test('that a sequence has too few steps for are told', async () => {
    const trainer = trainerOf('ctc', 4)
    // Sequence 2 says 1, 1, which takes three steps.
    const batch = batchOf({ labels }, [4, 0, 2])
    const { loss, ...others } = await trainer.evaluate(batch)
    expect(others).toEqual({ impossible: [1, 2] })
    const alone = await trainer.evaluate({
      inputs: { x: floats(4 * 3 * 2).filter((_, i) => Math.floor(i / 2) % 3 === 0) },
      targets: { head: { labels: ints(1, 3) } },
    })
    // The others count 0, and in the denominator.
    expect(loss).toBeCloseTo(alone.loss / 3, 6)
    expect((await trainer.step(batch)).impossible).toEqual([1, 2])
    const all = batchOf({ labels: ints(1, 1, 1, 1, 1, 1) }, [2, 1, 0])
    expect(trainer.stepSync(all)).toMatchObject({ loss: 0, gradNorm: 0, impossible: [0, 1, 2] })
  })

  test.each<[unknown, 'ERR_GRU_TYPE' | 'ERR_GRU_SHAPE' | 'ERR_GRU_VALUE', string | RegExp]>([
    [labels, 'ERR_GRU_TYPE', 'targets.head: expected a plain object, got an Int32Array of 6'],
    [undefined, 'ERR_GRU_TYPE', 'targets.head: expected a plain object, got undefined'],
    [{}, 'ERR_GRU_TYPE', 'targets.head.labels: expected an Int32Array, got undefined'],
    [
      { labels, length: [1] },
      'ERR_GRU_VALUE',
      /^targets\.head: expected only the keys labels, lengths, got the key "length"/,
    ],
    [{ labels: new Float32Array(6) }, 'ERR_GRU_TYPE', /^targets\.head\.labels: expected an Int32A/],
    [{ labels: detached(Int32Array, 6) }, 'ERR_GRU_TYPE', /^targets\.head\.labels: /],
    [
      { labels: ints(1, 2, 3, 1) },
      'ERR_GRU_SHAPE',
      'targets.head.labels: expected labels*batch = a multiple of 3, got 4 values',
    ],
    [
      { labels: ints(1) },
      'ERR_GRU_SHAPE',
      'targets.head.labels: expected labels*batch = a multiple of 3, got 1 value',
    ],
    [
      { labels, lengths: [1, 2] },
      'ERR_GRU_SHAPE',
      'targets.head.lengths: expected batch = 3 values, got 2 values',
    ],
    [
      { labels, lengths: ints(1, 2, 3) },
      'ERR_GRU_VALUE',
      'targets.head.lengths[2]: expected an integer from 0 to 2, got 3',
    ],
    [{ labels, lengths: [1, 2, -1] }, 'ERR_GRU_VALUE', /^targets\.head\.lengths\[2\]: /],
    [{ labels, lengths: [1, 2, 0.5] }, 'ERR_GRU_VALUE', /^targets\.head\.lengths\[2\]: /],
    [{ labels, lengths: 2 }, 'ERR_GRU_TYPE', /^targets\.head\.lengths: /],
    [
      { labels: ints(1, 2, 0, 3, 1, 1) },
      'ERR_GRU_VALUE',
      'targets.head.labels[2]: expected a label from 1 to 3 (0 is the blank), got 0',
    ],
    [{ labels: ints(1, 2, 1, 3, 4, 1) }, 'ERR_GRU_VALUE', /^targets\.head\.labels\[4\]: .* got 4$/],
  ])('that are wrong are refused by name: %#', async (head, code, message) => {
    const trainer = trainerOf('ctc', 4)
    expectGruError(() => trainer.stepSync(batchOf(head)), code, message)
    await expectGruRejection(trainer.step(batchOf(head)), code, message)
    await expectGruRejection(trainer.evaluate(batchOf(head)), code, message)
  })

  test('past their lengths may be anything', () => {
    const [some, others] = [0, 99].map((padding) =>
      trainerOf('ctc', 4).stepSync(
        batchOf({ labels: ints(1, 2, 2, 3, padding, -5), lengths: [2, 1, 1] }),
      ),
    )
    expect(some).toEqual(others)
  })

  test('are copied before a promise is returned', async () => {
    const own = { labels: labels.slice(), lengths: ints(2, 2, 1) }
    const pending = trainerOf('ctc', 4).step(batchOf(own))
    own.labels.fill(3)
    own.lengths.fill(0)
    const again = trainerOf('ctc', 4).step(batchOf({ labels, lengths: [2, 2, 1] }))
    expect(await pending).toEqual(await again)
  })

  test('in shared memory are refused', () => {
    const head = { labels: shared(Int32Array, 6) }
    expectGruError(
      () => trainerOf('ctc', 4).stepSync(batchOf(head)),
      'ERR_GRU_TYPE',
      /shared|Shared/,
    )
  })
})

describe('a Dataset', () => {
  const sequence = (steps: number, head: SequenceTarget): ModelTrainingSequence => ({
    inputs: { x: floats(2 * steps) },
    targets: { head },
  })
  const one = { epochs: 1, shuffle: false, batchSize: 3 }

  test.each<[Parameters<typeof optionsOf>, SequenceTarget[], ModelTarget]>([
    [
      [{ kind: 'crossEntropy', ignoredClass: -1 }, 3],
      [ints(1, -1), ints(2), ints(0, 1, 2)],
      ints(1, 2, 0, -1, 0, 1, 0, 0, 2),
    ],
    [
      [quantile, 4, { batchFirst: true }],
      [floats(4), floats(2), floats(6)],
      Float32Array.from([...floats(4), 0, 0, ...floats(2), 0, 0, 0, 0, ...floats(6)]),
    ],
    [
      ['gaussian', 4, { every: 'last' }],
      [floats(2), floats(2), floats(2)],
      Float32Array.from([...floats(2), ...floats(2), ...floats(2)]),
    ],
    [
      ['ctc', 4],
      [ints(1, 2), ints(), ints(3)],
      { labels: ints(1, 0, 3, 2, 0, 0), lengths: [2, 0, 1] },
    ],
    [
      ['ctc', 4, { batchFirst: true }],
      [ints(1, 2), ints(), ints(3)],
      { labels: ints(1, 2, 0, 0, 3, 0), lengths: [2, 0, 1] },
    ],
    [['ctc', 4], [ints(), ints(), ints()], { labels: ints(), lengths: [0, 0, 0] }],
  ])('with %p becomes such a batch', async (given, targets, expected) => {
    const steps = [2, 1, 3]
    const data = new Dataset(targets.map((target, i) => sequence(steps[i]!, target)))
    const [progress] = await collect(trainerOf(...given).fit(data, one))
    const batchFirst = given[2]?.batchFirst === true
    const x = new Float32Array(3 * 3 * 2)
    for (const [s, count] of steps.entries()) {
      for (const [i, value] of floats(2 * count).entries()) {
        const step = Math.floor(i / 2)
        x[2 * (batchFirst ? s * 3 + step : step * 3 + s) + (i % 2)] = value
      }
    }
    const byHand = trainerOf(...given).stepSync({
      inputs: { x },
      targets: { head: expected },
      batch: 3,
      lengths: steps,
    })
    expect(progress).toMatchObject(byHand)
    expect(progress!.meanLoss).toBeCloseTo(byHand.loss, 12)
  })

  test.each<[Parameters<typeof optionsOf>, SequenceTarget, string, string | RegExp]>([
    [
      ['ctc', 4],
      ints(1, 0),
      'ERR_GRU_VALUE',
      'targets.head[1]: expected an integer from 1 to 3, got 0',
    ],
    [
      ['ctc', 4],
      ints(4),
      'ERR_GRU_VALUE',
      'targets.head[0]: expected an integer from 1 to 3, got 4',
    ],
    [['ctc', 4], floats(2), 'ERR_GRU_TYPE', /^targets\.head: expected an Int32Array/],
    [
      [{ kind: 'crossEntropy', ignoredClass: -1 }, 3],
      ints(-1, 3),
      'ERR_GRU_VALUE',
      'targets.head[1]: expected an integer from 0 to 2, got 3',
    ],
    [
      ['crossEntropy', 3],
      ints(-1, 0),
      'ERR_GRU_VALUE',
      'targets.head[0]: expected an integer from 0 to 2, got -1',
    ],
    [
      [quantile, 4],
      floats(8),
      'ERR_GRU_SHAPE',
      'targets.head: expected steps*size/quantiles = 4 values, got 8 values',
    ],
    [
      ['gaussian', 4, { every: 'last' }],
      floats(4),
      'ERR_GRU_SHAPE',
      'targets.head: expected 1*size/2 = 2 values, got 4 values',
    ],
    [
      [quantile, 4],
      Float32Array.of(1, 2, NaN, 3),
      'ERR_GRU_VALUE',
      'targets.head: expected finite numbers, got NaN in step 1, column 0 (all counted from 0)',
    ],
    ...[1.5, -3, 255].map(
      (value): [Parameters<typeof optionsOf>, SequenceTarget, string, string] => [
        ['binaryCrossEntropy', 1],
        Float32Array.of(0.5, value),
        'ERR_GRU_VALUE',
        `targets.head[1]: expected a finite number at least 0 and at most 1, got ${value}`,
      ],
    ),
    [
      ['binaryCrossEntropy', 1, { every: 'last' }],
      Float32Array.of(Infinity),
      'ERR_GRU_VALUE',
      'targets.head: expected finite numbers, got Infinity in column 0 (all counted from 0)',
    ],
  ])('with %p and a wrong target is refused', async (given, target, code, message) => {
    const data = new Dataset([sequence(2, target)])
    const expected = typeof message === 'string' ? `data.sequences[0].${message}` : /\[0\]\.targets/
    const fit = collect(trainerOf(...given).fit(data, one))
    await expectGruRejection(fit, code as 'ERR_GRU_VALUE', expected)
  })

  test('has the numbers of impossible sequences told, in whatever order they come', async () => {
    const targets = [ints(1, 1), ints(2), ints(1, 1), ints(1, 2), ints(3, 3)]
    const data = new Dataset(targets.map((target, i) => sequence(i === 4 ? 1 : 2, target)))
    const seen = new Set<string>()
    const trainer = trainerOf('ctc', 4)
    for await (const { impossible, batch } of trainer.fit(data, { epochs: 8, batchSize: 5 })) {
      expect(batch).toBe(1)
      seen.add(JSON.stringify(impossible))
    }
    expect([...seen]).toEqual(['[0,2,4]'])
    const numbers: number[] = []
    for await (const { impossible } of trainer.fit(data, { epochs: 1, batchSize: 2 })) {
      numbers.push(...impossible!)
    }
    expect(numbers.sort()).toEqual([0, 2, 4])
  })
})

test('a NaN among the targets of a ready batch is refused, labels are let pass', async () => {
  const bad = batchOf(floats(24).fill(NaN, 9, 10))
  await expectGruRejection(
    collect(trainerOf('huber', 2).fit([bad], { epochs: 1 })),
    'ERR_GRU_VALUE',
    'data: batch 1 of epoch 1: targets.head: expected finite numbers, got NaN in sequence 1, step 1, column 1 (all counted from 0)',
  )
  const batch = batchOf({ labels: ints(1, 2, 1, 3, 1, 1) }, [4, 4, 2])
  const [progress] = await collect(trainerOf('ctc', 4).fit([batch], { epochs: 1 }))
  // The places in the batch.
  expect(progress!.impossible).toEqual([2])
})
