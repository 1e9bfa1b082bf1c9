/**
 * What a metric is: a figure over all predictions of a validation set.
 *
 * @module
 */

/** The targets of rows: classes or values. */
export type RowTarget = Float32Array | Int32Array

/** Whether a smaller or a larger figure is better. */
export type MetricMode = 'min' | 'max'

/** The shape of the arguments of {@link Metric.update}. */
export interface MetricRows {
  /** Predictions, at least one: one for each valid step, or one for each sequence that has a step. */
  readonly rows: number
  /** Values of one prediction. */
  readonly width: number
  /** Numbers of one target: 1 for a class. */
  readonly targetWidth: number
}

/**
 * Your own metric, computed over all predictions of a validation set. For each set in each epoch `reset` is called first,
 * then `update` for each batch, then `result`.
 *
 * @example
 * ```ts
 * class LargestError implements Metric {
 *   readonly name = 'largestError'
 *   readonly mode = 'min'
 *   #largest = 0
 *   reset(): void { this.#largest = 0 }
 *   update(predictions: Float32Array, targets: Float32Array): void {
 *     for (const [i, value] of predictions.entries()) this.#largest = Math.max(this.#largest, Math.abs(value - targets[i]!))
 *   }
 *   result(): number { return this.#largest }
 * }
 * ```
 */
export interface Metric {
  /** Its name in progress and records: a text without control characters that is not the name of another figure. */
  readonly name: string
  /** Whether a smaller or a larger figure is better. Only a metric that `monitor` names needs it. */
  readonly mode?: MetricMode | undefined
  /**
   * The output of a {@link Model} whose predictions it gets. Only a model with several outputs needs it. The loss of the
   * output may not be 'ctc'.
   */
  readonly output?: string | undefined
  /** Begins anew. */
  reset(): void
  /**
   * Takes the predictions of one batch. Padding, sequences of length 0, and rows of the ignored class are left out. With a
   * loss that has `ignoreMissing`, missing values are not left out: they are NaN in `targets`. Read the arrays before this
   * returns, since they may be used again.
   *
   * @param predictions - [rows, width], as the model predicts them: logits, for crossEntropy
   * @param targets - [rows, targetWidth]
   */
  update(predictions: Float32Array, targets: RowTarget, shape: MetricRows): void
  /** The figure over all that was given since `reset`. */
  result(): number
}

/** The functions of a metric. */
export type MetricSums = Pick<Metric, 'reset' | 'update' | 'result'>

/** Whether a value of a target counts in a metric. */
export type ValueCounts = (target: number) => boolean

/** A mean of many numbers, whose sum is a double. */
export class Mean {
  #sum = 0
  #count = 0

  reset(): void {
    this.#sum = 0
    this.#count = 0
  }

  add(value: number): void {
    this.#sum += value
    this.#count++
  }

  /** NaN if there was no number. */
  result(): number {
    return this.#sum / this.#count
  }
}
