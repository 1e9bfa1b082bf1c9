import type {
  NativeGraphOptions,
  NativeInputBatch,
  NativeLayerOptions,
  NativePass,
} from '../../binding'
import {
  addon,
  type BackwardArguments,
  BATCH,
  batchOf,
  chain,
  createGru,
  createLstm,
  createModel,
  device,
  type ForwardArguments,
  gruOptions,
  INPUT,
  OUTPUT,
  STATE,
  stepCall,
  STEPS,
  trainerOptions,
  wave,
} from '../support/addon'
import { MAX_ELEMENTS } from '../support/limits'

// The engine trusts the sizes of its inputs, so this file tries wrong sizes for every array of every call.

type Numbers = Float32Array | Int32Array
/** A name, a formula, and the right number of values. */
type Expected = readonly [name: string, formula: string, count: number]

/** A call of the binding, with an array of its arguments */
type Call = (given: never) => unknown

const floats = (count: number): Float32Array => wave(count)
const integers = (count: number): Int32Array => new Int32Array(count)
const values = (count: number): string => `${count} ${count === 1 ? 'value' : 'values'}`

async function failureOf(call: () => unknown): Promise<{ code?: unknown; message?: string }> {
  try {
    await call()
  } catch (error) {
    return error as Error
  }
  return {}
}

/** Correct arguments are accepted. */
async function expectRight(calls: readonly Call[], right: readonly unknown[]): Promise<void> {
  for (const call of calls) {
    expect(await failureOf(() => call(right as never))).toEqual({})
  }
}

/**
 * With every other size of the array at `place` of `right`, each of the calls must fail. With the right size none may.
 */
async function expectChecked(
  calls: readonly Call[],
  right: readonly unknown[],
  place: number,
  [name, formula, count]: Expected,
): Promise<void> {
  const array = right[place] as Numbers
  const make = array instanceof Float32Array ? floats : integers
  const wrong = [0, 1, count - 1, count + 1, 2 * count, 1000].filter((size) => size !== count)
  for (const size of wrong) {
    const given = right.map((each, i) => (i === place ? make(size) : each))
    for (const call of calls) {
      const { code, message } = await failureOf(() => call(given as never))
      expect({ code, message }).toEqual({
        code: 'ERR_GRU_SHAPE',
        message: `${name}: expected ${formula} = ${values(count)}, got ${values(size)}`,
      })
    }
  }
}

