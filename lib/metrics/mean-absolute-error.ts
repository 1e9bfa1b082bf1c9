/**
 * The mean absolute error of values.
 *
 * @module
 */
import type { NativeLossOptions } from '../../binding'
import { Mean, type MetricRows, type MetricSums, type RowTarget, type ValueCounts } from './metric'

/** The columns of a prediction that predict the values of the target: the first one, and the distance to the next. */
export interface ValueColumns {
  readonly first: number
  readonly stride: number
}

const ALL: ValueColumns = { first: 0, stride: 1 }

/** The columns with the values that a loss predicts; undefined for a loss without them. */
export function valueColumns(loss: NativeLossOptions): ValueColumns | undefined {
  switch (loss.kind) {
    case 'meanSquaredError':
    case 'meanAbsoluteError':
    case 'huber':
    case 'gaussian': // the means come before the log variances
      return ALL
    case 'quantile': {
      const median = loss.quantiles.indexOf(0.5)
      return median < 0 ? undefined : { first: median, stride: loss.quantiles.length }
    }
    default:
      return undefined
  }
}

/** The mean of |prediction - target| over all values that count. */
export class MeanAbsoluteError implements MetricSums {
  readonly #columns: ValueColumns
  readonly #counts: ValueCounts
  readonly #mean = new Mean()

  constructor(columns: ValueColumns, counts: ValueCounts) {
    this.#columns = columns
    this.#counts = counts
  }

  reset(): void {
    this.#mean.reset()
  }

  update(
    predictions: Float32Array,
    targets: RowTarget,
    { rows, width, targetWidth }: MetricRows,
  ): void {
    const { first, stride } = this.#columns
    for (let row = 0; row < rows; row++) {
      for (let value = 0; value < targetWidth; value++) {
        const target = targets[row * targetWidth + value]!
        if (!this.#counts(target)) continue
        this.#mean.add(Math.abs(predictions[row * width + first + value * stride]! - target))
      }
    }
  }

  result(): number {
    return this.#mean.result()
  }
}
