/**
 * The mean absolute error of values.
 *
 * @module
 */
import type { ModelTarget } from '../model-batch'
import { Mean, type MetricRows, type MetricSums } from './metric'

/** The mean of |prediction - target| over all values. */
export class MeanAbsoluteError implements MetricSums {
  readonly #mean = new Mean()

  reset(): void {
    this.#mean.reset()
  }

  update(predictions: Float32Array, targets: ModelTarget, { rows, width }: MetricRows): void {
    for (let index = 0; index < rows * width; index++) {
      this.#mean.add(Math.abs(predictions[index]! - targets[index]!))
    }
  }

  result(): number {
    return this.#mean.result()
  }
}
