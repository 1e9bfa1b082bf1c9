/**
 * Means and deviations that stay correct in spite of rounding, overflow and underflow.
 *
 * @module
 */

/** The largest absolute value; 0 if there are no values. */
export function largestMagnitude(values: Float64Array): number {
  return values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0)
}

/**
 * The mean, computed from the distances to the first value. So the mean of equal values is exactly that value, while a
 * plain sum would be rounded.
 */
export function mean(values: Float64Array): number {
  const origin = values[0]!
  return origin + values.reduce((sum, value) => sum + (value - origin), 0) / values.length
}

/**
 * The root of the mean of the squares. The values are first multiplied by a power of two, which needs no rounding and
 * makes the largest value about 1. So no square overflows or vanishes.
 */
function rootMeanSquare(values: Float64Array): number {
  const largest = largestMagnitude(values)
  if (largest === 0 || !Number.isFinite(largest)) return largest
  // Two factors, since the power itself may be outside the range of double while its root is not.
  const half = 2 ** Math.round(-Math.log2(largest) / 2)
  const squares = values.reduce((sum, value) => sum + (value * half * half) ** 2, 0)
  return Math.sqrt(squares / values.length) / half / half
}

/**
 * The population standard deviation. It takes distances from the first value before those from the mean. This removes
 * what the values have in common before anything is rounded relative to it.
 */
export function standardDeviation(values: Float64Array): number {
  const fromFirst = values.map((value) => value - values[0]!)
  const center = mean(fromFirst)
  return rootMeanSquare(fromFirst.map((distance) => distance - center))
}
