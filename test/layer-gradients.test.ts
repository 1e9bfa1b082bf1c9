import {
  type GruErrorCode,
  LSTM,
  type LstmBackwardSyncOptions,
  type LstmOutputGradients,
} from '../lib'
import { cells } from './support/cells'
import { expectGruError, expectGruRejection } from './support/errors'
import { dOutput, input, options } from './support/gru'

const ones = new Float32Array(8).fill(1)

describe.each(cells)('$name', ({ make, gates, hasCell, initial, final }) => {
  describe('a training pass', () => {
    test('takes absent gradients for zero', () => {
      const layer = make()
      const run = (given: LstmOutputGradients) =>
        layer.forwardTrainingSync(input, { batch: 2 }).backwardSync(given)
      const both = run({ output: dOutput, ...final(() => new Float32Array(8)) })
      expect(run({ output: dOutput })).toEqual(both)
      const none = run({})
      expect(new Set([...none.input, ...none.initialState])).toEqual(new Set([0]))
      const zeros = final(() => new Float32Array(8))
      expect(run({ output: new Float32Array(40), ...zeros })).toEqual(none)
    })

    test('gives gradients by name, over one flat array', async () => {
      const layer = make()
      const pass = await layer.forwardTraining(input, { batch: 2 })
      const { input: dInput, initialState, parameters } = await pass.backward({ output: dOutput })
      expect([dInput.length, initialState.length]).toEqual([30, 8])
      expect(Object.keys(parameters)).toEqual(Object.keys(layer.getParameters()))
      expect(new Set(Object.values(parameters).map(({ buffer }) => buffer)).size).toBe(1)
    })

    test('writes gradients into arrays of the caller', async () => {
      const layer = make()
      const expected = layer
        .forwardTrainingSync(input, { batch: 2 })
        .backwardSync({ output: dOutput })
      for (const sync of [true, false]) {
        const pass = layer.forwardTrainingSync(input, { batch: 2 })
        const arrays = {
          input: new Float32Array(30).fill(5),
          ...initial(() => new Float32Array(8).fill(5)),
          parameters: new Float32Array(layer.parameterCount).fill(5),
        }
        const given = { output: dOutput }
        const result = sync ? pass.backwardSync(given, arrays) : await pass.backward(given, arrays)
        expect(result.input).toBe(arrays.input)
        expect(result.initialState).toBe(arrays.initialState)
        const initialCell = 'initialCell' in result ? result.initialCell : undefined
        expect(initialCell).toBe(arrays.initialCell)
        expect(Object.values(result.parameters)[0]!.buffer).toBe(arrays.parameters.buffer)
        expect(result).toEqual(expected)
      }
    })

    test('needs neither the input nor the output any more', () => {
      const layer = make()
      const expected = layer
        .forwardTrainingSync(input, { batch: 2 })
        .backwardSync({ output: dOutput })
      const mine = input.slice()
      const pass = layer.forwardTrainingSync(mine, { batch: 2 })
      mine.fill(NaN)
      pass.output.fill(NaN)
      pass.state.fill(NaN)
      if ('cell' in pass) pass.cell.fill(NaN)
      expect(pass.backwardSync({ output: dOutput })).toEqual(expected)
    })

    test('serves one backward call', async () => {
      const pass = make().forwardTrainingSync(input, { batch: 2 })
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
      const layer = make()
      const pass = layer.forwardTrainingSync(input, { batch: 2 })
      pass.dispose()
      pass[Symbol.dispose]()
      expectGruError(() => pass.backwardSync({}), 'ERR_GRU_DISPOSED', /./)
      const other = layer.forwardTrainingSync(input, { batch: 2 })
      layer.dispose()
      await expectGruRejection(other.backward({}), 'ERR_GRU_DISPOSED', /./)
    })

    test('refuses backward where the parameters changed since', () => {
      const layer = make()
      const pass = layer.forwardTrainingSync(input, { batch: 2 })
      layer.setParameters(layer.getParameters())
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
        `gradients: expected only the keys output, state${hasCell ? ', cell' : ''}, got the key "outputs" (did you mean output?)`,
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
        `parameters: expected parameterCount = ${gates * 36} values, got 1 value`,
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
      const pass = make().forwardTrainingSync(input, { batch: 2 })
      const [gradients, own] = [given as { output: Float32Array }, arrays as object]
      expectGruError(() => pass.backwardSync(gradients, own), code, message)
      await expectGruRejection(pass.backward(gradients, own), code, message)
      expect(pass.backwardSync(call).input).toHaveLength(30)
    })
  })
})

describe("the cell state's gradients", () => {
  test('begin where the cell state is given, and end where it began', () => {
    using lstm = new LSTM(options)
    const zeros = Object.entries(lstm.getParameters()).map(([name, { length }]) => [
      name,
      new Float32Array(length),
    ])
    lstm.setParameters(Object.fromEntries(zeros) as Record<string, Float32Array>)
    const { initialCell } = lstm
      .forwardTrainingSync(input, { batch: 2 })
      .backwardSync({ cell: ones })
    // All parameters are zero: f is 1/2 in each of five steps, and nothing else depends on the cell
    // state.
    expect(initialCell).toEqual(new Float32Array(8).fill(2 ** -5))
  })

  test.each<[LstmOutputGradients, LstmBackwardSyncOptions, GruErrorCode, string]>([
    [
      { cell: new Float32Array(7) },
      {},
      'ERR_GRU_SHAPE',
      'cell: expected numLayers*D*batch*hiddenSize = 8 values, got 7 values',
    ],
    [
      {},
      { initialCell: new Float32Array(9) },
      'ERR_GRU_SHAPE',
      'initialCell: expected numLayers*D*batch*hiddenSize = 8 values, got 9 values',
    ],
    [
      { cell: ones },
      { initialCell: ones },
      'ERR_GRU_VALUE',
      "initialCell: expected memory apart from cell's, got an overlap",
    ],
    [
      {},
      { initialState: ones, initialCell: ones },
      'ERR_GRU_VALUE',
      "initialState: expected memory apart from initialCell's, got an overlap",
    ],
  ])('are refused where they are wrong: %#', async (given, arrays, code, message) => {
    using lstm = new LSTM(options)
    const pass = lstm.forwardTrainingSync(input, { batch: 2 })
    expectGruError(() => pass.backwardSync(given, arrays), code, message)
    await expectGruRejection(pass.backward(given, arrays), code, message)
    expect(pass.backwardSync({}).initialCell).toHaveLength(8)
  })
})
