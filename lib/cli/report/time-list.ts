/**
 * The times of a page, each stored once however many charts show it.
 *
 * @module
 */

/** Where times stand in the list: the place of the first if the others follow it, otherwise every place. */
export type Places = number | readonly number[]

/** Collects times in words. */
export class TimeList {
  readonly texts: string[] = []
  readonly #places = new Map<string, number>()

  /** Adds the times that the list does not have, and says where all of them stand. */
  add(times: readonly string[]): Places {
    const places = times.map((time) => this.#placeOf(time))
    const first = places[0] ?? 0
    return places.every((place, i) => place === first + i) ? first : places
  }

  #placeOf(time: string): number {
    const known = this.#places.get(time)
    if (known !== undefined) return known
    this.#places.set(time, this.texts.length)
    return this.texts.push(time) - 1
  }
}
