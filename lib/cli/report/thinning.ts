/**
 * Less of what a chart draws, so that the page stays small.
 *
 * @module
 */

/** The digits of the range of a chart's values that a screen can show, and some more. */
const RANGE_DIGITS = 5
const LEAST_DIGITS = 3
const MOST_DIGITS = 17

/** A value of a chart; null where it is missing. */
export type Value = number | null

/**
 * At most `most` items, evenly spaced, the last among them.
 *
 * @param most - at least 1
 */
export function thinned<Item>(items: readonly Item[], most: number): readonly Item[] {
  if (items.length <= most) return items
  return Array.from(
    { length: most },
    (_, i) => items[Math.floor(((i + 1) * items.length) / most) - 1]!,
  )
}

/**
 * Values without the digits that a chart of them cannot show. All of them have at least three significant digits. Numbers
 * that are not finite become null.
 */
export function rounded(values: readonly Value[], range: number): Value[] {
  const last = magnitudeOf(range) - RANGE_DIGITS
  return values.map((value) => {
    if (value === null || !Number.isFinite(value)) return null
    const digits = magnitudeOf(value) - last + 1
    return Number(value.toPrecision(Math.min(Math.max(digits, LEAST_DIGITS), MOST_DIGITS)))
  })
}

/** The distance between the least and the largest value; 0 if there are none. */
export function rangeOf(values: Iterable<Value>): number {
  let [least, most] = [Infinity, -Infinity]
  for (const value of values) {
    if (value === null || !Number.isFinite(value)) continue
    least = Math.min(least, value)
    most = Math.max(most, value)
  }
  return most > least ? most - least : 0
}

/** The power of ten of a number's first digit; for 0 far below that of any other number. */
function magnitudeOf(value: number): number {
  return value === 0 ? -400 : Math.floor(Math.log10(Math.abs(value)))
}
