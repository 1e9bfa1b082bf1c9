import type { GruErrorCode } from '../lib'
import { expectGruError, expectGruRejection } from './support/errors'
import { input, makeGru, parameterBits } from './support/gru'
import { detached, resizable, shared } from './support/memory'

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
