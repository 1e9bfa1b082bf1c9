/**
 * Whether memory stayed flat.
 *
 * @module
 */
import { median } from '../statistics'

/** Resident sets in bytes, at equal distances over the whole run. */
export type MemorySamples = readonly number[]

/** What a flat run may grow by: V8's heap and the allocator do not return everything at once. */
export const ALLOWED = 24 * 2 ** 20

/** How much the median of the last quarter is above that of the second one. The first quarter warms up. */
export function growthOf(samples: MemorySamples): number {
  const quarter = Math.floor(samples.length / 4)
  if (quarter === 0) throw new RangeError('expected at least 4 samples')
  return median(samples.slice(-quarter)) - median(samples.slice(quarter, 2 * quarter))
}

export function isFlat(samples: MemorySamples): boolean {
  return growthOf(samples) <= ALLOWED
}
