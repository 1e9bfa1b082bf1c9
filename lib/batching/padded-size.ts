/**
 * How much memory a batch of sequences of different lengths needs.
 *
 * @module
 */
import type { Work } from './work'

/** A batch's arrays have room for the longest sequence, as often as there are sequences. They may be so many times larger. */
const LARGEST_RATIO = 4
/** Values of a batch whose padding does not matter: 1 MiB. */
const SMALL = 2 ** 18

/** The values of the inputs of some works, together and as a padded batch. */
export class PaddedSize {
  #count = 0
  #values = 0
  /** Of each input, the values of the longest sequence. */
  #longest: readonly number[] = []

  /** Adds a work, unless the batch would become too large. The first one always fits. */
  add({ inputs }: Work): boolean {
    const longest = inputs.map(({ length }, i) => Math.max(length, this.#longest[i] ?? 0))
    const values = this.#values + total(inputs.map(({ length }) => length))
    const padded = (this.#count + 1) * total(longest)
    if (padded > SMALL && padded > LARGEST_RATIO * values) return false
    this.#count++
    this.#values = values
    this.#longest = longest
    return true
  }
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0)
}
