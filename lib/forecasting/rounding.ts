/**
 * Telling values that differ from values that differ by rounding only.
 *
 * @module
 */
import { largestMagnitude, standardDeviation } from './statistics'

/**
 * A value of a table has up to three rounding errors: from its author, from reading it, and from the division of a
 * percentage. Each is at most half of EPSILON of the value. A change has two such values and the rounding of their
 * difference, which is up to twice as large as they are: 4 EPSILON in all. This is doubled, since repaired cells and
 * the sum for the deviation are rounded as well.
 */
const ROUNDING = 8 * Number.EPSILON

/**
 * The standard deviation of values, or 0 if they differ only by rounding errors, and for no values.
 *
 * @param magnitude - the largest absolute value of the numbers that `values` were computed from, which determines the
 *   rounding errors; by default that of `values`
 */
export function deviationBeyondRounding(
  values: Float64Array,
  magnitude = largestMagnitude(values),
): number {
  if (values.length === 0) return 0
  const deviation = standardDeviation(values)
  return deviation <= ROUNDING * magnitude ? 0 : deviation
}
