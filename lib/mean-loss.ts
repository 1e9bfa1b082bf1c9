/**
 * The mean loss of some batches.
 *
 * @module
 */
import type { StepMetrics } from '../binding'

/**
 * For each output the sum of the losses of its rows in all batches, divided by the sum of the denominators; then the sum
 * of this over all outputs. It does not depend on how rows are divided into batches.
 */
export class MeanLoss {
  readonly #sums: number[] = []
  readonly #denominators: number[] = []

  /** Whether no batch was added. */
  get isEmpty(): boolean {
    return this.#sums.length === 0
  }

  get value(): number {
    return this.#sums.reduce((total, sum, output) => {
      const denominator = this.#denominators[output]!
      return total + (denominator === 0 ? 0 : sum / denominator)
    }, 0)
  }

  add({ outputs }: Pick<StepMetrics, 'outputs'>): void {
    for (const [output, { loss, denominator }] of outputs.entries()) {
      this.#sums[output] = (this.#sums[output] ?? 0) + loss * denominator
      this.#denominators[output] = (this.#denominators[output] ?? 0) + denominator
    }
  }
}
