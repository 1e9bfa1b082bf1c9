import { Dataset, Model, type ModelOptions, type ModelTrainingBatch, Trainer } from '../lib'
import { MeanLoss } from '../lib/mean-loss'
import { integers, randomSource, uniform } from './support/numbers'
import { seed } from './support/random'
import { collect } from './support/trainer'

// Two outputs with denominators of their own: classes, some of which are ignored and which have weights, and values, some
// of which are missing.
const classWeights = [1, 0.5, 3]
const weights = { kind: 0.5, level: 2 }
const options: ModelOptions = {
  inputs: { x: { features: 2 } },
  layers: {
    memory: { type: 'gru', input: 'x', hiddenSize: 4 },
    last: { type: 'select', input: 'memory' },
    kind: { type: 'linear', input: 'memory', size: 3 },
    level: { type: 'linear', input: 'last', size: 2 },
  },
  outputs: {
    kind: { loss: { kind: 'crossEntropy', classWeights, ignoredClass: -1 }, weight: weights.kind },
    level: { loss: { kind: 'meanAbsoluteError', ignoreMissing: true }, weight: weights.level },
  },
  seed: 2,
}
const still = { optimizer: { kind: 'sgd', learningRate: 0 } } as const
const random = randomSource(seed)

const MISSING = [0, 1, 2]

interface Sequence {
  readonly inputs: { readonly x: Float32Array }
  readonly targets: { readonly kind: Int32Array; readonly level: Float32Array }
}
const sequences: Sequence[] = Array.from({ length: 7 }, (_, i) => {
  const steps = 1 + (i % 4)
  const classes = integers(random, steps, 3)
  // Of the second sequence all are ignored.
  if (i === 1) classes.fill(-1)
  const level = uniform(random, 2)
  // Of the second sequence one value is missing, of the third both.
  level.fill(NaN, 0, MISSING[i] ?? 0)
  return { inputs: { x: uniform(random, 2 * steps) }, targets: { kind: classes, level } }
})

interface Sums {
  readonly kind: number
  readonly weight: number
  readonly level: number
  readonly present: number
}

/**
 * In double from the predictions: the sum of what the rows lose and the weights of their classes, the sum of the errors of
 * the values that are present, and their number.
 */
function lostBy(model: Model, { inputs, targets }: Sequence): Sums {
  const { kind, level } = model.predictSync(inputs)
  let [lost, weight] = [0, 0]
  for (const [step, label] of targets.kind.entries()) {
    if (label === -1) continue
    const logits = [...kind!.subarray(3 * step, 3 * step + 3)]
    const logSum = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0))
    lost += classWeights[label]! * (logSum - logits[label]!)
    weight += classWeights[label]!
  }
  const errors = [...targets.level]
    .map((value, i) => Math.abs(value - level![i]!))
    .filter((error) => !Number.isNaN(error))
  const error = errors.reduce((sum, one) => sum + one, 0)
  return { kind: lost, weight, level: error, present: errors.length }
}

/** The losses of some sequences together. */
function expectedOf(sums: readonly Sums[]): { kind: number; level: number } {
  const total = (name: keyof Sums): number => sums.reduce((sum, one) => sum + one[name], 0)
  const weight = total('weight')
  const present = total('present')
  return {
    kind: weight === 0 ? 0 : (weights.kind * total('kind')) / weight,
    level: present === 0 ? 0 : (weights.level * total('level')) / present,
  }
}

const batchOfOne = ({ inputs, targets }: Sequence): ModelTrainingBatch => ({ inputs, targets })

test('a batch of several outputs has the loss of each, and their sum', async () => {
  using model = new Model(options)
  using trainer = new Trainer(model, still)
  for (const sequence of sequences) {
    const expected = expectedOf([lostBy(model, sequence)])
    const { gradNorm, skipped, ...stepped } = trainer.stepSync(batchOfOne(sequence))
    expect(gradNorm).toBeGreaterThan(0)
    expect(stepped.losses!['kind']).toBeCloseTo(expected.kind, 5)
    expect(stepped.losses!['level']).toBeCloseTo(expected.level, 5)
    expect(stepped.loss).toBe(stepped.losses!['kind']! + stepped.losses!['level']!)
    expect(await trainer.evaluate(batchOfOne(sequence))).toEqual(stepped)
    expect(await trainer.step(batchOfOne(sequence))).toEqual({ gradNorm, skipped, ...stepped })
  }
})

