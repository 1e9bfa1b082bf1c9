/**
 * What a metric is: a figure over all predictions of a validation set.
 *
 * @module
 */

/** The targets of rows: classes or values. */
export type RowTarget = Float32Array | Int32Array

/** Whether a smaller or a larger figure is better. */
export type MetricMode = 'min' | 'max'

/** The shape of what {@link Metric.update} is given. */
export interface MetricRows {
  /** Predictions, at least one: one for each valid step, or one for each sequence that has a step. */
  readonly rows: number
  /** Values of one prediction. */
  readonly width: number
  /** Numbers of one target: 1 for a class. */
  readonly targetWidth: number
}

/**
 * A figure of the caller's own, computed over all predictions of a validation set. For each set in each epoch `reset` is
 * called first, then `update` for batch after batch, then `result`.
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
  /** What progress and records call it: a text without control characters, and no name that they have already. */
  readonly name: string
  /** Whether a smaller or a larger figure is better. Only a metric that `monitor` names needs it. */
  readonly mode?: MetricMode | undefined
  /** The output of a {@link Model} whose predictions it is given. Only a model with several outputs needs it. */
  readonly output?: string | undefined
  /** Begins anew. */
  reset(): void
  /**
   * Takes the predictions of one batch. Padding, and sequences of length 0, are left out. The arrays are the caller's to
   * read until this returns: they may be used again.
   *
   * @param predictions - [rows, width], as the model predicts them: logits, for crossEntropy
   * @param targets - [rows, targetWidth]
   */
  update(predictions: Float32Array, targets: RowTarget, shape: MetricRows): void
  /** The figure over all that was given since `reset`. */
  result(): number
}

/** A metric that computes, without what it is called. */
export type MetricSums = Pick<Metric, 'reset' | 'update' | 'result'>

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

  /** NaN where there was none. */
  result(): number {
    return this.#sum / this.#count
  }
}
