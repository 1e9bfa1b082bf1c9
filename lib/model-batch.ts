/**
 * Batches of a sequence model, checked against what it reads and predicts.
 *
 * @module
 */
import type { NativeModelOptions } from '../binding'
import { native } from './native'
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
 * as its loss says; with every: 'last' [batch] or [batch, O].
 */
export type ModelTarget = Float32Array | Int32Array

/** Some sequences at once. With `batchFirst` the first two axes of input and target change places. */
export interface InputBatch {
  readonly input: ModelInput
  /** Sequences in the batch. Default 1. The number of steps follows from the input's length. */
  readonly batch?: number | undefined
  /** The length of each sequence, from 0 to the number of steps, in any order. Default: all steps. */
  readonly lengths?: Int32Array | readonly number[] | undefined
}

/** Some sequences with what should be predicted; tokens and targets past a sequence's length may be anything, and count nothing. */
export interface TrainingBatch extends InputBatch {
  readonly target: ModelTarget
}

/** An input that the native part can read. */
export interface CheckedInput {
  readonly steps: number
  readonly batch: number
  readonly lengths: Int32Array | null
  readonly input: ModelInput
}

/** A batch that the native part can train on. */
export interface CheckedBatch extends CheckedInput {
  readonly target: ModelTarget
}

/** Whether a value has the type of a model's input; `argument` names it in the message. */
export function checkInputType(
  argument: string,
  model: Readonly<NativeModelOptions>,
  value: unknown,
): ModelInput {
  return model.tokens > 0 ? checkInt32Array(argument, value) : checkFloat32Array(argument, value)
}

/** The same of a model's target. */
export function checkTargetType(
  argument: string,
  model: Readonly<NativeModelOptions>,
  value: unknown,
): ModelTarget {
  return model.loss === 'crossEntropy'
    ? checkInt32Array(argument, value)
    : checkFloat32Array(argument, value)
}

/** Numbers of one step of the input: a token, or the features. */
export function inputWidth({ tokens, gru }: Readonly<NativeModelOptions>): number {
  return tokens > 0 ? 1 : gru.inputSize
}

/** Numbers of one target: a class, or the values. */
export function targetWidth({ loss, outputSize }: Readonly<NativeModelOptions>): number {
  return loss === 'crossEntropy' ? 1 : outputSize
}

/** Checks an input; whether its tokens are of the vocabulary, the native part checks. */
export function checkInput(
  model: Readonly<NativeModelOptions>,
  given: { readonly [K in keyof InputBatch]?: unknown },
): CheckedInput {
  const batch = given.batch === undefined ? 1 : checkPositiveInteger('batch', given.batch)
  const input = checkInputType('input', model, given.input)
  const formulas = native().shapeFormulas
  const formula = model.tokens > 0 ? formulas.tokens : formulas.features
  const steps = checkMultiple('input', input, formula, batch * inputWidth(model))
  const lengths =
    given.lengths === undefined ? null : checkLengths('lengths', given.lengths, batch, steps)
  return { steps, batch, lengths, input }
}

/** Checks the target of a checked input; whether its classes are in range, the native part checks. */
export function checkTarget(
  model: Readonly<NativeModelOptions>,
  { steps, batch }: CheckedInput,
  given: unknown,
): ModelTarget {
  const target = checkTargetType('target', model, given)
  const count = predictionRows(model, steps, batch) * targetWidth(model)
  const { loss } = model
  const formula = loss === 'crossEntropy' ? classesFormula(model) : valuesFormula(model)
  checkLength('target', target, formula, count)
  return target
}

/** Rows of the padded predictions and targets. */
export function predictionRows(
  { every }: Readonly<NativeModelOptions>,
  steps: number,
  batch: number,
): number {
  return every === 'step' ? steps * batch : batch
}

/** How messages spell out the number of a batch's classes. */
function classesFormula({ every }: Readonly<NativeModelOptions>): string {
  const { stepClasses, lastClasses } = native().shapeFormulas
  return every === 'step' ? stepClasses : lastClasses
}

/** The same of a batch's values and predictions. */
export function valuesFormula({ every }: Readonly<NativeModelOptions>): string {
  const { stepValues, lastValues } = native().shapeFormulas
  return every === 'step' ? stepValues : lastValues
}

/** Predictions that count in a batch's loss: those of valid steps, or of sequences that have one. */
export function countPredicted(
  { every }: Readonly<NativeModelOptions>,
  { steps, batch, lengths }: CheckedInput,
): number {
  if (lengths === null) return every === 'step' ? steps * batch : batch
  return lengths.reduce((sum, length) => sum + (every === 'step' ? length : Math.min(length, 1)), 0)
}
