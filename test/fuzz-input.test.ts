import * as fc from 'fast-check'
import {
  Dataset,
  type FitOptions,
  type ForwardOptions,
  GRU,
  GruError,
  type GruOptions,
  SequenceModel,
  type SequenceModelOptions,
  setThreads,
  Trainer,
  type TrainerOptions,
  type TrainingBatch,
  type TrainingData,
  type TrainingSequence,
} from '../lib'
import { detached, resizable, shared } from './support/memory'
import { bitsOf } from './support/numbers'
import { seed } from './support/random'

// Whatever the arguments are, the outcome is a result or a GruError, and the process and the objects still work.

const junk = fc.anything({
  withBigInt: true,
  withBoxedValues: true,
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withObjectString: true,
  withSet: true,
  withTypedArray: true,
})

const arrays = fc.oneof(
  fc.float32Array({ maxLength: 40 }),
  fc.int32Array({ min: -2, max: 9, maxLength: 40 }),
  fc.constantFrom(6, 12, 24, 30).map((length) => new Float32Array(length)),
  fc.constantFrom(6, 12, 24, 30).map((length) => new Int32Array(length)),
  fc.constantFrom(detached, shared, resizable).map((make) => make(Float32Array, 12)),
  fc.constantFrom(detached, shared, resizable).map((make) => make(Int32Array, 4)),
)

/** Small sizes, or sizes so large that they must be refused. None of them only takes a long time. */
const sizes = fc.oneof(
  fc.integer({ min: -1, max: 6 }),
  fc.constantFrom(0.5, NaN, Infinity, -Infinity, 2 ** 29, 2 ** 31, 2 ** 53, 1e300),
  junk,
)

const value = fc.oneof(junk, arrays, sizes, fc.boolean(), fc.constant(undefined))

