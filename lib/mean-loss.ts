/**
 * The mean loss of many batches.
 *
 * @module
 */
import { checkNumber, checkOptions } from './validate'

/** The outcome of one batch, or of several that made one update; `predicted` counts the predictions that its loss is the mean over. */
export interface BatchResult {
  readonly loss: number
  readonly gradNorm: number
  readonly predicted: number
  /** Whether nothing was changed, since something was not finite. */
  readonly skipped: boolean
}

/** What a mean was made of so far: a plain JSON value. */
export interface MeanLossState {
  readonly sum: number
  readonly weight: number
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

  reset(): void {
    this.restore({ sum: 0, weight: 0 })
  }

  get state(): MeanLossState {
    return { sum: this.#sum, weight: this.#weight }
  }

  /** Goes on from a state. */
  restore({ sum, weight }: MeanLossState): void {
    this.#sum = sum
    this.#weight = weight
  }
}

/** Checks a state that comes from outside. */
export function checkMeanLossState(argument: string, value: unknown): MeanLossState {
  const given = checkOptions(argument, value, ['sum', 'weight'])
  return {
    sum: checkNumber(`${argument}.sum`, given.sum),
    weight: checkNumber(`${argument}.weight`, given.weight, { atLeast: 0 }),
  }
}
