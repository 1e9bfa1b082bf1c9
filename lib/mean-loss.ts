/**
 * The mean loss of many batches.
 *
 * @module
 */

/** The outcome of one batch; `predicted` counts the predictions that its loss is the mean over. */
export interface BatchResult {
  readonly loss: number
  readonly gradNorm: number
  readonly predicted: number
}

/** A mean of losses, weighted by the predictions that counted in each. */
export class MeanLoss {
  #sum = 0
  #weight = 0

  get isEmpty(): boolean {
    return this.#weight === 0
  }

  get value(): number {
    return this.#sum / this.#weight
  }

  add({ loss, predicted }: BatchResult): void {
    this.#sum += loss * predicted
    this.#weight += predicted
  }
}
