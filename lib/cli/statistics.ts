/**
 * Means and deviations that rounding, overflow and underflow leave right.
 *
 * @module
 */

/** The largest absolute value, 0 of none. */
export function largestMagnitude(values: Float64Array): number {
  return values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0)
}

/**
 * The mean, summed up as distances from the first value: so the mean of equal values is that value
 * to the bit, where a plain sum rounds.
 */
export function mean(values: Float64Array): number {
  const origin = values[0]!
  return origin + values.reduce((sum, value) => sum + (value - origin), 0) / values.length
}

/**
 * The root of the mean of the squares. A power of two brings the largest value near 1 first, without
 * a rounding, so that no square overflows or vanishes.
 */
export function rootMeanSquare(values: Float64Array): number {
  const largest = largestMagnitude(values)
  if (largest === 0 || !Number.isFinite(largest)) return largest
  // Two factors, since the power itself may lie outside of double's range where its root does not.
  const half = 2 ** Math.round(-Math.log2(largest) / 2)
  const squares = values.reduce((sum, value) => sum + (value * half * half) ** 2, 0)
  return Math.sqrt(squares / values.length) / half / half
}

/**
 * The population standard deviation. Distances from the first value come before those from the mean:
 * so what the values have in common is gone before anything is rounded to its size.
 */
export function standardDeviation(values: Float64Array): number {
  const fromFirst = values.map((value) => value - values[0]!)
  const center = mean(fromFirst)
  return rootMeanSquare(fromFirst.map((distance) => distance - center))
}
