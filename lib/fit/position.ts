/**
 * How far the training of a trainer is, for whoever saves the trainer.
 *
 * @module
 */
import type { FitState } from './state'

/** Knows the state of a trainer's `fit`, between two of its updates. */
export class FitPosition {
  #state: FitState | undefined
  /** Whether `fit` is at work, so that its state does not belong to what the trainer holds. */
  #isMoving = false
  readonly #waiting: (() => void)[] = []

  /** Undefined where no `fit` was begun, or where the trainer made updates without it since. */
  get state(): FitState | undefined {
    return this.#state
  }

  /** Begins with the state out of a file. */
  restore(state: FitState | undefined): void {
    this.#state = state
  }

  /** Notes an update. One that is not made by `fit` makes its state a thing of the past. */
  noteUpdate(): void {
    if (!this.#isMoving) this.#state = undefined
  }

  /** Calls `take` with the state that belongs to what the trainer holds: at once, or as soon as `fit` rests. */
  async whenAtRest<T>(take: (state: FitState | undefined) => Promise<T>): Promise<T> {
    if (!this.#isMoving) return take(this.#state)
    return new Promise((resolve) => {
      this.#waiting.push(() => {
        resolve(take(this.#state))
      })
    })
  }

  /**
   * Hands on what a training tells, and keeps its state whenever it rests.
   *
   * @param state - undefined where a training failed amid something that cannot be begun again
   */
  async *follow<T>(
    told: AsyncIterable<T>,
    state: () => FitState | undefined,
  ): AsyncGenerator<T, void, undefined> {
    this.#isMoving = true
    try {
      for await (const one of told) {
        this.#rest(state)
        yield one
        this.#isMoving = true
      }
    } finally {
      this.#rest(state)
    }
  }

  #rest(state: () => FitState | undefined): void {
    // If the loop was left, it rested already, and updates may have been made since.
    if (!this.#isMoving) return
    this.#state = state()
    this.#isMoving = false
    for (const take of this.#waiting.splice(0)) take()
  }
}
