/**
 * The state of a trainer's training over epochs, to be saved with the trainer.
 *
 * @module
 */
import type { FitState } from './state'

/** Knows the state of a trainer's `fit`, between two of its updates. */
export class FitPosition {
  #state: FitState | undefined
  /** Whether `fit` makes an update, so that its state and the parameters may not belong together. */
  #isMoving = false
  readonly #waiting: (() => void)[] = []

  /** Undefined if there was no `fit`, or if other calls made updates since. */
  get state(): FitState | undefined {
    return this.#state
  }

  /** Takes the state of a file. */
  restore(state: FitState | undefined): void {
    this.#state = state
  }

  /** Notes an update. One that `fit` does not make puts its state out of date. */
  noteUpdate(): void {
    if (!this.#isMoving) this.#state = undefined
  }

  /** Calls `take` with the state that belongs to the trainer's parameters: at once, or when `fit` has ended its update. */
  async whenAtRest<T>(take: (state: FitState | undefined) => Promise<T>): Promise<T> {
    if (!this.#isMoving) return take(this.#state)
    return new Promise((resolve) => {
      this.#waiting.push(() => {
        resolve(take(this.#state))
      })
    })
  }

  /**
   * Hands on the progress of a training, and keeps its state between two updates.
   *
   * @param state - undefined if the training failed where it cannot continue
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
