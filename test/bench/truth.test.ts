import { findError, type Results } from '../../bench/compare'
import { nativeOptions } from '../../bench/reference'
import { drawTensors, parameterSpecs } from '../../bench/tensors'
import { findTruth, prepareTensors } from '../../bench/truth'
import { SequenceModel, Trainer } from '../../lib'
import type { LstmReferenceResult, ReferenceResult } from '../../binding'
import { addon } from '../support/addon'
import { SMALL, SMALL_LSTM } from '../support/bench'

const CELLS = [
  { given: SMALL, gradients: ['d_initial_state'], states: ['state'] },
  {
    ...{ given: SMALL_LSTM, gradients: ['d_initial_state', 'd_initial_cell'] },
    states: ['state', 'cell'],
  },
]

describe.each(CELLS)('right and wrong results of $given.cell', ({ given, ...names }) => {
  const tensors = drawTensors(given, 2)
  const result = (): Results => {
    const call = {
      ...{ steps: 3, batch: 4, lengths: null, seed: 0, pass: 0 },
      input: Float64Array.from(tensors.input),
      initialState: Float64Array.from(tensors.initialState),
      initialCell: Float64Array.from(tensors.initialCell),
      dOutput: Float64Array.from(tensors.dOutput),
      dState: Float64Array.from(tensors.dState),
      dCell: Float64Array.from(tensors.dCell),
    }
    const all = Float64Array.from(tensors.parameters)
    const layer: ReferenceResult & Partial<LstmReferenceResult> =
      given.cell === 'lstm'
        ? addon.referenceLstm(nativeOptions(given), all, call)
        : addon.referenceGru(nativeOptions(given), all, call)
    const parameters = parameterSpecs(given).map(({ name, offset, count }) => [
      `d_${name}`,
      Float32Array.from(layer.dParameters.subarray(offset, offset + count)),
    ])
    return {
      output: Float32Array.from(layer.output),
      state: Float32Array.from(layer.state),
      d_input: Float32Array.from(layer.dInput),
      d_initial_state: Float32Array.from(layer.dInitialState),
      ...(layer.cell && { cell: Float32Array.from(layer.cell) }),
      ...(layer.dInitialCell && { d_initial_cell: Float32Array.from(layer.dInitialCell) }),
      ...(Object.fromEntries(parameters) as Results),
    }
  }
  const truth = findTruth(addon, given, tensors, 2).gradients!

  const check = (results: Results, lengths = tensors.lengths): string | undefined =>
    findError(given, lengths, truth, results)

  test('few sequences tell the truth of all, gradients of parameters among it', () => {
    expect(check(result())).toBeUndefined()
  })

  const others = ['output', 'd_input', 'd_weight_hh_l0', 'd_bias_ih_l0']
  test.each([...others, ...names.states, ...names.gradients])(
    'one wrong value of %s is found',
    (name) => {
      for (const wrong of [NaN, 100]) {
        const results = result()
        results[name]![results[name]!.length - 1] = wrong
        expect(check(results)).toMatch(new RegExp(`^${name} differs by`))
      }
    },
  )

  test('an error of half precision is found', () => {
    const results = result()
    results['output']![7]! += 3e-4
    expect(check(results)).toMatch(/^output differs by 3\.\de-4/)
  })

  test('what is missing or too short is wrong', () => {
    const { output, ...others } = result()
    expect(check(others)).toBe('output is missing')
    expect(check({ ...others, output: output!.subarray(1) })).toMatch('has 71 values where 72')
  })

  test('steps past a length do not count', () => {
    const results = result()
    results['output']![results['output']!.length - 1] = 100
    expect(check(results, Int32Array.of(3, 3, 3, 2))).toBeUndefined()
    expect(check(results, Int32Array.of(3, 3, 3, 3))).toBeDefined()
  })

  test('the truth of a forward pass holds its output and its states', () => {
    const forward = findTruth(addon, given, tensors, 2).forward!.results
    expect(Object.keys(forward)).toEqual(['output', ...names.states])
  })
})

describe('losses', () => {
  test.each([
    { name: 'full', changes: {} },
    { name: 'ragged', changes: { ragged: true, steps: 6 } },
    { name: 'bidirectional', changes: { bidirectional: true } },
    { name: 'both', changes: { ragged: true, steps: 6, bidirectional: true } },
    { name: 'with the reset gate before', changes: { resetAfter: false } },
  ])('the losses of a model are those of its training: $name', ({ changes }) => {
    const given = { ...SMALL, vocabulary: 7, numLayers: 2, ...changes }
    const drawn = prepareTensors(given)
    const model = new SequenceModel({
      input: { tokens: 7, embeddingSize: 5 },
      gru: {
        ...{ hiddenSize: 6, numLayers: 2 },
        ...{ bidirectional: given.bidirectional, resetAfter: given.resetAfter },
      },
      output: { size: 7, loss: 'crossEntropy', every: 'step' },
    })
    const parameters = parameterSpecs(given).map(({ name, offset, count }) => [
      name,
      drawn.parameters.subarray(offset, offset + count),
    ])
    model.setParameters(Object.fromEntries(parameters) as Record<string, Float32Array>)
    const trainer = new Trainer(model, { optimizer: { kind: 'adam' } })
    const { lengths } = drawn
    const step = { input: drawn.tokens, target: drawn.targets, lengths, batch: 4 }
    const expected = findTruth(addon, given, drawn).training!.results['losses']!
    expect(expected).toHaveLength(3)
    for (const loss of expected) expect(trainer.stepSync(step).loss).toBeCloseTo(loss, 5)
  })
})
