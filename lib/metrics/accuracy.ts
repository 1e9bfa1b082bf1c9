/**
 * The share of predictions that are right.
 *
 * @module
 */
import { Mean, type MetricRows, type MetricSums, type RowTarget, type ValueCounts } from './metric'

/** For classes: a prediction is right if the target's logit is the largest. Of several equal logits the first one counts. */
export class ClassAccuracy implements MetricSums {
  readonly #mean = new Mean()

  reset(): void {
    this.#mean.reset()
  }

  update(logits: Float32Array, classes: RowTarget, { rows, width }: MetricRows): void {
    for (let row = 0; row < rows; row++) {
      const found = indexOfLargest(logits.subarray(row * width, (row + 1) * width))
      this.#mean.add(found === classes[row] ? 1 : 0)
    }
  }

  result(): number {
    return this.#mean.result()
  }
}

/** For values that are 0 or 1: a logit above 0 means 1, and a target above 0.5 means 1. */
export class BinaryAccuracy implements MetricSums {
  readonly #counts: ValueCounts
  readonly #mean = new Mean()

  constructor(counts: ValueCounts) {
    this.#counts = counts
  }

  reset(): void {
    this.#mean.reset()
  }

  update(logits: Float32Array, targets: RowTarget, { rows, width }: MetricRows): void {
    for (let index = 0; index < rows * width; index++) {
      if (!this.#counts(targets[index]!)) continue
      const isRight = logits[index]! > 0 === targets[index]! > 0.5
      this.#mean.add(isRight && !Number.isNaN(logits[index]) ? 1 : 0)
    }
  }

  result(): number {
    return this.#mean.result()
  }
}

/** -1 if one of the values is NaN: such a row is never right. */
function indexOfLargest(values: Float32Array): number {
  let largest = 0
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!
    if (Number.isNaN(value)) return -1
    if (value > values[largest]!) largest = index
  }
  return largest
}
