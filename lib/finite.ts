/**
 * Finds numbers that are not finite in the data for training. A single one makes every gradient NaN, and afterwards its
 * origin cannot be found.
 *
 * @module
 */
import { types } from 'node:util'
import type { NativeInputBatch } from '../binding'
import { argumentError } from './errors'
import type { Graph, GraphOutput } from './graph'
import type { CheckedBatch, ModelInput } from './model-batch'
import type { SequenceTarget } from './targets'

type Values = Float32Array | Int32Array

/** The position of a number in words, from its index; undefined for padding, which is never read. */
type Place = (index: number) => string | undefined

/** What numbers may be. */
interface Allowed {
  readonly words: string
  readonly has: (value: number) => boolean
}

const FINITE: Allowed = { words: 'finite numbers', has: Number.isFinite }
const FINITE_OR_MISSING: Allowed = {
  words: 'finite numbers, or NaN where a value is missing',
  has: (value) => Number.isFinite(value) || Number.isNaN(value),
}

function allowedIn({ targetForm }: GraphOutput): Allowed {
  return targetForm.missing ? FINITE_OR_MISSING : FINITE
}

/**
 * Checks the numbers of one sequence.
 *
 * @param argument - the sequence's name in messages: 'data.sequences[3]'
 */
export function checkFiniteSequence(
  argument: string,
  graph: Graph,
  { inputs, targets }: SequenceArrays,
): void {
  const place =
    (width: number, hasSteps: boolean): Place =>
    (index) =>
      `${hasSteps ? `step ${Math.floor(index / width)}, ` : ''}column ${index % width}`
  for (const [index, input] of graph.inputs.entries()) {
    checkFinite(`${argument}.${input.argument}`, inputs[index]!, place(input.columns, true))
  }
  for (const [index, output] of graph.outputs.entries()) {
    const { target, targetForm, every } = output
    checkFinite(
      `${argument}.${target}`,
      targets[index]!,
      place(targetForm.columns, every === 'step'),
      allowedIn(output),
    )
  }
}

/** The arrays of one sequence, in the order of the graph's inputs and outputs. */
export interface SequenceArrays {
  readonly inputs: readonly ModelInput[]
  readonly targets: readonly SequenceTarget[]
}

/** A batch in the form of one of its inputs. */
interface Rows extends NativeInputBatch {
  readonly batch: number
}

/**
 * Checks the numbers of a batch, except those past the sequences' lengths.
 *
 * @param argument - the batch's name in messages: 'data: batch 2 of epoch 1'
 */
export function checkFiniteBatch(
  argument: string,
  graph: Graph,
  { batch, inputs, targets }: CheckedBatch,
): void {
  const { batchFirst } = graph.options
  for (const [index, input] of graph.inputs.entries()) {
    const rows = { ...inputs[index]!, batch }
    const place = stepPlace(rows, input.columns, batchFirst)
    checkFinite(`${argument}: ${input.argument}`, rows.values, place)
  }
  for (const [index, output] of graph.outputs.entries()) {
    const rows = { ...inputs[output.input]!, batch }
    const width = output.targetForm.columns
    const place =
      output.every === 'step' ? stepPlace(rows, width, batchFirst) : sequencePlace(rows, width)
    const target = targets[index]!
    // Labels and classes are integers.
    if (types.isFloat32Array(target)) {
      checkFinite(`${argument}: ${output.target}`, target, place, allowedIn(output))
    }
  }
}

/** For an array [steps, batch, width], or [batch, steps, width]. */
function stepPlace({ steps, batch, lengths }: Rows, width: number, batchFirst: boolean): Place {
  return (index) => {
    const row = Math.floor(index / width)
    const sequence = batchFirst ? Math.floor(row / steps) : row % batch
    const step = batchFirst ? row % steps : Math.floor(row / batch)
    if (step >= (lengths?.[sequence] ?? steps)) return undefined
    return `sequence ${sequence}, step ${step}, column ${index % width}`
  }
}

/** For an array [batch, width]. */
function sequencePlace({ steps, lengths }: Rows, width: number): Place {
  return (index) => {
    const sequence = Math.floor(index / width)
    if ((lengths?.[sequence] ?? steps) === 0) return undefined
    return `sequence ${sequence}, column ${index % width}`
  }
}

function checkFinite(argument: string, values: Values, placeOf: Place, allowed = FINITE): void {
  if (types.isInt32Array(values)) return
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!
    if (allowed.has(value)) continue
    const place = placeOf(index)
    if (place === undefined) continue
    const got = `${value} in ${place} (all counted from 0)`
    throw argumentError('ERR_GRU_VALUE', argument, allowed.words, got)
  }
}
