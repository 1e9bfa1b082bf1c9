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

/** NaN if there are no values. */
export function median(values: Float64Array): number {
  const sorted = values.slice().sort()
  const middle = (sorted.length - 1) / 2
  return (sorted[Math.floor(middle)] ?? NaN) / 2 + (sorted[Math.ceil(middle)] ?? NaN) / 2
}

/** A distance counts at most as so many usual ones. */
const MOST_COUNTED = 20
/** The usual distances are the smaller half; if these are 0, as of a series that mostly stands still, nearly all. */
const USUAL = [0.5, 0.95]

/** Distances from 0, where those far above the usual ones are cut to a multiple of these: one wrong cell must not decide. */
export function withoutOutliers(distances: Float64Array): Float64Array {
  if (distances.length === 0) return distances
  const sorted = distances.map(Math.abs).sort()
  const means = USUAL.map((share) => mean(sorted.subarray(0, Math.ceil(share * sorted.length))))
  const most = MOST_COUNTED * (means.find((usual) => usual > 0) ?? 0)
  return distances.map((distance) => Math.min(Math.max(distance, -most), most))
}
