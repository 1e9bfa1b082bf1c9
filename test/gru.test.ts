import { GRU, type GruErrorCode, type GruOptions, type GruPass } from '../lib'
import { deviceDefaults } from './support/device'
import { expectGruError, expectGruRejection } from './support/errors'
import { detached, resizable, shared } from './support/memory'
import { bitsOf, randomSource, uniform } from './support/numbers'

const options: GruOptions = { inputSize: 3, hiddenSize: 4, seed: 7 }
const random = randomSource(7)
/** Five steps of two sequences. */
const input = uniform(random, 5 * 2 * 3)

/** A layer for one test, disposed of after it. */
function makeGru(changes: Partial<GruOptions> = {}): GRU {
  const gru = new GRU({ ...options, ...changes })
  layers.push(gru)
  return gru
}
const layers: GRU[] = []
afterEach(() => {
  for (const gru of layers.splice(0)) gru.dispose()
})

const parameterBits = (gru: GRU): string[] => Object.values(gru.getParameters()).map(bitsOf)

describe('options', () => {
  test('have the defaults of PyTorch', () => {
    const { seed, ...others } = makeGru({ seed: undefined }).options
    expect(others).toEqual({
      ...{ inputSize: 3, hiddenSize: 4, numLayers: 1, bias: true, batchFirst: false, dropout: 0 },
      ...{ bidirectional: false, resetAfter: true, updateGate: 'retain', ...deviceDefaults },
    })
    expect(Number.isSafeInteger(seed)).toBe(true)
  })

  test('are as given, and cannot be changed', () => {
    const given = {
      ...{ inputSize: 2, hiddenSize: 3, numLayers: 2, bias: false, batchFirst: true, dropout: 0.5 },
      ...{ bidirectional: true, resetAfter: false, updateGate: 'replace' as const },
      ...{ seed: Number.MAX_SAFE_INTEGER, device: 'cpu', precision: 'float32' as const },
    }
    const gru = makeGru(given)
    expect(gru.options).toEqual(given)
    expect(Object.isFrozen(gru.options)).toBe(true)
  })

  test('may be at their limits', () => {
    expect(makeGru({ numLayers: 1024, hiddenSize: 1 }).options.numLayers).toBe(1024)
    expect(makeGru({ dropout: 1 - 2 ** -24 }).options.dropout).toBe(1 - 2 ** -24)
  })

  test('without a seed draw another one each time', () => {
    const seeds = [1, 2, 3].map(() => makeGru({ seed: undefined }).options.seed)
    expect(new Set(seeds).size).toBe(3)
  })

  test('with a seed decide the initial values', () => {
    expect(parameterBits(makeGru({ seed: 5 }))).toEqual(parameterBits(makeGru({ seed: 5 })))
    expect(parameterBits(makeGru({ seed: 5 }))).not.toEqual(parameterBits(makeGru({ seed: 6 })))
  })

  test.each<[object | undefined, GruErrorCode, string]>([
    [undefined, 'ERR_GRU_TYPE', 'options: expected a plain object, got undefined'],
    [{ hiddensize: 4 }, 'ERR_GRU_VALUE', 'got the key "hiddensize" (did you mean hiddenSize?)'],
    [
      { inputSize: 0 },
      'ERR_GRU_VALUE',
      'inputSize: expected an integer from 1 to 536870911, got 0',
    ],
    [
      { inputSize: '3' },
      'ERR_GRU_TYPE',
      'inputSize: expected an integer from 1 to 536870911, got "3"',
    ],
    [
      { hiddenSize: NaN },
      'ERR_GRU_VALUE',
      'hiddenSize: expected an integer from 1 to 536870911, got NaN',
    ],
    [{ hiddenSize: 1e300 }, 'ERR_GRU_VALUE', 'hiddenSize: expected an integer from 1 to'],
    [{ hiddenSize: 2 ** 29 - 1 }, 'ERR_GRU_VALUE', 'options: expected sizes with at most'],
    [
      { numLayers: 1025 },
      'ERR_GRU_VALUE',
      'numLayers: expected an integer from 1 to 1024, got 1025',
    ],
    [{ numLayers: 1.5 }, 'ERR_GRU_VALUE', 'numLayers: expected an integer from 1 to 1024, got 1.5'],
    [
      { numLayers: null },
      'ERR_GRU_TYPE',
      'numLayers: expected an integer from 1 to 1024, got null',
    ],
    [{ bias: 1 }, 'ERR_GRU_TYPE', 'bias: expected true or false, got 1'],
    [{ batchFirst: 'no' }, 'ERR_GRU_TYPE', 'batchFirst: expected true or false, got "no"'],
    [
      { dropout: 1 },
      'ERR_GRU_VALUE',
      'dropout: expected a finite number at least 0 and below 1, got 1',
    ],
    [
      { dropout: -0.1 },
      'ERR_GRU_VALUE',
      'dropout: expected a finite number at least 0 and below 1, got -0.1',
    ],
    [
      { dropout: 0.99999999 },
      'ERR_GRU_VALUE',
      'dropout: expected a number that is below 1 also as float32, got 0.99999999',
    ],
    [{ bidirectional: 0 }, 'ERR_GRU_TYPE', 'bidirectional: expected true or false, got 0'],
    [{ resetAfter: {} }, 'ERR_GRU_TYPE', 'resetAfter: expected true or false, got an object'],
    [
      { updateGate: 'keep' },
      'ERR_GRU_VALUE',
      'updateGate: expected one of "retain", "replace", got "keep"',
    ],
    [{ seed: -1 }, 'ERR_GRU_VALUE', 'seed: expected an integer from 0 to 9007199254740991, got -1'],
    [{ seed: 2 ** 53 }, 'ERR_GRU_VALUE', 'seed: expected an integer from 0 to 9007199254740991'],
    [{ device: 0 }, 'ERR_GRU_TYPE', "device: expected the name of a device, such as 'cpu', got 0"],
    [
      { device: 'tpu' },
      'ERR_GRU_VALUE',
      "device: expected 'auto', 'cpu', 'cuda' or 'cuda:N', got 'tpu'",
    ],
    [
      { device: 'cuda:99' },
      'ERR_GRU_DEVICE',
      "device: expected one that can be used, got 'cuda:99': ",
    ],
    [
      { device: 'cpu', precision: 'bfloat16' },
      'ERR_GRU_VALUE',
      "precision: expected 'float32' on the CPU, got 'bfloat16'",
    ],
    [
      { precision: 'float64' },
      'ERR_GRU_VALUE',
      'precision: expected one of "float32", "tf32", "bfloat16", got "float64"',
    ],
  ])('refuse %p', (bad, code, message) => {
    const given = bad === undefined ? undefined : { ...options, ...bad }
    const pattern = new RegExp(message.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    expectGruError(() => new GRU(given as GruOptions), code, pattern)
  })
})

describe('parameters', () => {
  test('have the names and sizes of PyTorch', () => {
    const gru = makeGru({ numLayers: 2, bidirectional: true })
    const sizes = Object.entries(gru.getParameters()).map(([name, { length }]) => [name, length])
    const layer = (suffix: string, inputs: number) => [
      [`weight_ih_${suffix}`, 3 * 4 * inputs],
      [`weight_hh_${suffix}`, 3 * 4 * 4],
      [`bias_ih_${suffix}`, 3 * 4],
      [`bias_hh_${suffix}`, 3 * 4],
    ]
    const expected = [
      ...layer('l0', 3),
      ...layer('l0_reverse', 3),
      ...layer('l1', 8),
      ...layer('l1_reverse', 8),
    ]
    expect(sizes).toEqual(expected)
    expect(gru.parameterCount).toBe(expected.reduce((sum, [, count]) => sum + Number(count), 0))
  })

  test('without bias are the matrices alone', () => {
    const names = Object.keys(makeGru({ bias: false }).getParameters())
    expect(names).toEqual(['weight_ih_l0', 'weight_hh_l0'])
  })

  test('begin between -1/sqrt(H) and 1/sqrt(H)', () => {
    const values = Object.values(makeGru({ hiddenSize: 64 }).getParameters()).flatMap((array) => [
      ...array,
    ])
    expect(Math.max(...values)).toBeGreaterThan(0.12)
    expect(Math.max(...values)).toBeLessThanOrEqual(0.125)
    expect(Math.min(...values)).toBeLessThan(-0.12)
    expect(Math.min(...values)).toBeGreaterThanOrEqual(-0.125)
  })

  test('are copied out and in', () => {
    const gru = makeGru()
    const before = gru.getParameters()
    const bits = parameterBits(gru)
    before['bias_ih_l0']!.fill(9)
    expect(parameterBits(gru)).toEqual(bits)
    gru.setParameters(before)
    before['bias_ih_l0']!.fill(1)
    expect(gru.getParameters()['bias_ih_l0']).toEqual(new Float32Array(12).fill(9))
  })

  test('that are not named keep their values', () => {
    const gru = makeGru()
    const before = gru.getParameters()
    gru.setParameters({ weight_hh_l0: new Float32Array(48) })
    expect(gru.getParameters()).toEqual({ ...before, weight_hh_l0: new Float32Array(48) })
  })

  test('decide the output, from the next call on', () => {
    const gru = makeGru()
    gru.forwardSync(input, { batch: 2 })
    const zeros = Object.entries(gru.getParameters()).map(([name, { length }]) => [
      name,
      new Float32Array(length),
    ])
    gru.setParameters(Object.fromEntries(zeros) as Record<string, Float32Array>)
    // All zero: n = 0 and z = 1/2, so the state is halved at each step.
    const { state } = gru.forwardSync(input, {
      batch: 2,
      initialState: new Float32Array(8).fill(1),
    })
    expect(state).toEqual(new Float32Array(8).fill(2 ** -5))
  })

  test.each<[unknown, GruErrorCode, RegExp]>([
    [null, 'ERR_GRU_TYPE', /^parameters: expected a plain object, got null$/],
    [{ weight_ih_l1: new Float32Array(36) }, 'ERR_GRU_VALUE', /^parameters: .*"weight_ih_l1"/],
    [
      { weight_ih_l0: new Float32Array(35) },
      'ERR_GRU_SHAPE',
      /^parameters\['weight_ih_l0'\]: expected 12\*3 = 36 values, got 35 values$/,
    ],
    [
      { weight_ih_l0: new Float64Array(36) },
      'ERR_GRU_TYPE',
      /^parameters\['weight_ih_l0'\]: expected a Float32Array/,
    ],
    [{ weight_ih_l0: undefined }, 'ERR_GRU_TYPE', /got undefined$/],
    [{ weight_ih_l0: shared(Float32Array, 36) }, 'ERR_GRU_TYPE', /SharedArrayBuffer$/],
    [
      { bias_ih_l0: new Float32Array(12), bias_hh_l0: new Float32Array(1) },
      'ERR_GRU_SHAPE',
      /bias_hh_l0/,
    ],
  ])('refuse %p as a whole', (bad, code, message) => {
    const gru = makeGru()
    const before = parameterBits(gru)
    expectGruError(
      () => {
        gru.setParameters(bad as Record<string, Float32Array>)
      },
      code,
      message,
    )
    expect(parameterBits(gru)).toEqual(before)
  })
})

describe('a forward call', () => {
  test('takes one sequence, from the state 0, unless told otherwise', () => {
    const gru = makeGru()
    const { output, state } = gru.forwardSync(input)
    const told = gru.forwardSync(input, {
      batch: 1,
      initialState: new Float32Array(4),
      lengths: [10],
    })
    expect(output).toHaveLength(10 * 4)
    expect(state).toEqual(output.slice(-4))
    expect(told).toEqual({ output, state })
  })

  test('puts out 0 past a length, and the state after the last valid step', () => {
    const gru = makeGru()
    const { output, state } = gru.forwardSync(input, { batch: 2, lengths: Int32Array.of(2, 0) })
    expect(output.slice(2 * 8)).toEqual(new Float32Array(3 * 8))
    expect(state).toEqual(Float32Array.of(...output.slice(8, 12), 0, 0, 0, 0))
  })

  test('writes into arrays of the caller, and returns them', async () => {
    const gru = makeGru()
    const expected = gru.forwardSync(input, { batch: 2 })
    for (const sync of [true, false]) {
      // Inside a larger buffer, whose other values must stay.
      const memory = new Float32Array(64).fill(5)
      const [output, state] = [memory.subarray(3, 43), memory.subarray(50, 58)]
      const call = { batch: 2, output, state }
      const result = sync ? gru.forwardSync(input, call) : await gru.forward(input, call)
      expect(result.output).toBe(output)
      expect(result.state).toBe(state)
      expect(result).toEqual(expected)
      const outside = [...memory.subarray(0, 3), ...memory.subarray(43, 50), ...memory.subarray(58)]
      expect(new Set(outside)).toEqual(new Set([5]))
    }
  })

  test('may replace the initial state by the final one: step by step is as all at once', () => {
    const gru = makeGru({ numLayers: 2 })
    const state = new Float32Array(2 * 2 * 4)
    const outputs = [0, 1, 2, 3, 4].flatMap((step) => {
      const call = { batch: 2, initialState: state, state }
      return [...gru.forwardSync(input.subarray(step * 6, (step + 1) * 6), call).output]
    })
    const whole = gru.forwardSync(input, { batch: 2 })
    expect(Float32Array.from(outputs)).toEqual(whole.output)
    expect(state).toEqual(whole.state)
  })

  test('as a promise has copied its input when it returns', async () => {
    const gru = makeGru()
    const expected = gru.forwardSync(input, { batch: 2, lengths: [5, 3] })
    const [mine, lengths] = [input.slice(), Int32Array.of(5, 3)]
    const promise = gru.forward(mine, { batch: 2, lengths })
    mine.fill(NaN)
    lengths.fill(0)
    structuredClone(mine, { transfer: [mine.buffer] })
    expect(await promise).toEqual(expected)
  })

  test('lets NaN and infinity through', () => {
    const gru = makeGru()
    const bad = Float32Array.of(...input.subarray(0, 3), NaN, 0, 0, Infinity, 1, 1)
    const { output } = gru.forwardSync(bad)
    expect(output.slice(0, 4).every(Number.isFinite)).toBe(true)
    expect(output.slice(4).every(Number.isNaN)).toBe(true)
  })

  const call = { batch: 2 }
  test.each<[unknown, unknown, GruErrorCode, string]>([
    [
      new Float64Array(30),
      call,
      'ERR_GRU_TYPE',
      'input: expected a Float32Array, got a Float64Array of 30',
    ],
    [[1, 2, 3], call, 'ERR_GRU_TYPE', 'input: expected a Float32Array, got an Array of 3'],
    [undefined, call, 'ERR_GRU_TYPE', 'input: expected a Float32Array, got undefined'],
    [
      new Float32Array(31),
      call,
      'ERR_GRU_SHAPE',
      'input: expected steps*batch*inputSize = a multiple of 6, got 31 values',
    ],
    [
      new Float32Array(0),
      call,
      'ERR_GRU_SHAPE',
      'input: expected steps*batch*inputSize = a positive multiple of 6, got 0 values',
    ],
    [
      detached(Float32Array, 30),
      call,
      'ERR_GRU_TYPE',
      'input: expected a Float32Array over an ArrayBuffer of fixed length, got a Float32Array over a detached ArrayBuffer',
    ],
    [
      shared(Float32Array, 30),
      call,
      'ERR_GRU_TYPE',
      'input: expected a Float32Array over an ArrayBuffer of fixed length, got a Float32Array over a SharedArrayBuffer',
    ],
    [
      resizable(Float32Array, 30),
      call,
      'ERR_GRU_TYPE',
      'input: expected a Float32Array over an ArrayBuffer of fixed length, got a Float32Array over a resizable ArrayBuffer',
    ],
    [
      input,
      { batches: 2 },
      'ERR_GRU_VALUE',
      'options: expected only the keys batch, lengths, initialState, output, state, got the key "batches"',
    ],
    [input, 2, 'ERR_GRU_TYPE', 'options: expected a plain object, got 2'],
    [
      input,
      { batch: 0 },
      'ERR_GRU_VALUE',
      'batch: expected an integer from 1 to 2147483647, got 0',
    ],
    [
      input,
      { batch: 2 ** 31 - 1 },
      'ERR_GRU_SHAPE',
      'input: expected steps*batch*inputSize = a multiple of 6442450941, got 30 values',
    ],
    [
      input,
      { batch: 2, lengths: [5] },
      'ERR_GRU_SHAPE',
      'lengths: expected batch = 2 values, got 1 value',
    ],
    [
      input,
      { batch: 2, lengths: [5, 6] },
      'ERR_GRU_VALUE',
      'lengths[1]: expected an integer from 0 to 5, got 6',
    ],
    [
      input,
      { batch: 2, lengths: [-1, 5] },
      'ERR_GRU_VALUE',
      'lengths[0]: expected an integer from 0 to 5, got -1',
    ],
    [
      input,
      { batch: 2, lengths: [5, 2.5] },
      'ERR_GRU_VALUE',
      'lengths[1]: expected an integer from 0 to 5, got 2.5',
    ],
    [
      input,
      { batch: 2, lengths: new Float32Array(2) },
      'ERR_GRU_TYPE',
      'lengths: expected an Int32Array or an Array of integers, got a Float32Array of 2',
    ],
    [
      input,
      { batch: 2, initialState: new Float32Array(7) },
      'ERR_GRU_SHAPE',
      'initialState: expected numLayers*D*batch*hiddenSize = 8 values, got 7 values',
    ],
    [
      input,
      { batch: 2, initialState: null },
      'ERR_GRU_TYPE',
      'initialState: expected a Float32Array, got null',
    ],
    [
      input,
      { batch: 2, output: new Float32Array(41) },
      'ERR_GRU_SHAPE',
      'output: expected steps*batch*D*hiddenSize = 40 values, got 41 values',
    ],
    [
      input,
      { batch: 2, state: new Float32Array(0) },
      'ERR_GRU_SHAPE',
      'state: expected numLayers*D*batch*hiddenSize = 8 values, got 0 values',
    ],
    [
      input,
      { batch: 2, output: shared(Float32Array, 40) },
      'ERR_GRU_TYPE',
      'output: expected a Float32Array over an ArrayBuffer of fixed length, got a Float32Array over a SharedArrayBuffer',
    ],
  ])('refuses wrong arguments: %#', async (badInput, badOptions, code, message) => {
    const gru = makeGru()
    const before = parameterBits(gru)
    const [bad, given] = [badInput as Float32Array, badOptions as { batch: number }]
    expectGruError(() => gru.forwardSync(bad, given), code, message)
    expectGruError(() => gru.forwardTrainingSync(bad, given), code, message)
    // The promise forms know one option more.
    const asynchronous = message.replace('output, state, got', 'output, state, signal, got')
    await expectGruRejection(gru.forward(bad, given), code, asynchronous)
    await expectGruRejection(gru.forwardTraining(bad, given), code, asynchronous)
    expect(parameterBits(gru)).toEqual(before)
    expect(() => gru.forwardSync(input, call)).not.toThrow()
  })

  test('refuses arrays that share memory where one is written', () => {
    const gru = makeGru({ inputSize: 4 })
    const memory = new Float32Array(100)
    const [x, output] = [memory.subarray(0, 20), memory.subarray(19, 39)]
    const message = "output: expected memory apart from input's, got an overlap"
    expectGruError(() => gru.forwardSync(x, { output }), 'ERR_GRU_VALUE', message)
    const state = memory.subarray(20, 24)
    expectGruError(
      () => gru.forwardSync(x, { output: output.subarray(1), state }),
      'ERR_GRU_SHAPE',
      /output/,
    )
    const apart = memory.subarray(20, 40)
    expectGruError(
      () => gru.forwardSync(x, { output: apart, state }),
      'ERR_GRU_VALUE',
      /^output: .*state/,
    )
    expectGruError(
      () => gru.forwardSync(x, { state: memory.subarray(16, 20) }),
      'ERR_GRU_VALUE',
      /^state: .*input/,
    )
    expect(gru.forwardSync(x, { output: apart }).output).toBe(apart)
  })

  test('refuses a signal where nothing could hear it', () => {
    const call = { batch: 2, signal: new AbortController().signal }
    const message = /^options: expected only the keys .*, got the key "signal"$/
    expectGruError(() => makeGru().forwardSync(input, call), 'ERR_GRU_VALUE', message)
  })
})

describe('an array lost while its promise is pending', () => {
  test('is an error, and the layer goes on', async () => {
    const gru = makeGru()
    const output = new Float32Array(40)
    const promise = gru.forward(input, { batch: 2, output })
    structuredClone(output, { transfer: [output.buffer] })
    await expectGruRejection(promise, 'ERR_GRU_TYPE', /^output: .*detached/)
    expect((await gru.forward(input, { batch: 2 })).output).toHaveLength(40)
  })
})

describe('a training pass', () => {
  const dOutput = uniform(random, 40)

  test('takes absent gradients for zero', () => {
    const gru = makeGru()
    const run = (given: Parameters<GruPass['backwardSync']>[0]) =>
      gru.forwardTrainingSync(input, { batch: 2 }).backwardSync(given)
    const both = run({ output: dOutput, state: new Float32Array(8) })
    expect(run({ output: dOutput })).toEqual(both)
    const none = run({})
    expect(new Set([...none.input, ...none.initialState])).toEqual(new Set([0]))
    expect(run({ output: new Float32Array(40), state: new Float32Array(8) })).toEqual(none)
  })

  test('gives gradients by name, over one flat array', async () => {
    const gru = makeGru()
    const pass = await gru.forwardTraining(input, { batch: 2 })
    const { input: dInput, initialState, parameters } = await pass.backward({ output: dOutput })
    expect([dInput.length, initialState.length]).toEqual([30, 8])
    expect(Object.keys(parameters)).toEqual(Object.keys(gru.getParameters()))
    expect(new Set(Object.values(parameters).map(({ buffer }) => buffer)).size).toBe(1)
  })

  test('writes gradients into arrays of the caller', async () => {
    const gru = makeGru()
    const expected = gru.forwardTrainingSync(input, { batch: 2 }).backwardSync({ output: dOutput })
    for (const sync of [true, false]) {
      const pass = gru.forwardTrainingSync(input, { batch: 2 })
      const arrays = {
        input: new Float32Array(30).fill(5),
        initialState: new Float32Array(8).fill(5),
        parameters: new Float32Array(gru.parameterCount).fill(5),
      }
      const given = { output: dOutput }
      const result = sync ? pass.backwardSync(given, arrays) : await pass.backward(given, arrays)
      expect(result.input).toBe(arrays.input)
      expect(result.initialState).toBe(arrays.initialState)
      expect(Object.values(result.parameters)[0]!.buffer).toBe(arrays.parameters.buffer)
      expect(result).toEqual(expected)
    }
  })

  test('needs neither the input nor the output any more', () => {
    const gru = makeGru()
    const expected = gru.forwardTrainingSync(input, { batch: 2 }).backwardSync({ output: dOutput })
    const mine = input.slice()
    const pass = gru.forwardTrainingSync(mine, { batch: 2 })
    mine.fill(NaN)
    pass.output.fill(NaN)
    pass.state.fill(NaN)
    expect(pass.backwardSync({ output: dOutput })).toEqual(expected)
  })

  test('serves one backward call', async () => {
    const pass = makeGru().forwardTrainingSync(input, { batch: 2 })
    pass.backwardSync({ output: dOutput })
    expectGruError(
      () => pass.backwardSync({ output: dOutput }),
      'ERR_GRU_DISPOSED',
      /backward|used/,
    )
    await expectGruRejection(
      pass.backward({ output: dOutput }),
      'ERR_GRU_DISPOSED',
      /backward|used/,
    )
  })

  test("refuses backward after its dispose, or its layer's", async () => {
    const gru = makeGru()
    const pass = gru.forwardTrainingSync(input, { batch: 2 })
    pass.dispose()
    pass[Symbol.dispose]()
    expectGruError(() => pass.backwardSync({}), 'ERR_GRU_DISPOSED', /./)
    const other = gru.forwardTrainingSync(input, { batch: 2 })
    gru.dispose()
    await expectGruRejection(other.backward({}), 'ERR_GRU_DISPOSED', /./)
  })

  test('refuses backward where the parameters changed since', () => {
    const gru = makeGru()
    const pass = gru.forwardTrainingSync(input, { batch: 2 })
    gru.setParameters(gru.getParameters())
    expectGruError(() => pass.backwardSync({}), 'ERR_GRU_VALUE', /parameters changed/)
  })

  const call = { output: dOutput }
  test.each<[unknown, unknown, GruErrorCode, string]>([
    [undefined, {}, 'ERR_GRU_TYPE', 'gradients: expected a plain object, got undefined'],
    [dOutput, {}, 'ERR_GRU_TYPE', 'gradients: expected a plain object, got a Float32Array of 40'],
    [
      { outputs: dOutput },
      {},
      'ERR_GRU_VALUE',
      'gradients: expected only the keys output, state, got the key "outputs"',
    ],
    [
      { output: dOutput.subarray(1) },
      {},
      'ERR_GRU_SHAPE',
      'output: expected steps*batch*D*hiddenSize = 40 values, got 39 values',
    ],
    [
      { state: new Int32Array(8) },
      {},
      'ERR_GRU_TYPE',
      'state: expected a Float32Array, got an Int32Array of 8',
    ],
    [
      call,
      { input: new Float32Array(29) },
      'ERR_GRU_SHAPE',
      'input: expected steps*batch*inputSize = 30 values, got 29 values',
    ],
    [
      call,
      { initialState: new Float32Array(9) },
      'ERR_GRU_SHAPE',
      'initialState: expected numLayers*D*batch*hiddenSize = 8 values, got 9 values',
    ],
    [
      call,
      { parameters: new Float32Array(1) },
      'ERR_GRU_SHAPE',
      'parameters: expected parameterCount = 108 values, got 1 value',
    ],
    [
      call,
      { parameters: {} },
      'ERR_GRU_TYPE',
      'parameters: expected a Float32Array, got an object',
    ],
    [
      { output: dOutput },
      { input: dOutput.subarray(0, 30) },
      'ERR_GRU_VALUE',
      "input: expected memory apart from output's, got an overlap",
    ],
  ])('refuses wrong gradients, and stays: %#', async (given, arrays, code, message) => {
    const pass = makeGru().forwardTrainingSync(input, { batch: 2 })
    const [gradients, own] = [given as { output: Float32Array }, arrays as object]
    expectGruError(() => pass.backwardSync(gradients, own), code, message)
    await expectGruRejection(pass.backward(gradients, own), code, message)
    expect(pass.backwardSync(call).input).toHaveLength(30)
  })
})

describe('dropout', () => {
  const dropping: Partial<GruOptions> = { numLayers: 2, dropout: 0.5, hiddenSize: 32 }

  test('acts in training alone', () => {
    const gru = makeGru(dropping)
    const plain = makeGru({ ...dropping, dropout: 0 })
    const expected = plain.forwardSync(input, { batch: 2 }).output
    expect(gru.forwardSync(input, { batch: 2 }).output).toEqual(expected)
    expect(gru.forwardTrainingSync(input, { batch: 2 }).output).not.toEqual(expected)
  })

  test('draws other masks in each pass, the same from the same seed', () => {
    const run = (): string[] => {
      const gru = makeGru(dropping)
      return [1, 2].map(() => bitsOf(gru.forwardTrainingSync(input, { batch: 2 }).output))
    }
    const [first, second] = run()
    expect(first).not.toBe(second)
    expect(run()).toEqual([first, second])
  })

  test('draws the same masks with batchFirst', () => {
    const timeMajor = makeGru(dropping).forwardTrainingSync(input.subarray(0, 15))
    const batchFirst = makeGru({ ...dropping, batchFirst: true })
    expect(batchFirst.forwardTrainingSync(input.subarray(0, 15)).output).toEqual(timeMajor.output)
  })
})

describe('calls at once', () => {
  test('of one layer are run one after another, with the parameters of their time', async () => {
    const gru = makeGru()
    const expected = gru.forwardSync(input, { batch: 2 })
    const results = await Promise.all([1, 2, 3, 4].map(() => gru.forward(input, { batch: 2 })))
    for (const result of results) expect(result).toEqual(expected)
  })

  test('of a layer and Sync are refused while a promise is pending', async () => {
    const gru = makeGru()
    const before = parameterBits(gru)
    const promise = gru.forward(input, { batch: 2 })
    expectGruError(() => gru.forwardSync(input, { batch: 2 }), 'ERR_GRU_BUSY', /./)
    expectGruError(() => gru.forwardTrainingSync(input, { batch: 2 }), 'ERR_GRU_BUSY', /./)
    expectGruError(() => gru.getParameters(), 'ERR_GRU_BUSY', /./)
    expectGruError(
      () => {
        gru.setParameters({})
      },
      'ERR_GRU_BUSY',
      /./,
    )
    await promise
    expect(parameterBits(gru)).toEqual(before)
  })
})

describe('a signal', () => {
  test('that is aborted already stops everything, with its reason', async () => {
    const gru = makeGru()
    const reason = new Error('stop')
    const output = new Float32Array(40).fill(3)
    const call = { batch: 2, output, signal: AbortSignal.abort(reason) }
    await expect(gru.forward(input, call)).rejects.toBe(reason)
    await expect(gru.forwardTraining(input, call)).rejects.toBe(reason)
    const pass = gru.forwardTrainingSync(input, { batch: 2 })
    await expect(pass.backward({}, { signal: call.signal })).rejects.toBe(reason)
    expect(output).toEqual(new Float32Array(40).fill(3))
    // Nothing was started: the pass can still be used.
    expect(pass.backwardSync({}).input).toHaveLength(30)
  })

  test('that is aborted meanwhile stops the call', async () => {
    const gru = makeGru({ hiddenSize: 128 })
    const long = new Float32Array(3 * 400_000)
    const controller = new AbortController()
    const promise = gru.forward(long, { signal: controller.signal })
    setTimeout(() => {
      controller.abort('enough')
    }, 1)
    await expect(promise).rejects.toBe('enough')
    expect((await gru.forward(input, { batch: 2 })).state).toHaveLength(2 * 128)
  })

  test('that is not aborted changes nothing, and keeps no listener', async () => {
    const gru = makeGru()
    const { signal } = new AbortController()
    const listeners = new Set<unknown>()
    const add = signal.addEventListener.bind(signal)
    const remove = signal.removeEventListener.bind(signal)
    signal.addEventListener = (type: string, listener: () => void) => {
      listeners.add(listener)
      add(type, listener)
    }
    signal.removeEventListener = (type: string, listener: () => void) => {
      listeners.delete(listener)
      remove(type, listener)
    }
    expect(await gru.forward(input, { batch: 2, signal })).toEqual(
      gru.forwardSync(input, { batch: 2 }),
    )
    expect(listeners.size).toBe(0)
  })

  test('must be one', async () => {
    const call = { batch: 2, signal: {} as AbortSignal }
    const message = 'signal: expected an AbortSignal, got an object'
    await expectGruRejection(makeGru().forward(input, call), 'ERR_GRU_TYPE', message)
  })
})

describe('dispose', () => {
  test('may be called again, and ends everything else', async () => {
    const gru = makeGru()
    gru.dispose()
    gru.dispose()
    gru[Symbol.dispose]()
    expectGruError(() => gru.forwardSync(input, { batch: 2 }), 'ERR_GRU_DISPOSED', /./)
    expectGruError(() => gru.forwardTrainingSync(input), 'ERR_GRU_DISPOSED', /./)
    expectGruError(() => gru.getParameters(), 'ERR_GRU_DISPOSED', /./)
    expectGruError(
      () => {
        gru.setParameters({})
      },
      'ERR_GRU_DISPOSED',
      /./,
    )
    await expectGruRejection(gru.forward(input), 'ERR_GRU_DISPOSED', /./)
    await expectGruRejection(gru.forwardTraining(input), 'ERR_GRU_DISPOSED', /./)
    expect(gru.options.hiddenSize).toBe(4)
  })

  test('lets pending calls finish', async () => {
    const gru = makeGru()
    const expected = gru.forwardSync(input, { batch: 2 })
    const promise = gru.forward(input, { batch: 2 })
    gru.dispose()
    expect(await promise).toEqual(expected)
  })
})
