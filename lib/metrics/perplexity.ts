/**
 * The perplexity of classes.
 *
 * @module
 */
import { Mean, type MetricRows, type MetricSums, type RowTarget } from './metric'

/**
 * exp(mean of -log p), where p is the probability of the target in the softmax of the logits. Each prediction counts the
 * same.
 */
export class Perplexity implements MetricSums {
  readonly #mean = new Mean()

  reset(): void {
    this.#mean.reset()
  }

  update(logits: Float32Array, classes: RowTarget, { rows, width }: MetricRows): void {
    for (let row = 0; row < rows; row++) {
      const values = logits.subarray(row * width, (row + 1) * width)
      this.#mean.add(logSumExp(values) - values[classes[row]!]!)
    }
  }

  result(): number {
    return Math.exp(this.#mean.result())
  }
}

/** log(sum of exp(value)), which does not overflow. */
function logSumExp(values: Float32Array): number {
  let largest = -Infinity
  for (const value of values) largest = Math.max(largest, value)
  let sum = 0
  for (const value of values) sum += Math.exp(value - largest)
  return largest + Math.log(sum)
}
