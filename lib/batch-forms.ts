/**
 * The two forms of batches: one input and one target for a SequenceModel, or arrays by name for a Model.
 *
 * @module
 */
import type { NonSharedFloat32Array } from '../binding'
import type { Graph } from './graph'
import type { GivenBatch, Lengths, ModelInput } from './model-batch'
import type { ModelTarget } from './targets'
import { checkFloat32Array, checkOptions } from './validate'

/** Several sequences. With `batchFirst` the first two axes of input and target are swapped. */
export interface InputBatch {
  readonly input: ModelInput
  /** The number of sequences. Default 1. The number of steps follows from the input's length. */
  readonly batch?: number | undefined
  /** The length of each sequence, from 0 to the number of steps, in any order. Default: all steps. */
  readonly lengths?: Lengths | undefined
}

/**
 * Several sequences with their targets. Tokens and targets past a sequence's length may have any value and are ignored.
 */
export interface TrainingBatch extends InputBatch {
  readonly target: ModelTarget
}

/** An array for each input of a {@link Model}, by the inputs' names. */
export type ModelInputs = Readonly<Record<string, ModelInput>>

/** A target for each output of a {@link Model}, by the outputs' names. */
export type ModelTargets = Readonly<Record<string, ModelTarget>>

/** One list for all inputs, or one list for each input by its name. An input without a list has all steps. */
export type ModelLengths = Lengths | Readonly<Record<string, Lengths>>

/** As {@link InputBatch}, for a {@link Model}. */
export interface ModelInputBatch {
  readonly inputs: ModelInputs
  /** The number of sequences. Default 1. The numbers of steps follow from the inputs' lengths. */
  readonly batch?: number | undefined
  /** Default: all steps. */
  readonly lengths?: ModelLengths | undefined
}

/** As {@link TrainingBatch}, for a {@link Model}. */
export interface ModelTrainingBatch extends ModelInputBatch {
  readonly targets: ModelTargets
}

/** A batch of either kind of model. */
export type AnyTrainingBatch = TrainingBatch | ModelTrainingBatch

/** A batch's arrays, in the order of the graph's inputs and outputs. */
export interface BatchArrays {
  readonly batch: number
  readonly inputs: readonly ModelInput[]
  readonly targets: readonly ModelTarget[]
  readonly lengths: readonly Int32Array[]
}

/** A gradient, unchecked, and what messages call it. */
export interface GivenGradient {
  readonly argument: string
  readonly value: unknown
}

/** An object with unchecked properties. */
type Given = Readonly<Record<string, unknown>>

/**
 * A form of batches. The first two functions return the caller's value for each input or output of the graph,
 * unchecked; messages have `prefix` before the names.
 */
export interface BatchForm {
  /** The names of the inputs' and the targets' properties. */
  readonly keys: readonly [inputs: string, targets: string]
  readonly inputsOf: (graph: Graph, prefix: string, given: Given) => readonly unknown[]
  readonly targetsOf: (graph: Graph, prefix: string, given: Given) => readonly unknown[]
  readonly lengthsOf: (graph: Graph, given: unknown) => readonly unknown[]
  /** Predictions as a caller gets them. */
  readonly predictionsOf: (graph: Graph, arrays: readonly NonSharedFloat32Array[]) => unknown
  /** What was given for the gradient of each output's predictions. One of several may be undefined. */
  readonly gradientsOf: (graph: Graph, given: unknown) => readonly GivenGradient[]
  /** The inverse: a batch in the caller's form. */
  readonly batchOf: (graph: Graph, arrays: BatchArrays) => AnyTrainingBatch
}

/** The form of a SequenceModel. */
export const sequenceForm: BatchForm = {
  keys: ['input', 'target'],
  inputsOf: (_graph, _prefix, { input }) => [input],
  targetsOf: (_graph, _prefix, { target }) => [target],
  lengthsOf: (_graph, lengths) => [lengths],
  predictionsOf: (_graph, arrays) => arrays[0],
  gradientsOf: (_graph, gradient) => [
    { argument: 'gradients', value: checkFloat32Array('gradients', gradient) },
  ],
  batchOf: (_graph, { batch, inputs, targets, lengths }) => ({
    input: inputs[0]!,
    target: targets[0]!,
    batch,
    lengths: lengths[0]!,
  }),
}

/** The form of a Model. */
export const namedForm: BatchForm = {
  keys: ['inputs', 'targets'],
  inputsOf: (graph, prefix, { inputs }) => byName(`${prefix}inputs`, inputs, inputNames(graph)),
  targetsOf: (graph, prefix, { targets }) =>
    byName(`${prefix}targets`, targets, outputNames(graph)),
  lengthsOf: (graph, lengths) =>
    isList(lengths)
      ? graph.inputs.map(() => lengths)
      : byName('lengths', lengths, inputNames(graph)),
  predictionsOf: (graph, arrays) => named(outputNames(graph), arrays),
  gradientsOf: (graph, gradients) => {
    const names = outputNames(graph)
    return byName('gradients', gradients, names).map((value, index) => ({
      argument: `gradients.${names[index]!}`,
      value,
    }))
  },
  batchOf: (graph, { batch, inputs, targets, lengths }) => ({
    inputs: named(inputNames(graph), inputs),
    targets: named(outputNames(graph), targets),
    batch,
    lengths: named(inputNames(graph), lengths),
  }),
}

/** The parts of the batch of a call. */
export function givenBatch(form: BatchForm, graph: Graph, given: Given): GivenBatch {
  const { batch, lengths } = given
  return {
    batch,
    inputs: form.inputsOf(graph, '', given),
    lengths: form.lengthsOf(graph, lengths),
  }
}

export function inputNames({ inputs }: Graph): string[] {
  return inputs.map(({ name }) => name)
}

export function outputNames({ outputs }: Graph): string[] {
  return outputs.map(({ layer }) => layer)
}

/**
 * Whether lengths are given for all inputs at once, or not at all. A value that is no object cannot have lists by name.
 */
function isList(lengths: unknown): boolean {
  const isObject = typeof lengths === 'object' && lengths !== null
  return !isObject || Array.isArray(lengths) || ArrayBuffer.isView(lengths)
}

/** The values of an object under the given names. It may have no other keys. */
export function byName(argument: string, value: unknown, names: readonly string[]): unknown[] {
  const given: Given = checkOptions(argument, value, names)
  // Inherited properties (`constructor`) are not the caller's.
  return names.map((name) => (Object.hasOwn(given, name) ? given[name] : undefined))
}

/** An object with some values by their names. */
export function named<T>(names: readonly string[], values: readonly T[]): Record<string, T> {
  return Object.fromEntries(names.map((name, index) => [name, values[index]!]))
}
