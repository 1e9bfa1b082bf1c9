import type { GruErrorCode, GruPass } from '../lib'
import { expectGruError, expectGruRejection } from './support/errors'
import { dOutput, input, makeGru } from './support/gru'

describe('a training pass', () => {
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
      'gradients: expected only the keys output, state, got the key "outputs" (did you mean output?)',
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
