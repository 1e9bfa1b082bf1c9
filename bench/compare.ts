/**
 * Checks whether a contender's result is correct, before it is timed.
 *
 * @module
 */
import type { BenchCase } from './cases'
import { directions, type Tensors } from './tensors'

/** Named tensors: output, state, d_input, d_initial_state, d_weight_ih_l0 ... (and cell, d_initial_cell), or losses. */
export type Results = Readonly<Record<string, Values>>

/** float32, or float64 of the reference. */
export type Values = Float32Array | Float64Array

/**
 * The correct result for the first `period` sequences of the batch: output and d_input are [steps, period, ...], states
 * [L*D, period, H]. Gradients of parameters are for the whole batch.
 */
export interface Truth {
  readonly period: number
  readonly results: Results
}

// float32 has errors of 1e-6; half precision or a wrong formula have 1e-3 and more.
const OUTPUT_TOLERANCE = 1e-4
/** Relative to the largest value of the tensor. */
const GRADIENT_TOLERANCE = 1e-3
const LOSS_TOLERANCE = 1e-4

/** Why the results are wrong, or undefined if they are correct. */
export function findError(
  given: BenchCase,
  lengths: Tensors['lengths'],
  truth: Truth,
  results: Results,
): string | undefined {
  for (const [name, expected] of Object.entries(truth.results)) {
    const actual = results[name]
    if (actual === undefined) return `${name} is missing`
    const rows = rowsOf(given, name)
    const error =
      rows === undefined
        ? compareWhole(expected, actual)
        : compareRows(given, lengths, truth.period, rows, expected, actual)
    const tolerance = toleranceFor(name) * scaleOf(name, expected)
    if (typeof error === 'string') return `${name} ${error}`
    // The condition is negated so that NaN is an error.
    if (!(error <= tolerance)) {
      return `${name} differs by ${error.toExponential(1)} where ${tolerance.toExponential(1)} is allowed`
    }
  }
  return undefined
}

interface Rows {
  readonly count: number
  readonly columns: number
  /** Rows are steps. Those past a sequence's length are ignored. */
  readonly areSteps: boolean
}

/** The structure of a tensor with a batch axis; undefined for a tensor without one. */
function rowsOf(given: BenchCase, name: string): Rows | undefined {
  const { steps, inputSize, hiddenSize } = given
  const outputSize = directions(given) * hiddenSize
  const states = given.numLayers * directions(given)
  switch (name) {
    case 'output':
      return { count: steps, columns: outputSize, areSteps: true }
    case 'd_input':
      return { count: steps, columns: inputSize, areSteps: true }
    case 'state':
    case 'cell':
    case 'd_initial_state':
    case 'd_initial_cell':
      return { count: states, columns: hiddenSize, areSteps: false }
    default:
      return undefined
  }
}

function toleranceFor(name: string): number {
  if (name === 'losses') return LOSS_TOLERANCE
  return name.startsWith('d_') ? GRADIENT_TOLERANCE : OUTPUT_TOLERANCE
}

/** The scale of errors: 1 for outputs and states, which are in [-1, 1], otherwise the largest expected value. */
function scaleOf(name: string, expected: Values): number {
  if (name === 'output' || name === 'state') return 1
  let largest = 0
  for (const value of expected) largest = Math.max(largest, Math.abs(value))
  return largest
}

/** The largest difference (NaN if one is NaN), or why the two cannot be compared. */
function compareWhole(expected: Values, actual: Values): number | string {
  if (actual.length !== expected.length) {
    return `has ${actual.length} values where ${expected.length} are expected`
  }
  let largest = 0
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(expected[i]! - actual[i]!))
  }
  return largest
}

function compareRows(
  { batch }: BenchCase,
  lengths: Int32Array,
  period: number,
  { count, columns, areSteps }: Rows,
  expected: Values,
  actual: Values,
): number | string {
  if (actual.length !== count * batch * columns) {
    return `has ${actual.length} values where ${count * batch * columns} are expected`
  }
  let largest = 0
  for (let row = 0; row < count; row++) {
    for (let sequence = 0; sequence < batch; sequence++) {
      if (areSteps && row >= lengths[sequence]!) continue
      const from = (row * batch + sequence) * columns
      const truthFrom = (row * period + (sequence % period)) * columns
      for (let column = 0; column < columns; column++) {
        const difference = Math.abs(expected[truthFrom + column]! - actual[from + column]!)
        largest = Math.max(largest, difference)
      }
    }
  }
  return largest
}
