/**
 * Turns for the event loop within long computations in JavaScript.
 *
 * @module
 */
import { setImmediate } from 'node:timers/promises'

/** The longest time without a turn, in milliseconds, but for single calls that take longer. */
const LONGEST = 10

/** Lets the event loop run now and then. */
export class Pauses {
  readonly #signal: AbortSignal | undefined
  #last = performance.now()

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal
  }

  /** Whether the last turn is long ago. */
  get isDue(): boolean {
    return performance.now() - this.#last > LONGEST
  }

  /**
   * Waits for a turn.
   *
   * @throws the signal's reason if it was aborted
   */
  async take(): Promise<void> {
    await setImmediate()
    this.#signal?.throwIfAborted()
    this.#last = performance.now()
  }
}
