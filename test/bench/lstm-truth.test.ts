import { parameterSpecs, drawTensors } from '../../bench/tensors'
import { findTruth } from '../../bench/truth'
import { addon } from '../support/addon'
import { SMALL_LSTM } from '../support/bench'
import { largestDifference } from '../support/numbers'
import { centralDifferences, plainLstm, type PlainStack, rowTimes } from '../support/plain-lstm'

/** Small enough to compute every derivative by a difference. */
const SHAPE = { batch: 2, steps: 3, inputSize: 3, hiddenSize: 4, numLayers: 2 }
const { batch, inputSize, hiddenSize, numLayers } = SHAPE
/** The error bound of central differences. */
const DIFFERENCE_BOUND = 1e-8

describe('the truth of an LSTM', () => {
  const given = { ...SMALL_LSTM, ...SHAPE }
  const tensors = drawTensors(given, batch)
  const specs = parameterSpecs(given)
  const point = {
    parameters: Float64Array.from(tensors.parameters),
    d_input: Float64Array.from(tensors.input),
    d_initial_state: Float64Array.from(tensors.initialState),
    d_initial_cell: Float64Array.from(tensors.initialCell),
  }
  const stack: PlainStack = {
    ...SHAPE,
    parameter: (name) => partOf(point.parameters, name),
  }
  const run = (): ReturnType<typeof plainLstm> =>
    plainLstm(stack, point.d_input, point.d_initial_state, point.d_initial_cell)

  function partOf(all: Float64Array, name: string): Float64Array {
    const { offset, count } = specs.find((spec) => spec.name === name)!
    return all.subarray(offset, offset + count)
  }

  test('are the outputs and both states of its equations', () => {
    const { forward, gradients } = findTruth(addon, given, tensors, batch)
    const expected = run()
    expect(Object.keys(forward!.results)).toEqual(Object.keys(expected))
    for (const { results } of [forward!, gradients!]) {
      for (const [name, values] of Object.entries(expected) as [string, Float64Array][]) {
        expect(largestDifference(results[name]!, values)).toBeLessThan(1e-12)
      }
    }
  })

  test('are the gradients that finite differences give', () => {
    const results = findTruth(addon, given, tensors, batch).gradients!.results
    const loss = (): number => {
      const { output, state, cell } = run()
      return (
        rowTimes(output, 0, Float64Array.from(tensors.dOutput)) +
        rowTimes(state, 0, Float64Array.from(tensors.dState)) +
        rowTimes(cell, 0, Float64Array.from(tensors.dCell))
      )
    }
    for (const name of ['d_input', 'd_initial_state', 'd_initial_cell'] as const) {
      const expected = centralDifferences(point[name], loss)
      expect(largestDifference(results[name]!, expected)).toBeLessThan(DIFFERENCE_BOUND)
    }
    const dParameters = centralDifferences(point.parameters, loss)
    for (const { name } of specs) {
      const expected = partOf(dParameters, name)
      expect(largestDifference(results[`d_${name}`]!, expected)).toBeLessThan(DIFFERENCE_BOUND)
    }
  })
})

describe('the losses of a model around an LSTM', () => {
  const given = { ...SMALL_LSTM, ...SHAPE, vocabulary: 7 }
  const tensors = drawTensors(given, batch)
  const specs = parameterSpecs(given)
  const parameters = Float64Array.from(tensors.parameters)
  const parameter = (name: string): Float64Array => {
    const { offset, count } = specs.find((spec) => spec.name === name)!
    return parameters.subarray(offset, offset + count)
  }

  /** The mean cross-entropy over all steps of all sequences. */
  function loss(): number {
    const table = parameter('embedding.weight')
    const embedded = [...tensors.tokens].flatMap((token) => [
      ...table.subarray(token * inputSize, (token + 1) * inputSize),
    ])
    const zero = new Float64Array(numLayers * batch * hiddenSize)
    const stack: PlainStack = {
      ...SHAPE,
      parameter: (name) => parameter(`lstm.${name}`),
    }
    const { output } = plainLstm(stack, Float64Array.from(embedded), zero, zero)
    const [weight, biases] = [parameter('head.weight'), parameter('head.bias')]
    const losses = [...tensors.targets].map((target, row) => {
      const h = output.subarray(row * hiddenSize, (row + 1) * hiddenSize)
      const logits = biases.map((bias, i) => bias + rowTimes(weight, i, h))
      return Math.log(logits.reduce((sum, x) => sum + Math.exp(x), 0)) - logits[target]!
    })
    return losses.reduce((sum, each) => sum + each, 0) / losses.length
  }

  test('are those of three steps of Adam along finite differences', () => {
    const mean = new Float64Array(parameters.length)
    const square = new Float64Array(parameters.length)
    const losses = [1, 2, 3].map((step) => {
      const before = loss()
      centralDifferences(parameters, loss).forEach((gradient, i) => {
        mean[i] = 0.9 * mean[i]! + 0.1 * gradient
        square[i] = 0.999 * square[i]! + 0.001 * gradient ** 2
        const scale = Math.sqrt(square[i] / (1 - 0.999 ** step)) + 1e-8
        parameters[i]! -= (1e-3 * (mean[i] / (1 - 0.9 ** step))) / scale
      })
      return before
    })
    const found = findTruth(addon, given, tensors, batch).training!.results['losses']!
    expect(largestDifference(found, losses)).toBeLessThan(1e-6)
    // Every update has an effect: the loss changes by much more than the error bound.
    expect(found[0]! - found[1]!).toBeGreaterThan(1e-3)
    expect(found[1]! - found[2]!).toBeGreaterThan(1e-3)
  })
})