describe('a layer', () => {
  const stack = { numLayers: 2, bidirectional: true }
  const gru = createGru(stack)
  const calls: Call[] = [
    (given: ForwardArguments) => {
      gru.forwardSync(...given)
    },
    (given: ForwardArguments) => gru.forward(...given, null),
    (given: ForwardArguments) => gru.forwardTrainingSync(...given),
    (given: ForwardArguments) => gru.forwardTraining(...given, null),
  ]
  const forward = (): unknown[] => [
    ...[STEPS, BATCH, Int32Array.of(2, 6), floats(INPUT)],
    ...[floats(4 * STATE), floats(2 * OUTPUT), floats(4 * STATE)],
  ]

  test.each<[number, Expected]>([
    [2, ['lengths', 'batch', BATCH]],
    [3, ['input', 'steps*batch*inputSize', INPUT]],
    [4, ['initialState', 'numLayers*D*batch*hiddenSize', 4 * STATE]],
    [5, ['output', 'steps*batch*D*hiddenSize', 2 * OUTPUT]],
    [6, ['state', 'numLayers*D*batch*hiddenSize', 4 * STATE]],
  ])('checks argument %p of forward', async (place, expected) => {
    await expectChecked(calls, forward(), place, expected)
    await expectRight(calls, forward())
  })

  test.each([
    [1, -1],
    [0, STEPS + 1],
    [1, 2 ** 31 - 1],
    [0, -(2 ** 31)],
  ])('refuses the length of sequence %p to be %p', async (sequence, length) => {
    const given = forward()
    const lengths = Int32Array.of(3, 3)
    lengths[sequence] = length
    given[2] = lengths
    for (const call of calls) {
      const { code, message } = await failureOf(() => call(given as never))
      expect(code).toBe('ERR_GRU_VALUE')
      expect(message).toBe(
        `lengths[${sequence}]: expected an integer from 0 to ${STEPS}, got ${length}`,
      )
    }
  })

  test.each([
    [2 ** 16, 2 ** 15],
    [2 ** 31 - 1, 2],
    [2 ** 31 - 1, 2 ** 31 - 1],
  ])('refuses %p steps of %p sequences', async (steps, batch) => {
    const given = [steps, batch, ...forward().slice(2)]
    for (const call of calls) {
      const { code, message } = await failureOf(() => call(given as never))
      expect(code).toBe('ERR_GRU_SHAPE')
      expect(message).toBe(
        `input: expected steps*batch = at most 2147483647, got ${steps}*${batch}`,
      )
    }
  })

  test('refuses products of sizes beyond all arrays', async () => {
    const wide = createGru({ inputSize: 2 ** 20, hiddenSize: 1 })
    const call = () => {
      wide.forwardSync(2 ** 29, 2, null, floats(3), null, floats(3), floats(3))
    }
    expect((await failureOf(call)).message).toBe(
      `input: expected steps*batch*inputSize = at most ${MAX_ELEMENTS} values, got 3 values`,
    )
  })

  test.each<[number, Expected]>([
    [0, ['output', 'steps*batch*D*hiddenSize', 2 * OUTPUT]],
    [1, ['state', 'numLayers*D*batch*hiddenSize', 4 * STATE]],
    [2, ['input', 'steps*batch*inputSize', INPUT]],
    [3, ['initialState', 'numLayers*D*batch*hiddenSize', 4 * STATE]],
    [4, ['parameters', 'parameterCount', gru.parameterCount]],
  ])('checks argument %p of backward, and leaves the pass', async (place, expected) => {
    const [sync, later] = [0, 1].map(() =>
      gru.forwardTrainingSync(...(forward() as ForwardArguments)),
    ) as [NativePass, NativePass]
    const backward: Call[] = [
      (given: BackwardArguments) => {
        sync.backwardSync(...given)
      },
      (given: BackwardArguments) => later.backward(...given, null),
    ]
    const right = [2 * OUTPUT, 4 * STATE, INPUT, 4 * STATE, gru.parameterCount].map(floats)
    await expectChecked(backward, right, place, expected)
    await expectRight(backward, right)
  })

  test.each(['readParametersSync', 'writeParametersSync'] as const)('checks %s', async (method) => {
    const name = method === 'readParametersSync' ? 'target' : 'source'
    const call = ([array]: [Float32Array]) => {
      gru[method](array)
    }
    const count = gru.parameterCount
    await expectChecked([call], [floats(count)], 0, [name, 'parameterCount', count])
  })
})