/** Objects with the right keys (sometimes one more) and some of their values right. */
function likely(model: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<unknown> {
  const keys = Object.fromEntries(
    Object.entries(model).map(([key, right]) => [
      key,
      fc.oneof({ weight: 4, arbitrary: right }, value),
    ]),
  )
  return fc.oneof(
    { weight: 8, arbitrary: fc.record(keys, { requiredKeys: [] }) },
    { weight: 1, arbitrary: fc.record({ ...keys, extra: junk }, { requiredKeys: [] }) },
    { weight: 1, arbitrary: value },
  )
}

const stack = {
  hiddenSize: sizes,
  numLayers: sizes,
  bias: fc.boolean(),
  batchFirst: fc.boolean(),
  dropout: fc.constantFrom(0, 0.5, 1),
  bidirectional: fc.boolean(),
  resetAfter: fc.boolean(),
  updateGate: fc.constantFrom('retain', 'replace', 'other'),
}
const gruOptions = likely({
  ...stack,
  inputSize: sizes,
  seed: sizes,
  device: fc.constantFrom('cpu', 'cuda', 'x'),
  precision: fc.constantFrom('float32', 'tf32', 'x'),
})
const losses = fc.constantFrom(
  ...['crossEntropy', 'meanSquaredError', 'huber', 'quantile', 'gaussian'],
  ...['binaryCrossEntropy', 'ctc'],
)
const modelOptions = likely({
  input: fc.oneof(likely({ features: sizes }), likely({ tokens: sizes, embeddingSize: sizes })),
  gru: likely(stack),
  output: likely({
    size: sizes,
    loss: fc.oneof(losses, likely({ kind: losses, delta: sizes, quantiles: arrays, blank: sizes })),
    every: fc.constantFrom('step', 'last'),
  }),
  seed: sizes,
})
const lengths = fc.oneof(fc.array(fc.integer({ min: -1, max: 6 }), { maxLength: 4 }), arrays)
const signal = fc.constantFrom(AbortSignal.abort('aborted'), new AbortController().signal)
const call = { batch: sizes, lengths, output: arrays, state: arrays, initialState: arrays }
const forwardOptions = likely({ ...call, signal })
const target = fc.oneof(arrays, likely({ labels: arrays, lengths }))
const batch = likely({ input: arrays, target, batch: sizes, lengths, signal })

/** A call may only fail with an error of the package, or with the reason of an aborted signal. */
async function survives(run: () => unknown): Promise<void> {
  try {
    await run()
  } catch (error) {
    if (error !== 'aborted') expect(error).toBeInstanceOf(GruError)
  }
}

function check(
  argument: fc.Arbitrary<unknown>[],
  run: (...given: never[]) => unknown,
): Promise<void> {
  const property = fc.asyncProperty(fc.tuple(...argument), (given) =>
    survives(() => run(...(given as never[]))),
  )
  return fc.assert(property, { seed, numRuns: 200 })
}

const bits = (owner: GRU | SequenceModel): string[] =>
  Object.values(owner.getParameters()).map(bitsOf)

test('constructors', async () => {
  await check([gruOptions], (options: GruOptions) => {
    new GRU(options).dispose()
  })
  await check([modelOptions], (options: SequenceModelOptions) => {
    new SequenceModel(options).dispose()
  })
  await check(
    [fc.oneof(value, fc.array(batch))],
    (sequences: TrainingSequence[]) => new Dataset(sequences),
  )
  await check([sizes], (threads: number) => {
    if (typeof threads !== 'number' || threads <= 4 || threads > 1024) setThreads(threads)
  })
  expect(new GRU({ inputSize: 1, hiddenSize: 1 }).parameterCount).toBe(12)
})

test('a layer', async () => {
  const gru = new GRU({ inputSize: 3, hiddenSize: 2, seed: 1 })
  const before = bits(gru)
  const input = fc.oneof(arrays, value)
  await check([input, forwardOptions], (x: Float32Array, options: ForwardOptions) =>
    gru.forwardSync(x, options),
  )
  await check([input, forwardOptions], (x: Float32Array, options: ForwardOptions) =>
    gru.forward(x, options),
  )
  const gradients = likely({ output: arrays, state: arrays })
  const into = likely({ input: arrays, initialState: arrays, parameters: arrays, signal })
  await check([gradients, into], (given: object, options: object) =>
    gru.forwardTrainingSync(new Float32Array(12), { batch: 2 }).backward(given, options),
  )
  await check([gradients, into], (given: object, options: object) =>
    gru.forwardTrainingSync(new Float32Array(12), { batch: 2 }).backwardSync(given, options),
  )
  expect(bits(gru)).toEqual(before)
  await check(
    [likely({ weight_ih_l0: arrays, bias_hh_l0: arrays })],
    (parameters: Record<string, Float32Array>) => {
      gru.setParameters(parameters)
    },
  )
  expect(gru.forwardSync(new Float32Array(6), { batch: 2 }).output).toHaveLength(4)
  gru.dispose()
})

test('a model and its trainer', async () => {
  const model = new SequenceModel({
    input: { tokens: 5, embeddingSize: 2 },
    gru: { hiddenSize: 2 },
    output: { size: 6, loss: 'crossEntropy' },
  })
  const trainer = new Trainer(model, { optimizer: { kind: 'sgd' } })
  const input = fc.oneof(arrays, value)
  await check([input, forwardOptions], (x: Int32Array, options: object) =>
    model.predictSync(x, options),
  )
  await check([input, forwardOptions], (x: Int32Array, options: object) =>
    model.predict(x, options),
  )
  await check([batch], (one: TrainingBatch) => trainer.stepSync(one))
  await check([batch], (one: TrainingBatch) => trainer.step(one))
  await check([batch], (one: TrainingBatch) => trainer.evaluate(one))
  const data = fc.oneof(value, fc.array(batch, { maxLength: 3 }))
  const fitOptions = likely({
    epochs: fc.constant(2),
    batchSize: sizes,
    shuffle: fc.boolean(),
    validation: data,
  })
  await check([data, fitOptions], async (given: TrainingData, options: FitOptions) => {
    for await (const { epoch } of trainer.fit(given, options)) if (epoch > 2) break
  })
  const optimizer = likely({
    kind: fc.constantFrom('sgd', 'adam', 'adamw', 'rmsprop'),
    learningRate: sizes,
  })
  await check(
    [value, likely({ optimizer, clipNorm: sizes })],
    (owner: SequenceModel, options: TrainerOptions) => {
      new Trainer(owner, options)
    },
  )
  await check([likely({ optimizer, clipNorm: sizes })], (options: TrainerOptions) => {
    new Trainer(model, options).dispose()
  })
  await check([value, value], (path: string, options: object) => SequenceModel.load(path, options))
  expect(model.predictSync(Int32Array.of(1, 2))).toHaveLength(12)
  trainer.dispose()
  model.dispose()
})
