/**
 * Batches of a model, checked against what its graph reads and predicts.
 *
 * @module
 */
import type { NativeInputBatch } from '../binding'
import type { Graph, GraphInput, GraphOutput } from './graph'
import {
  checkFloat32Array,
  checkInt32Array,
  checkLength,
  checkLengths,
  checkMultiple,
  checkPositiveInteger,
} from './validate'

/** What a model reads: features [steps, batch, I] (Float32Array) or tokens [steps, batch] (Int32Array). */
export type ModelInput = Float32Array | Int32Array

/**
 * What a model should predict: classes [steps, batch] (Int32Array) or values [steps, batch, O] (Float32Array),
 * as its loss says; with one prediction for each sequence [batch] or [batch, O].
 */
export type ModelTarget = Float32Array | Int32Array

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
  readonly targets: ModelTarget[]
}

/** Whether a value has the type of an input; `argument` names it in the message. */
export function checkInputType(argument: string, input: GraphInput, value: unknown): ModelInput {
  return input.tokens ? checkInt32Array(argument, value) : checkFloat32Array(argument, value)
}

/** The same of an output's target. */
export function checkTargetType(
  argument: string,
  { loss }: GraphOutput,
  value: unknown,
): ModelTarget {
  return loss === 'crossEntropy'
    ? checkInt32Array(argument, value)
    : checkFloat32Array(argument, value)
}

/** Checks a batch's inputs; whether tokens are of the vocabulary, the native part checks. */
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

/** Checks the targets of checked inputs; whether classes are in range, the native part checks. */
export function checkTargets(
  graph: Graph,
  inputs: CheckedInputs,
  given: readonly unknown[],
): ModelTarget[] {
  return graph.outputs.map((output, index) => {
    const target = checkTargetType(output.target, output, given[index])
    const count = outputRows(output, inputs) * output.targetColumns
    checkLength(output.target, target, output.targetFormula, count)
    return target
  })
}

/** Rows of the padded predictions and targets of an output. */
export function outputRows(
  { every, input }: GraphOutput,
  { batch, inputs }: CheckedInputs,
): number {
  return every === 'step' ? inputs[input]!.steps * batch : batch
}

/** Predictions of all outputs that count in a batch's loss: those of valid steps, or of sequences that have one. */
export function countPredicted(graph: Graph, given: CheckedInputs): number {
  return graph.outputs.reduce((sum, output) => sum + countOf(output, given), 0)
}

function countOf(output: GraphOutput, given: CheckedInputs): number {
  const { lengths } = given.inputs[output.input]!
  if (lengths === null) return outputRows(output, given)
  const isStep = output.every === 'step'
  return lengths.reduce((sum, length) => sum + (isStep ? length : Math.min(length, 1)), 0)
}
