import type { NativeLayerOptions } from '../binding'
import { GRU, SequenceModel, Trainer } from '../lib'
import { checkLoss } from '../lib/losses'
import { native } from '../lib/native'

// lib and the binding check the same things: the same fault has the same message from both.

const gruOptions = { inputSize: 3, hiddenSize: 4, numLayers: 2, seed: 1 }
const cpu = { name: 'cpu', precision: 'float32' } as const
const stack = new GRU(gruOptions).options
const { inputSize, hiddenSize, numLayers, bias, batchFirst } = stack
const { dropout, bidirectional, resetAfter, updateGate } = stack
const nativeOptions = {
  ...{ inputSize, hiddenSize, numLayers, bias, batchFirst },
  ...{ dropout, bidirectional, resetAfter, updateGate },
}
const nativeStack = { numLayers: 1, bias, dropout, bidirectional, resetAfter, updateGate }
const nativeGru = () => new (native().NativeGru)(nativeOptions, 1, cpu)

const messageOf = (call: () => unknown): string => {
  try {
    call()
  } catch (error) {
    return (error as Error).message
  }
  return 'none'
}

/** Both calls must fail with the same message. */
function expectSame(ofLib: () => unknown, ofBinding: () => unknown): void {
  const message = messageOf(ofLib)
  expect(message).toMatch(/^[\w[\]]+: expected .*, got ./)
  expect(messageOf(ofBinding)).toBe(message)
}

/** The arrays of a call, of which one has a wrong number of values. */
function spoilt<T extends Record<string, Float32Array | Int32Array>>(
  right: T,
  name: keyof T,
  count: number,
): T {
  const kind = right[name] instanceof Float32Array ? Float32Array : Int32Array
  return { ...right, [name]: new kind(count) }
}

test.each([
  ['lengths', 1],
  ['lengths', 0],
  ['initialState', 15],
  ['output', 1],
  ['output', 0],
  ['state', 17],
] as const)('%s of %p values in a forward call', (name, count) => {
  const right = {
    lengths: Int32Array.of(2, 1),
    initialState: new Float32Array(16),
    output: new Float32Array(16),
    state: new Float32Array(16),
  }
  const input = new Float32Array(12)
  const given = spoilt(right, name, count)
  const { lengths, initialState, output, state } = given
  expectSame(
    () => new GRU(gruOptions).forwardSync(input, { batch: 2, ...given }),
    () => {
      nativeGru().forwardSync(2, 2, lengths, input, initialState, output, state)
    },
  )
})

test('a length beyond the steps', () => {
  const [input, output, state] = [12, 16, 16].map((count) => new Float32Array(count)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ]
  const lengths = Int32Array.of(1, 3)
  expectSame(
    () => new GRU(gruOptions).forwardSync(input, { batch: 2, lengths }),
    () => {
      nativeGru().forwardSync(2, 2, lengths, input, null, output, state)
    },
  )
})

test.each([
  ['output', 15],
  ['state', 1],
  ['input', 13],
  ['initialState', 0],
  ['parameters', 7],
] as const)('%s of %p values in a backward call', (name, count) => {
  const gru = new GRU(gruOptions)
  const input = new Float32Array(12)
  const right = {
    output: new Float32Array(16),
    state: new Float32Array(16),
    input: new Float32Array(12),
    initialState: new Float32Array(16),
    parameters: new Float32Array(gru.parameterCount),
  }
  const given = spoilt(right, name, count)
  const { output, state, ...into } = given
  const pass = nativeGru().forwardTrainingSync(2, 2, null, input, null, right.output, right.state)
  expectSame(
    () => gru.forwardTrainingSync(input, { batch: 2 }).backwardSync({ output, state }, into),
    () => {
      pass.backwardSync(output, state, into.input, into.initialState, into.parameters)
    },
  )
})

test.each([
  ['crossEntropy', 'step'],
  ['crossEntropy', 'last'],
  ['meanSquaredError', 'step'],
  ['meanSquaredError', 'last'],
] as const)('predictions and targets with %s at %s', (loss, every) => {
  const model = new SequenceModel({
    input: { features: 3 },
    gru: { hiddenSize: 4 },
    output: { size: 2, loss, every },
    seed: 1,
  })
  const trainer = new Trainer(model, { optimizer: { kind: 'sgd', learningRate: 0 } })
  const twin = new (native().NativeModel)(
    {
      inputs: [{ name: 'input', argument: 'input', lengths: 'lengths', tokens: false, size: 3 }],
      layers: [
        { name: 'gru', type: 'gru', inputs: ['input'], hiddenSize, ...nativeStack },
        { name: 'last', type: 'select', inputs: ['gru'], step: 'last' } as const,
        {
          name: 'head',
          type: 'linear',
          inputs: [every === 'last' ? 'last' : 'gru'],
          size: 2,
          activation: 'none',
        } as const,
      ].filter(({ name }) => every === 'last' || name !== 'last') as NativeLayerOptions[],
      outputs: [
        {
          ...{ layer: 'head', argument: 'output', target: 'target', output: 'output' },
          ...{ loss: checkLoss('loss', loss).native, weight: 1 },
        },
      ],
      batchFirst: false,
    },
    1,
    cpu,
  )
  const rates = { learningRate: 0, momentum: 0, beta1: 0, beta2: 0, decay: 0, epsilon: 0 }
  const twinTrainer = new (native().NativeTrainer)(twin, {
    ...rates,
    ...{ kind: 'sgd', weightDecay: 0, clipNorm: 0, clipValue: 0 },
    ...{ parameters: [], averageDecay: null, nonFinite: 'throw' },
  })
  const input = new Float32Array(12)
  const output = new Float32Array(3)
  expectSame(
    () => model.predictSync(input, { batch: 2, output }),
    () => {
      twin.predictSync(2, [{ steps: 2, lengths: null, values: input }], [output])
    },
  )
  const target = loss === 'crossEntropy' ? new Int32Array(3) : new Float32Array(3)
  expectSame(
    () => trainer.stepSync({ input, target, batch: 2 }),
    () =>
      twinTrainer.stepSync(
        [{ batch: 2, inputs: [{ steps: 2, lengths: null, values: input }], targets: [target] }],
        { learningRate: null },
      ),
  )
})

test.each([
  ['dropout', -1],
  ['dropout', 1],
  ['dropout', NaN],
  ['dropout', null],
  ['dropout', [0.5]],
  ['bias', 1],
  ['bias', [true, true]],
  ['updateGate', 'other'],
  ['updateGate', 5],
  ['updateGate', new Float32Array(2)],
] as const)('the option %s of %p', (name, value) => {
  expectSame(
    () => new GRU({ ...gruOptions, [name]: value }),
    () => new (native().NativeGru)({ ...nativeOptions, [name]: value }, 1, cpu),
  )
})
