/**
 * Correct results from the project's scalar double-precision reference.
 *
 * @module
 */
import type { BenchCase, Mode } from './cases'
import { CELLS, eachState } from './cells'
import type { Results, Truth } from './compare'
import { modelLosses } from './model-truth'
import { runReference, type Reference } from './reference'
import { drawTensors, parameterSpecs, stateCount, type Tensors } from './tensors'

/** The work of the reference for one case. It does about 1e9 operations per second. */
const BUDGET_FLOPS = 3e9

/** The number of distinct sequences of a case: a divisor of the batch, within the reference's budget. */
export function periodOf(given: BenchCase): number {
  const { batch, steps, inputSize, hiddenSize, numLayers, bidirectional, ragged } = given
  if (ragged) return batch
  const { gates } = CELLS[given.cell]
  const weights =
    gates * hiddenSize * (inputSize + hiddenSize) * numLayers * (bidirectional ? 2 : 1)
  const affordable = BUDGET_FLOPS / (6 * weights * steps)
  const divisors = Array.from({ length: batch }, (_, i) => i + 1).filter((n) => batch % n === 0)
  return Math.max(1, ...divisors.filter((n) => n <= affordable))
}

/** The correct results for tensors that repeat with a period. */
export function findTruth(
  native: Reference,
  given: BenchCase,
  tensors: Tensors,
  period = periodOf(given),
): Partial<Record<Mode, Truth>> {
  if (given.vocabulary > 0) {
    return { training: { period, results: modelLosses(native, given, tensors, period) } }
  }
  const gradients = layerResults(native, given, tensors, period)
  const final = eachState(given.cell, (state) => [state.final, gradients[state.final]!])
  return {
    forward: { period, results: { output: gradients['output']!, ...final } },
    gradients: { period, results: gradients },
  }
}

/** The case with its tensors. */
export function prepareTensors(given: BenchCase): Tensors {
  return drawTensors(given, periodOf(given))
}

function layerResults(
  native: Reference,
  given: BenchCase,
  tensors: Tensors,
  period: number,
): Results {
  const { batch, steps } = given
  const first = (values: Float32Array, rows: number): Float64Array =>
    firstSequences(values, rows, batch, period)
  const rows = stateCount(given) / (batch * given.hiddenSize)
  const result = runReference(native, given, Float64Array.from(tensors.parameters), {
    ...{ steps, batch: period, lengths: given.ragged ? tensors.lengths : null },
    input: first(tensors.input, steps),
    dOutput: first(tensors.dOutput, steps),
    initial: ({ initial }) => first(tensors[initial], rows),
    dFinal: ({ dFinal }) => first(tensors[dFinal], rows),
  })
  const repeats = batch / period
  const parameters = parameterSpecs(given).map(({ name, offset, count }) => [
    `d_${name}`,
    result.dParameters.subarray(offset, offset + count).map((x) => x * repeats),
  ])
  return {
    output: result.output,
    d_input: result.dInput,
    ...eachState(given.cell, ({ final }) => [final, result[final]!]),
    ...eachState(given.cell, ({ gradient, dInitial }) => [gradient, result[dInitial]!]),
    ...(Object.fromEntries(parameters) as Results),
  }
}

/** The first sequences of [rows, batch, columns]. */
function firstSequences(
  values: Float32Array,
  rows: number,
  batch: number,
  period: number,
): Float64Array {
  const columns = values.length / (rows * batch)
  const taken = new Float64Array(rows * period * columns)
  for (let row = 0; row < rows; row++) {
    const from = row * batch * columns
    taken.set(values.subarray(from, from + period * columns), row * period * columns)
  }
  return taken
}
