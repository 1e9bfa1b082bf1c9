/**
 * Keeping features in the range that the network saw in training.
 *
 * @module
 */

/** Values up to this many deviations stay as they are. */
const LINEAR = 3

/** A scaled value; beyond 3 deviations only its logarithm grows, so that no value drives all gates into saturation. */
export function squash(value: number): number {
  const magnitude = Math.abs(value)
  if (!(magnitude > LINEAR)) return value
  return Math.sign(value) * (LINEAR + Math.log1p(magnitude - LINEAR))
}
