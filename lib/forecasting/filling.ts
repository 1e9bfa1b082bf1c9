/**
 * Values in place of missing ones.
 *
 * @module
 */
import type { Missing } from './options'

/** A column without gaps. */
export interface FilledColumn {
  /** NaN only where no value can stand: before the first one, and with 'mask'. */
  readonly values: Float64Array
  /**
   * For each row the last row that its value was computed from. A forecast may use the value only if that row is not after
   * its origin. Undefined if no value looks ahead of its row.
   */
  readonly until: Int32Array | undefined
}

/** @param values - NaN where missing */
export function fill(values: Float64Array, missing: Missing): FilledColumn {
  if (missing === 'mask') return { values, until: undefined }
  const filled = carry(values)
  if (missing === 'carry') return { values: filled, until: undefined }
  const until = Int32Array.from(values, (_, row) => row)
  interpolateGaps(values, filled, until)
  return { values: filled, until }
}

/** At each row the last known value. */
export function carry(values: Float64Array): Float64Array {
  let last = NaN
  return values.map((value) => (last = Number.isNaN(value) ? last : value))
}

/** Draws a line through each gap between two known values. */
function interpolateGaps(values: Float64Array, filled: Float64Array, until: Int32Array): void {
  let before = -1
  for (const [row, value] of values.entries()) {
    if (Number.isNaN(value)) continue
    const slope = before < 0 ? 0 : (value - values[before]!) / (row - before)
    for (let gap = before + 1; gap < row && before >= 0; gap++) {
      filled[gap] = values[before]! + slope * (gap - before)
      until[gap] = row
    }
    before = row
  }
}
