/**
 * The losses of a batch, as the caller gets them.
 *
 * @module
 */
import type { StepMetrics } from '../binding'
import { named, outputNames } from './batch-forms'
import type { Graph } from './graph'

/** The losses of a batch. */
export interface BatchLosses {
  /**
   * The sum of the losses of all outputs, each multiplied by its output's `weight`. The loss of an output is the sum of
   * the losses of its valid rows, divided by its denominator. This is the number of these rows; with `ignoreMissing` the
   * number of their present values, divided by the number of values in a row; for 'crossEntropy' the sum of the weights
   * of their classes, without the rows of the ignored class; for 'ctc' the number of sequences. If the denominator is 0,
   * the loss is 0.
   */
  readonly loss: number
  /** The part of each output in `loss`, by name. It exists only if the model has several outputs. */
  readonly losses?: Readonly<Record<string, number>>
  /**
   * The sequences that have too few steps for their labels, counted from 0: a sequence needs a step for each label, and
   * one more between two equal labels in a row. The loss of such a sequence is 0 and has no gradient, but the sequence
   * counts in the denominator. The list exists only if the model has an output with the loss 'ctc'.
   */
  readonly impossible?: readonly number[]
}

/**
 * The losses of a batch from the metrics of a native call.
 *
 * @param sequences - the numbers of the batch's sequences; default: their places in the batch
 */
export function batchLosses(
  graph: Graph,
  { loss, outputs }: StepMetrics,
  sequences?: readonly number[],
): BatchLosses {
  const { length } = graph.outputs
  const losses = outputs.map((output) => output.loss)
  const hasLabels = graph.outputs.some(({ targetForm }) => targetForm.kind === 'labels')
  return {
    loss,
    ...(length > 1 ? { losses: named(outputNames(graph), losses) } : {}),
    ...(hasLabels ? { impossible: impossibleOf(outputs, sequences) } : {}),
  }
}

function impossibleOf(
  outputs: StepMetrics['outputs'],
  sequences: readonly number[] | undefined,
): readonly number[] {
  const places = new Set(outputs.flatMap(({ impossible }) => impossible))
  return [...places].map((place) => sequences?.[place] ?? place).sort((a, b) => a - b)
}
