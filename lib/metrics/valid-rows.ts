/**
 * The predictions of a batch that count, without the padding between them.
 *
 * @module
 */
import type { Graph, GraphOutput } from '../graph'
import { type CheckedBatch, outputRows } from '../model-batch'
import type { MetricRows, RowTarget } from './metric'

/** Predictions and targets of valid rows alone, in the order in which they lie in the batch. */
export interface ValidRows {
  readonly predictions: Float32Array
  readonly targets: RowTarget
  readonly shape: MetricRows
}

/**
 * The rows of one output that count in a batch: the valid ones, without those of the ignored class.
 *
 * @param index - the number of the output
 * @param predictions - of that output, as the model predicts them
 */
export function validRows(
  graph: Graph,
  index: number,
  batch: CheckedBatch,
  predictions: Float32Array,
): ValidRows {
  const output = graph.outputs[index]!
  const { width, targetForm } = output
  const { columns } = targetForm
  // Metrics of outputs with labels are refused.
  const targets = batch.targets[index] as RowTarget
  const ignored = targetForm.range?.ignored ?? undefined
  const rows = rowNumbers(graph, output, batch).filter(
    (row) => ignored === undefined || targets[row] !== ignored,
  )
  return {
    predictions: pick(predictions, width, rows),
    targets: pick(targets, columns, rows),
    shape: { rows: rows.length, width, targetWidth: columns },
  }
}

/** The numbers of the valid rows. */
function rowNumbers({ options }: Graph, output: GraphOutput, batch: CheckedBatch): number[] {
  const { steps, lengths } = batch.inputs[output.input]!
  const numbers: number[] = []
  for (let row = 0; row < outputRows(output, batch); row++) {
    const [sequence, step] =
      output.every === 'last'
        ? [row, 0]
        : options.batchFirst
          ? [Math.floor(row / steps), row % steps]
          : [row % batch.batch, Math.floor(row / batch.batch)]
    if (step < (lengths?.[sequence] ?? steps)) numbers.push(row)
  }
  return numbers
}

/** Some rows of an array; the array itself if these are all its rows. */
function pick<T extends Float32Array | Int32Array>(
  values: T,
  width: number,
  rows: readonly number[],
): T {
  if (rows.length * width === values.length) return values
  const picked = values.slice(0, rows.length * width) as T
  for (const [index, row] of rows.entries()) {
    picked.set(values.subarray(row * width, (row + 1) * width), index * width)
  }
  return picked
}
