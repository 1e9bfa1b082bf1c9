/** Sessions against predictions of whole sequences: every step has the bits that `predictSync` has for all steps so far. */
import fc from 'fast-check'
import { Model, type ModelOptions, SequenceModel, type SequenceModelOptions } from '../lib'
import { requireChosenEngine } from './support/engine-choice'
import { bitsOf, integers, randomSource, swapAxes, uniform } from './support/numbers'
import { seed } from './support/random'

requireChosenEngine()

const size = (max: number) => fc.integer({ min: 1, max })
const stack = {
  hiddenSize: size(40),
  numLayers: size(3),
  bias: fc.boolean(),
}
const gru = {
  ...stack,
  resetAfter: fc.boolean(),
  updateGate: fc.constantFrom('retain', 'replace'),
} as const
/** What is drawn beside the model. The numbers of the sequences follow from `data`. */
const stream = { batch: size(5), steps: size(7), data: fc.nat(), promises: fc.boolean() }

type Values = Float32Array | Int32Array
interface Shape {
  readonly batch: number
  readonly batchFirst: boolean
}

/** Steps `from` to `to - 1` of [steps, batch, ...]. */
function stepsOf<T extends Values>(values: T, steps: number, from: number, to: number): T {
  const width = values.length / steps
  return values.slice(from * width, to * width) as T
}

/** The first `count` steps as a model's call takes them. */
function prefixOf<T extends Values>(values: T, steps: number, count: number, shape: Shape): T {
  const prefix = stepsOf(values, steps, 0, count)
  return shape.batchFirst ? swapAxes(prefix, count, shape.batch) : prefix
}

/** The last step of a prediction for every step. */
function lastStep(values: Float32Array, steps: number, shape: Shape): Float32Array {
  const ordered = shape.batchFirst ? swapAxes(values, shape.batch, steps) : values
  return stepsOf(ordered, steps, steps - 1, steps)
}

test('a SequenceModel', async () => {
  const options: fc.Arbitrary<SequenceModelOptions> = fc.record({
    input: fc.oneof(
      fc.record({ features: size(9) }),
      fc.record({ tokens: size(9), embeddingSize: size(6) }),
    ),
    gru: fc.record({ ...gru, batchFirst: fc.boolean() }),
    output: fc.record({
      size: size(9),
      loss: fc.constantFrom('crossEntropy', 'meanSquaredError'),
      every: fc.constantFrom('step', 'last'),
    }),
    seed: fc.nat(),
  })
  const draw = (input: SequenceModelOptions['input'], rows: number, data: number): Values =>
    'tokens' in input
      ? integers(randomSource(data), rows, input.tokens)
      : uniform(randomSource(data), rows * input.features)
  const property = fc.asyncProperty(options, fc.record(stream), async (drawn, given) => {
    const { batch, steps, data, promises } = given
    const values = draw(drawn.input, steps * batch, data)
    const shape = { batch, batchFirst: drawn.gru.batchFirst === true }
    using model = new SequenceModel(drawn)
    using session = model.session({ batch })
    for (let step = 0; step < steps; step++) {
      const input = stepsOf(values, steps, step, step + 1)
      const got = promises ? await session.step(input) : session.stepSync(input)
      const whole = model.predictSync(prefixOf(values, steps, step + 1, shape), { batch })
      const isLast = drawn.output.every === 'last'
      expect(bitsOf(got)).toBe(bitsOf(isLast ? whole : lastStep(whole, step + 1, shape)))
    }
  })
  await fc.assert(property, { seed, numRuns: 60 })
})

test('a Model of two inputs and two outputs', async () => {
  const options: fc.Arbitrary<ModelOptions> = fc
    .record({
      features: size(5),
      tokens: size(9),
      embedding: size(6),
      low: fc.oneof(
        fc.record({ type: fc.constant('gru' as const), input: fc.constant('both'), ...gru }),
        fc.record({ type: fc.constant('lstm' as const), input: fc.constant('both'), ...stack }),
      ),
      high: fc.oneof(
        fc.record({ type: fc.constant('gru' as const), input: fc.constant('norm'), ...gru }),
        fc.record({ type: fc.constant('lstm' as const), input: fc.constant('norm'), ...stack }),
      ),
      selected: fc.constantFrom('norm', 'high'),
      sizes: fc.tuple(size(9), size(9)),
      batchFirst: fc.boolean(),
      seed: fc.nat(),
    })
    .map(({ features, tokens, embedding, low, high, selected, sizes, batchFirst, seed: own }) => ({
      inputs: { level: { features }, kind: { tokens } },
      layers: {
        vector: { type: 'embedding', input: 'kind', size: embedding },
        both: { type: 'concat', inputs: ['level', 'vector'] },
        low,
        norm: { type: 'layerNorm', input: 'low' },
        high,
        each: { type: 'linear', input: 'high', size: sizes[0], activation: 'tanh' },
        last: { type: 'select', input: selected },
        final: { type: 'linear', input: 'last', size: sizes[1] },
      },
      outputs: { each: { loss: 'meanSquaredError' }, final: { loss: 'meanSquaredError' } },
      batchFirst,
      seed: own,
    }))
  const property = fc.asyncProperty(options, fc.record(stream), async (drawn, given) => {
    const { batch, steps, data, promises } = given
    const { level, kind } = drawn.inputs as {
      level: { features: number }
      kind: { tokens: number }
    }
    const random = randomSource(data)
    const levels = uniform(random, steps * batch * level.features)
    const kinds = integers(random, steps * batch, kind.tokens)
    const shape = { batch, batchFirst: drawn.batchFirst === true }
    using model = new Model(drawn)
    using session = model.session({ batch })
    for (let step = 0; step < steps; step++) {
      const of = <T extends Values>(values: T): T => stepsOf(values, steps, step, step + 1)
      const input = { level: of(levels), kind: of(kinds) }
      const got = promises ? await session.step(input) : session.stepSync(input)
      const until = <T extends Values>(values: T): T => prefixOf(values, steps, step + 1, shape)
      const whole = model.predictSync({ level: until(levels), kind: until(kinds) }, { batch })
      const each = lastStep(whole['each']!, step + 1, shape)
      expect(bitsOf(got['each']!)).toBe(bitsOf(each))
      expect(bitsOf(got['final']!)).toBe(bitsOf(whole['final']!))
    }
  })
  await fc.assert(property, { seed, numRuns: 60 })
})
