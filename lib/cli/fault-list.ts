/**
 * Collects faults, so that a user sees all of them together.
 *
 * @module
 */
import { GruError } from '../errors'
import { firstOf } from '../formats/faults'

/** Faults of what a user gave, in the order in which they were found. */
export class FaultList {
  readonly #faults: GruError[] = []

  add(fault: GruError): void {
    this.#faults.push(fault)
  }

  /**
   * The result of a check; undefined if it failed, and its fault is kept.
   *
   * @throws GruError ERR_GRU_LOAD if the check cannot work: this is no fault of what the user gave
   */
  attempt<T>(check: () => T): T | undefined {
    try {
      return check()
    } catch (error) {
      if (!(error instanceof GruError) || error.code === 'ERR_GRU_LOAD') throw error
      this.add(error)
      return undefined
    }
  }

  /** One error with the messages of the first twenty faults, one a line; undefined if there are none. */
  error(): GruError | undefined {
    const [first, ...others] = this.#faults
    if (first === undefined || others.length === 0) return first
    return new GruError(first.code, firstOf(this.#faults, ({ message }) => message).join('\n'))
  }

  /** @throws the {@link error}, if there is one */
  throwIfAny(): void {
    const error = this.error()
    if (error !== undefined) throw error
  }
}
