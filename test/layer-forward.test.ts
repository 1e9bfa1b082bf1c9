import { GRU, type GruErrorCode, LSTM, type LstmForwardSyncOptions } from '../lib'
import { cells, parameterBits } from './support/cells'
import { expectGruError, expectGruRejection } from './support/errors'
import { input, options } from './support/gru'
import type { LayerResult } from './support/layers'
import { detached, resizable, shared } from './support/memory'

describe.each(cells)('$name', ({ make, initial, hasCell, keys }) => {
  describe('a forward call', () => {
    test('takes one sequence, from the state 0, unless told otherwise', () => {
      const layer = make()
      const result = layer.forwardSync(input)
      const zeros = initial(() => new Float32Array(4))
      const told = layer.forwardSync(input, { batch: 1, lengths: [10], ...zeros })
      expect(result.output).toHaveLength(10 * 4)
      expect(result.state).toEqual(result.output.slice(-4))
      expect('cell' in result).toBe(hasCell)
      expect(told).toEqual(result)
    })

    test('puts out 0 past a length, and the state after the last valid step', () => {
      const layer = make()
      const lengths = Int32Array.of(2, 0)
      const result: LayerResult = layer.forwardSync(input, { batch: 2, lengths })
      const { output, state } = result
      expect(output.slice(2 * 8)).toEqual(new Float32Array(3 * 8))
      expect(state).toEqual(Float32Array.of(...output.slice(8, 12), 0, 0, 0, 0))
      const twoSteps = Float32Array.of(...input.slice(0, 3), ...input.slice(6, 9))
      const { cell }: LayerResult = layer.forwardSync(twoSteps)
      expect(result.cell).toEqual(cell && Float32Array.of(...cell, 0, 0, 0, 0))
    })

    test('writes into arrays of the caller, and returns them', async () => {
      const layer = make()
      const expected = layer.forwardSync(input, { batch: 2 })
      for (const sync of [true, false]) {
        // The array is part of a larger buffer, whose other values must not change.
        const memory = new Float32Array(80).fill(5)
        const [output, state, cell] = [
          memory.subarray(3, 43),
          memory.subarray(50, 58),
          memory.subarray(60, 68),
        ]
        const arrays = { output, state, ...(hasCell && { cell }) }
        const call = { batch: 2, ...arrays }
        const result = sync ? layer.forwardSync(input, call) : await layer.forward(input, call)
        expect(result).toEqual(expected)
        for (const [name, array] of Object.entries(arrays)) {
          expect(result[name as keyof typeof result]).toBe(array)
          array.fill(5)
        }
        expect(memory).toEqual(new Float32Array(80).fill(5))
      }
    })

    test('may replace the initial state by the final one: step by step is as all at once', () => {
      const layer = make({ numLayers: 2 })
      const state = new Float32Array(2 * 2 * 4)
      const cell = new Float32Array(2 * 2 * 4)
      const outputs = [0, 1, 2, 3, 4].flatMap((step) => {
        const own = hasCell && { initialCell: cell, cell }
        const call = { batch: 2, initialState: state, state, ...own }
        return [...layer.forwardSync(input.subarray(step * 6, (step + 1) * 6), call).output]
      })
      const whole = layer.forwardSync(input, { batch: 2 })
      expect(Float32Array.from(outputs)).toEqual(whole.output)
      expect({ state, ...(hasCell && { cell }) }).toMatchObject({
        state: whole.state,
        ...('cell' in whole && { cell: whole.cell }),
      })
    })

    test('as a promise has copied its input when it returns', async () => {
      const layer = make()
      const expected = layer.forwardSync(input, { batch: 2, lengths: [5, 3] })
      const [mine, lengths] = [input.slice(), Int32Array.of(5, 3)]
      const promise = layer.forward(mine, { batch: 2, lengths })
      mine.fill(NaN)
      lengths.fill(0)
      structuredClone(mine, { transfer: [mine.buffer] })
      expect(await promise).toEqual(expected)
    })

    test('lets NaN and infinity through', () => {
      const layer = make()
      const bad = Float32Array.of(...input.subarray(0, 3), NaN, 0, 0, Infinity, 1, 1)
      const { output } = layer.forwardSync(bad)
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
        `options: expected only the keys ${keys}, got the key "batches"`,
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
      const layer = make()
      const before = parameterBits(layer)
      const [bad, given] = [badInput as Float32Array, badOptions as { batch: number }]
      expectGruError(() => layer.forwardSync(bad, given), code, message)
      expectGruError(() => layer.forwardTrainingSync(bad, given), code, message)
      // The promise forms have one more option.
      const asynchronous = message.replace(`${keys}, got`, `${keys}, signal, got`)
      await expectGruRejection(layer.forward(bad, given), code, asynchronous)
      await expectGruRejection(layer.forwardTraining(bad, given), code, asynchronous)
      expect(parameterBits(layer)).toEqual(before)
      expect(() => layer.forwardSync(input, call)).not.toThrow()
    })

    test('refuses arrays that share memory where one is written', () => {
      const layer = make({ inputSize: 4 })
      const memory = new Float32Array(100)
      const [x, output] = [memory.subarray(0, 20), memory.subarray(19, 39)]
      const message = "output: expected memory apart from input's, got an overlap"
      expectGruError(() => layer.forwardSync(x, { output }), 'ERR_GRU_VALUE', message)
      const state = memory.subarray(20, 24)
      expectGruError(
        () => layer.forwardSync(x, { output: output.subarray(1), state }),
        'ERR_GRU_SHAPE',
        /output/,
      )
      const apart = memory.subarray(20, 40)
      expectGruError(
        () => layer.forwardSync(x, { output: apart, state }),
        'ERR_GRU_VALUE',
        /^output: .*state/,
      )
      expectGruError(
        () => layer.forwardSync(x, { state: memory.subarray(16, 20) }),
        'ERR_GRU_VALUE',
        /^state: .*input/,
      )
      expect(layer.forwardSync(x, { output: apart }).output).toBe(apart)
    })

    test('refuses a signal where nothing could hear it', () => {
      const call = { batch: 2, signal: new AbortController().signal }
      const message = /^options: expected only the keys .*, got the key "signal"$/
      expectGruError(() => make().forwardSync(input, call), 'ERR_GRU_VALUE', message)
    })
  })
})

