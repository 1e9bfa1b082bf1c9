/**
 * Batches of a model, checked against what its graph reads and predicts.
 *
 * @module
 */
import type { NativeInputBatch, NativeTarget, NonSharedFloat32Array } from '../binding'
import { newFloat32Array } from './arrays'
import type { Graph, GraphInput, GraphOutput } from './graph'
import { checkTarget } from './targets'
import {
  checkFloat32Array,
  checkInt32Array,
  checkLengths,
  checkMultiple,
  checkPositiveInteger,
} from './validate'

/** What a model reads: features [steps, batch, I] (Float32Array) or tokens [steps, batch] (Int32Array). */
export type ModelInput = Float32Array | Int32Array

/** The length of each sequence in a batch, from 0 to the number of steps, in any order. */
export type Lengths = Int32Array | readonly number[]

/** A batch as its caller gave it, in the order of the graph's inputs and outputs; nothing is checked. */
export interface GivenBatch {
  readonly batch: unknown
  readonly inputs: readonly unknown[]
  readonly lengths: readonly unknown[]
}

/** Inputs that the native part can read. */
export interface CheckedInputs {
  readonly batch: number
  readonly inputs: NativeInputBatch[]
}

/** A batch that the native part can train on. */
export interface CheckedBatch extends CheckedInputs {
  readonly targets: NativeTarget[]
}

/** Whether a value has the type of an input; `argument` names it in the message. */
export function checkInputType(argument: string, input: GraphInput, value: unknown): ModelInput {
  return input.tokens ? checkInt32Array(argument, value) : checkFloat32Array(argument, value)
}

/** Checks a batch's inputs. The native part checks whether tokens are in the vocabulary. */
export function checkInputs(graph: Graph, given: GivenBatch): CheckedInputs {
  const batch = given.batch === undefined ? 1 : checkPositiveInteger('batch', given.batch)
  const inputs: NativeInputBatch[] = []
  for (let i = 0; i < graph.inputs.length; i++) {
    inputs.push(checkInput(graph.inputs[i]!, batch, given.inputs[i], given.lengths[i]))
  }
  return { batch, inputs }
}

function checkInput(
  input: GraphInput,
  batch: number,
  given: unknown,
  givenLengths: unknown,
): NativeInputBatch {
  const { argument, columns } = input
  const values = checkInputType(argument, input, given)
  const steps = checkMultiple(argument, values, input.formula, batch * columns)
  const lengths =
    givenLengths === undefined ? null : checkLengths(input.lengths, givenLengths, batch, steps)
  return { steps, lengths, values }
}

/** Checks the targets of checked inputs. The native part checks whether classes and labels are in range. */
export function checkTargets(
  graph: Graph,
  inputs: CheckedInputs,
  given: readonly unknown[],
): NativeTarget[] {
  return graph.outputs.map((output, index) => {
    const rows = { batch: inputs.batch, rows: outputRows(output, inputs) }
    return checkTarget(output, rows, given[index])
  })
}

/** New arrays for the predictions of each output. */
export function newPredictions(graph: Graph, inputs: CheckedInputs): NonSharedFloat32Array[] {
  return graph.outputs.map((output) => {
    const length = outputRows(output, inputs) * output.width
    return newFloat32Array(output.output, output.formula, length)
  })
}

/** Rows of the padded predictions and targets of an output. */
export function outputRows(
  { every, input }: GraphOutput,
  { batch, inputs }: CheckedInputs,
): number {
  return every === 'step' ? inputs[input]!.steps * batch : batch
}
