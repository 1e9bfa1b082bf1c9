import { onnxModel } from '../../bench/peers/onnx-model'
import { drawTensors, parameterSpecs } from '../../bench/tensors'
import { SMALL, SMALL_LSTM } from '../support/bench'

/** ONNX's order of gates, by its documentation of the operators: z, r, h and i, o, f, c. */
const CELLS = [
  {
    given: SMALL,
    operator: 'GRU',
    pytorch: ['r', 'z', 'n'],
    onnx: ['z', 'r', 'n'],
    states: ['State'],
  },
  {
    given: SMALL_LSTM,
    operator: 'LSTM',
    pytorch: ['i', 'f', 'g', 'o'],
    onnx: ['i', 'o', 'f', 'g'],
    states: ['State', 'Cell'],
  },
]

describe.each(CELLS)('the ONNX model of a $operator', ({ given, operator, ...cell }) => {
  const specs = parameterSpecs(given)
  const { parameters } = drawTensors(given, 4)
  const model = Buffer.from(onnxModel(given, specs, parameters))

  /** A parameter's values with the gates in ONNX's order. */
  function reordered(name: string): Float32Array {
    const { offset, count } = specs.find((spec) => spec.name === name)!
    const block = count / cell.pytorch.length
    const blocks = cell.onnx.map((gate) => {
      const from = offset + cell.pytorch.indexOf(gate) * block
      return [...parameters.subarray(from, from + block)]
    })
    return Float32Array.from(blocks.flat())
  }

  const holds = (...parts: readonly Float32Array[]): boolean =>
    model.includes(Buffer.concat(parts.map(({ buffer }) => Buffer.from(buffer))))

  test('has the gates in the order of ONNX', () => {
    expect(holds(reordered('weight_ih_l0'))).toBe(true)
    expect(holds(reordered('weight_hh_l0'))).toBe(true)
    expect(holds(reordered('bias_ih_l0'), reordered('bias_hh_l0'))).toBe(true)
  })

  test('has the operator, and an input and an output for each state', () => {
    expect(model.includes(`\x22${String.fromCharCode(operator.length)}${operator}`)).toBe(true)
    expect(model.includes('linear_before_reset')).toBe(operator === 'GRU')
    for (const state of ['State', 'Cell']) {
      const has = cell.states.includes(state)
      expect(model.includes(`initial${state}_l0`)).toBe(has)
      expect(model.includes(`${state.toLowerCase()}_l0`)).toBe(has)
    }
  })
})