describe('the cell state of an LSTM', () => {
  const lstm = createLstm({ numLayers: 2, bidirectional: true })
  const forward = (): unknown[] => [
    ...[STEPS, BATCH, Int32Array.of(2, 6), floats(INPUT)],
    ...[floats(4 * STATE), floats(2 * OUTPUT), floats(4 * STATE)],
    ...[floats(4 * STATE), floats(4 * STATE)],
  ]
  type Cells = [initialCell: Float32Array, cell: Float32Array]
  type Forward = [...ForwardArguments, ...Cells]
  /** The arguments of the promise form, which has an abort flag before those of the cell state. */
  const later = (given: Forward) =>
    [...(given.slice(0, 7) as ForwardArguments), null, ...(given.slice(7) as Cells)] as const

  test.each<[number, Expected]>([
    [6, ['state', 'numLayers*D*batch*hiddenSize', 4 * STATE]],
    [7, ['initialCell', 'numLayers*D*batch*hiddenSize', 4 * STATE]],
    [8, ['cell', 'numLayers*D*batch*hiddenSize', 4 * STATE]],
  ])('is checked as argument %p of forward', async (place, expected) => {
    const calls: Call[] = [
      (given: Forward) => {
        lstm.forwardSync(...given)
      },
      (given: Forward) => lstm.forward(...later(given)),
      (given: Forward) => lstm.forwardTrainingSync(...given),
      (given: Forward) => lstm.forwardTraining(...later(given)),
    ]
    await expectChecked(calls, forward(), place, expected)
    await expectRight(calls, forward())
  })

  test('must be there', async () => {
    const [, , , , , , , initialCell] = forward() as Forward
    const given = (forward() as Forward).slice(0, 7) as ForwardArguments
    const calls: Call[] = [
      () => {
        lstm.forwardSync(...given, initialCell)
      },
      () => lstm.forward(...given, null, initialCell),
    ]
    for (const call of calls) {
      const { code, message } = await failureOf(() => call([] as never))
      expect({ code, message }).toEqual({
        code: 'ERR_GRU_TYPE',
        message: 'cell: expected a Float32Array, got undefined',
      })
    }
  })

  test.each<[number, Expected]>([
    [4, ['parameters', 'parameterCount', lstm.parameterCount]],
    [5, ['cell', 'numLayers*D*batch*hiddenSize', 4 * STATE]],
    [6, ['initialCell', 'numLayers*D*batch*hiddenSize', 4 * STATE]],
  ])('is checked as argument %p of backward, and the pass stays', async (place, expected) => {
    const [sync, promise] = [0, 1].map(() =>
      lstm.forwardTrainingSync(...(forward() as Forward)),
    ) as [NativePass, NativePass]
    type Backward = [...BackwardArguments, ...Cells]
    const backward: Call[] = [
      (given: Backward) => {
        sync.backwardSync(...given)
      },
      (given: Backward) =>
        promise.backward(
          ...(given.slice(0, 5) as BackwardArguments),
          null,
          ...(given.slice(5) as Cells),
        ),
    ]
    const states = [4 * STATE, 4 * STATE]
    const right = [2 * OUTPUT, 4 * STATE, INPUT, 4 * STATE, lstm.parameterCount, ...states].map(
      floats,
    )
    await expectChecked(backward, right, place, expected)
    await expectRight(backward, right)
  })
})

describe.each([
  ['tokens', 'crossEntropy', 'step'],
  ['tokens', 'meanSquaredError', 'last'],
  ['features', 'crossEntropy', 'last'],
  ['features', 'meanSquaredError', 'step'],
] as const)('a model of %s with %s at %s', (kind, loss, every) => {
  const model = createModel({ tokens: kind === 'tokens' ? 5 : 0, loss, every })
  const trainer = new addon.NativeTrainer(model, trainerOptions)
  const input: Expected =
    kind === 'tokens'
      ? ['input', 'steps*batch', STEPS * BATCH]
      : ['input', 'steps*batch*features', INPUT]
  const [rows, rowsFormula] = every === 'step' ? [STEPS * BATCH, 'steps*batch'] : [BATCH, 'batch']
  const output: Expected = ['output', `${rowsFormula}*size`, rows * 5]
  const target: Expected =
    loss === 'crossEntropy'
      ? ['target', rowsFormula, rows]
      : ['target', `${rowsFormula}*size`, rows * 5]
  const lengths: Expected = ['lengths', 'batch', BATCH]
  const inputs = (given: readonly unknown[]): NativeInputBatch[] => [
    { steps: STEPS, lengths: given[0] as Int32Array, values: given[1] as Float32Array },
  ]
  const batch = [Int32Array.of(2, 6), kind === 'tokens' ? integers(input[2]) : floats(input[2])]

  const targets = [loss === 'crossEntropy' ? integers(target[2]) : floats(target[2])]

  test.each([
    [0, lengths],
    [1, input],
    [2, output],
  ])('checks array %p of predict', async (place, expected) => {
    const calls: Call[] = [
      (given: unknown[]) => {
        model.predictSync(BATCH, inputs(given), [given[2] as Float32Array])
      },
      (given: unknown[]) => model.predict(BATCH, inputs(given), [given[2] as Float32Array], null),
      (given: unknown[]) =>
        trainer.evaluate(batchOf(BATCH, inputs(given), targets), null, [given[2] as Float32Array]),
    ]
    const right = [...batch, floats(output[2])]
    await expectChecked(calls, right, place, expected)
    await expectRight(calls, right)
  })

  test.each([
    [0, lengths],
    [1, input],
    [2, target],
  ])('checks array %p of a step', async (place, expected) => {
    const calls: Call[] = [
      (given: unknown[]) =>
        trainer.stepSync(...stepCall(BATCH, inputs(given), [given[2] as Float32Array])),
      (given: unknown[]) =>
        trainer.step(...stepCall(BATCH, inputs(given), [given[2] as Float32Array]), null),
      (given: unknown[]) =>
        trainer.evaluate(batchOf(BATCH, inputs(given), [given[2] as Float32Array]), null),
    ]
    const right = [...batch, ...targets]
    await expectChecked(calls, right, place, expected)
    await expectRight(calls, right)
  })
})