test('batches of one step have the loss of all their rows and present values', async () => {
  using model = new Model(options)
  using trainer = new Trainer(model, still)
  const expected = expectedOf(sequences.map((sequence) => lostBy(model, sequence)))
  const { losses } = await trainer.step(sequences.map(batchOfOne))
  expect(losses!['kind']).toBeCloseTo(expected.kind, 5)
  expect(losses!['level']).toBeCloseTo(expected.level, 5)
})

test('the mean of an epoch is that of all its sequences, whatever the batches', async () => {
  using model = new Model(options)
  using trainer = new Trainer(model, still)
  const all = expectedOf(sequences.map((sequence) => lostBy(model, sequence)))
  const data = new Dataset(sequences)
  for (const batchSize of [1, 2, 3, 7]) {
    const told = await collect(trainer.fit(data, { epochs: 2, batchSize, validation: data }))
    for (const { epochEnd, meanLoss, validationLoss, losses, loss } of told) {
      expect(loss).toBe(losses!['kind']! + losses!['level']!)
      if (!epochEnd) continue
      expect(meanLoss).toBeCloseTo(all.kind + all.level, 5)
      expect(validationLoss).toBeCloseTo(all.kind + all.level, 5)
    }
  }
})

test('an epoch whose every row is ignored has the loss 0', async () => {
  const { kind } = options.outputs
  using model = new Model({
    inputs: options.inputs,
    layers: { kind: { type: 'linear', input: 'x', size: 3 } },
    outputs: { kind: kind! },
  })
  using trainer = new Trainer(model, still)
  const targets = { kind: sequences[1]!.targets.kind }
  const data = new Dataset([{ inputs: sequences[1]!.inputs, targets }])
  const [progress] = await collect(trainer.fit(data, { epochs: 1, validation: data }))
  expect(progress).toMatchObject({ loss: 0, meanLoss: 0, gradNorm: 0, validationLoss: 0 })
  expect(Object.keys(progress!)).not.toContain('losses')
})

test.each(['sgd', 'adam'] as const)('without a present value %s changes nothing', async (kind) => {
  using model = new Model({
    inputs: options.inputs,
    layers: { level: { type: 'linear', input: 'x', size: 2 } },
    outputs: { level: options.outputs['level']! },
  })
  using trainer = new Trainer(model, { optimizer: { kind, learningRate: 1 } })
  const before = model.getParameters()
  const x = uniform(random, 6)
  const data = new Dataset([{ inputs: { x }, targets: { level: new Float32Array(6).fill(NaN) } }])
  const fit = trainer.fit(data, { epochs: 1, validation: data, metrics: ['meanAbsoluteError'] })
  const [progress] = await collect(fit)
  expect(progress).toMatchObject({ loss: 0, meanLoss: 0, gradNorm: 0, validationLoss: 0 })
  expect(progress!.metrics).toEqual({ meanAbsoluteError: NaN })
  expect(model.getParameters()).toEqual(before)
})

test('a mean of one output is to the bit the mean of losses by rows', () => {
  const mean = new MeanLoss()
  expect(mean.isEmpty).toBe(true)
  let [sum, rows] = [0, 0]
  for (let i = 0; i < 50; i++) {
    const [loss, denominator] = [random(), 1 + Math.floor(random() * 90)]
    mean.add({ outputs: [{ loss, denominator, impossible: [] }] })
    sum += loss * denominator
    rows += denominator
    expect(mean.value).toBe(sum / rows)
  }
  expect(mean.isEmpty).toBe(false)
  mean.add({ outputs: [{ loss: NaN, denominator: 1, impossible: [] }] })
  expect(mean.value).toBeNaN()
})