describe('the cell state of a forward call', () => {
  const make = () => new LSTM(options)
  const states = () => new Float32Array(8)

  test.each<[LstmForwardSyncOptions, GruErrorCode, string]>([
    [
      { initialCell: new Float32Array(7) },
      'ERR_GRU_SHAPE',
      'initialCell: expected numLayers*D*batch*hiddenSize = 8 values, got 7 values',
    ],
    [
      { cell: new Float32Array(9) },
      'ERR_GRU_SHAPE',
      'cell: expected numLayers*D*batch*hiddenSize = 8 values, got 9 values',
    ],
    [
      { cell: shared(Float32Array, 8) },
      'ERR_GRU_TYPE',
      'cell: expected a Float32Array over an ArrayBuffer of fixed length, got a Float32Array over a SharedArrayBuffer',
    ],
  ])('is refused where it is wrong: %#', async (bad, code, message) => {
    using lstm = make()
    const call = { batch: 2, ...bad }
    expectGruError(() => lstm.forwardSync(input, call), code, message)
    expectGruError(() => lstm.forwardTrainingSync(input, call), code, message)
    await expectGruRejection(lstm.forward(input, call), code, message)
    await expectGruRejection(lstm.forwardTraining(input, call), code, message)
  })

  test('shares memory with no other array but the one before the call', () => {
    using lstm = make()
    const one = states()
    const refused: [LstmForwardSyncOptions, string][] = [
      [{ state: one, cell: one }, "state: expected memory apart from cell's, got an overlap"],
      [
        { cell: one, initialState: one },
        "cell: expected memory apart from initialState's, got an overlap",
      ],
      [
        { state: one, initialCell: one },
        "state: expected memory apart from initialCell's, got an overlap",
      ],
    ]
    for (const [call, message] of refused) {
      expectGruError(() => lstm.forwardSync(input, { batch: 2, ...call }), 'ERR_GRU_VALUE', message)
    }
    const given = { batch: 2, initialCell: one, cell: one }
    expect(lstm.forwardSync(input, given).cell).toBe(one)
  })

  test('as a promise has been copied when it returns', async () => {
    using lstm = make()
    const initialCell = states().fill(0.5)
    const expected = lstm.forwardSync(input, { batch: 2, initialCell: initialCell.slice() })
    const promise = lstm.forward(input, { batch: 2, initialCell })
    initialCell.fill(NaN)
    expect(await promise).toEqual(expected)
  })

  test('is none of a GRU', () => {
    using gru = new GRU(options)
    const call = { batch: 2, initialCell: states() }
    const message = /^options: expected only the keys .*, got the key "initialCell"/
    expectGruError(() => gru.forwardSync(input, call), 'ERR_GRU_VALUE', message)
  })
})
