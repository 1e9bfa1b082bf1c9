/**
 * The losses of a batch, as they are told to the caller.
 *
 * @module
 */
import type { StepMetrics } from '../binding'
import { named, outputNames } from './batch-forms'
import type { Graph } from './graph'

/** The losses of a batch. */
export interface BatchLosses {
  /**
   * The loss of the output; of several outputs the sum of their losses, each times its output's `weight`. An output's
   * loss is the sum over its valid predicted rows, divided by its denominator: the number of these rows; for
   * 'crossEntropy' the sum of the weights of their classes, without the rows of the ignored class; for 'ctc' the number
   * of sequences. It is 0 where that is 0.
   */
  readonly loss: number
  /** Of each output its part of `loss`, by name. Only where the model has several outputs. */
  readonly losses?: Readonly<Record<string, number>>
  /**
   * Sequences, by their numbers from 0 on, that have too few steps for their labels: each label takes a step, and two
   * equal ones in a row take one more between them. They count 0 in the loss, and one in its denominator, and have no
   * gradient. Only where the model has an output with the loss 'ctc'.
   */
  readonly impossible?: readonly number[]
}

/**
 * What a call tells of a batch's losses.
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