describe('a model of two inputs and two outputs', () => {
  // The second input has other steps than the first. Each output has the steps of one of them.
  const gru = (name: string, input: string): NativeLayerOptions => {
    const [, layer] = chain({ gru: gruOptions }).layers
    return { ...layer!, name, inputs: [input] }
  }
  const linear = (name: string, input: string, size: number): NativeLayerOptions => ({
    ...{ name, type: 'linear', inputs: [input], size, activation: 'none' },
  })
  const named = (name: string, size: number) => ({
    ...{ name, argument: `inputs.${name}`, lengths: `lengths.${name}`, tokens: false, size },
  })
  const output = (layer: string) => ({
    ...{ layer, loss: { kind: 'meanSquaredError' as const, ignoreMissing: false }, weight: 1 },
    ...{ argument: `outputs.${layer}`, target: `targets.${layer}`, output: `outputs.${layer}` },
  })
  const options: NativeGraphOptions = {
    inputs: [named('a', 3), named('b', 2)],
    layers: [gru('one', 'a'), gru('two', 'b'), linear('x', 'one', 2), linear('y', 'two', 1)],
    outputs: [output('x'), output('y')],
    batchFirst: false,
  }
  const model = new addon.NativeModel(options, 1, device)
  const trainer = new addon.NativeTrainer(model, trainerOptions)
  const inputs = ([a, b, aLengths, bLengths]: readonly unknown[]): NativeInputBatch[] => [
    { steps: 3, lengths: aLengths as Int32Array, values: a as Float32Array },
    { steps: 4, lengths: bLengths as Int32Array, values: b as Float32Array },
  ]
  const arrays = (given: readonly unknown[]) => given.slice(4) as Float32Array[]
  const right = (): unknown[] => [
    ...[floats(3 * 2 * 3), floats(4 * 2 * 2), Int32Array.of(3, 1), Int32Array.of(0, 4)],
    ...[floats(3 * 2 * 2), floats(4 * 2 * 1)],
  ]
  const expected: Expected[] = [
    ['inputs.a', 'steps*batch*features', 18],
    ['inputs.b', 'steps*batch*features', 16],
    ['lengths.a', 'batch', 2],
    ['lengths.b', 'batch', 2],
  ]

  test.each([
    ...expected,
    ['outputs.x', 'steps*batch*size', 12],
    ['outputs.y', 'steps*batch*size', 8],
  ] as Expected[])('checks %s of predict', async (...checked) => {
    const calls: Call[] = [
      (given: unknown[]) => {
        model.predictSync(2, inputs(given), arrays(given))
      },
      (given: unknown[]) => model.predict(2, inputs(given), arrays(given), null),
      (given: unknown[]) =>
        trainer.evaluate(batchOf(2, inputs(given), arrays(right())), null, arrays(given)),
    ]
    const place = ['inputs.a', 'inputs.b', 'lengths.a', 'lengths.b', 'outputs.x', 'outputs.y']
    await expectChecked(calls, right(), place.indexOf(checked[0]), checked)
    await expectRight(calls, right())
  })

  test.each([
    ...expected,
    ['targets.x', 'steps*batch*size', 12],
    ['targets.y', 'steps*batch*size', 8],
  ] as Expected[])('checks %s of a step', async (...checked) => {
    const calls: Call[] = [
      (given: unknown[]) => trainer.stepSync(...stepCall(2, inputs(given), arrays(given))),
      (given: unknown[]) => trainer.step(...stepCall(2, inputs(given), arrays(given)), null),
      (given: unknown[]) => trainer.evaluate(batchOf(2, inputs(given), arrays(given)), null),
    ]
    const place = ['inputs.a', 'inputs.b', 'lengths.a', 'lengths.b', 'targets.x', 'targets.y']
    await expectChecked(calls, right(), place.indexOf(checked[0]), checked)
    await expectRight(calls, right())
  })

  test.each<[string, (given: readonly unknown[]) => [unknown, unknown], RegExp]>([
    ['an input too few', (given) => [inputs(given).slice(1), arrays(given)], /^inputs: .* of 2/],
    ['an array too many', (given) => [inputs(given), [...arrays(given), floats(1)]], / of 2, got/],
    ['no array', (given) => [inputs(given), []], /: expected an Array of 2, got an Array of 0$/],
    ['inputs that are none', (given) => [5, arrays(given)], /^inputs: expected an Array/],
    ['an input that is none', (given) => [[null, 5], arrays(given)], /^inputs: .* of objects/],
    ['a list without end', (given) => [Array(2 ** 32 - 1), arrays(given)], /^inputs: .* at most/],
  ])('refuses %s', async (_, change, message) => {
    const [changedInputs, changedArrays] = change(right()) as [NativeInputBatch[], Float32Array[]]
    const calls = [
      () => {
        model.predictSync(2, changedInputs, changedArrays)
      },
      () => model.predict(2, changedInputs, changedArrays, null),
      () => trainer.stepSync(...stepCall(2, changedInputs, changedArrays)),
      () => trainer.step(...stepCall(2, changedInputs, changedArrays), null),
    ]
    for (const call of calls) expect((await failureOf(call)).message).toMatch(message)
  })

  test.each<[string, Partial<NativeGraphOptions>, string]>([
    [
      'a layer that reads two inputs and can only read one',
      { layers: [{ ...linear('one', 'a', 2), inputs: ['a', 'b'] }] },
      'layers.one: expected 1 input, got 2',
    ],
    [
      'a layer that reads none',
      { layers: [{ ...linear('one', 'a', 2), inputs: [] }] },
      'layers.one: expected 1 input, got 0',
    ],
    [
      'a type that is none',
      { layers: [{ ...linear('one', 'a', 2), type: 'rnn' as never }] },
      'layers.one.type: expected one of "embedding", "gru", "lstm", "linear", ',
    ],
    ['no outputs', { outputs: [] }, 'outputs: expected at least one, got none'],
    ['layers that are no list', { layers: {} as never }, 'layers: expected an Array of at most'],
  ])('is not made with %s', async (_, changes, message) => {
    const given = { ...options, ...changes }
    for (const make of [
      () => addon.describeGraph(given),
      () => new addon.NativeModel(given, 1, device),
    ]) {
      expect((await failureOf(make)).message).toContain(message)
    }
  })
})
