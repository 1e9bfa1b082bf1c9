/**
 * How fast a training goes.
 *
 * @module
 */
import type { Clock } from './jobs'

/** Measures time and counts work since it was made. */
export class Speed {
  readonly #clock: Clock
  readonly #start: number
  #sequences = 0
  #batches = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.#start = clock.now()
  }

  add(batches: number, sequences: number): void {
    this.#batches += batches
    this.#sequences += sequences
  }

  /**
   * The properties of a progress that depend on time, all measured at one moment.
   *
   * @param batchesLeft - undefined if it is not known
   */
  measure(batchesLeft: number | undefined): {
    readonly elapsed: number
    readonly samplesPerSecond: number
    readonly secondsLeft: number | undefined
  } {
    const elapsed = (this.#clock.now() - this.#start) / 1000
    return {
      elapsed,
      samplesPerSecond: this.#sequences / elapsed,
      secondsLeft: batchesLeft === undefined ? undefined : (elapsed / this.#batches) * batchesLeft,
    }
  }
}
