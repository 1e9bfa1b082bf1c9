/**
 * A target of one series as the forecaster computes with it: its known values, perhaps as logarithms, and the last known
 * value at each row.
 *
 * @module
 */
import type { Series } from '../tables/series'
import type { Difference } from './options'

/** One target of one series. */
export interface Track {
  /** Logarithms if the target is forecast as such. NaN: missing. */
  readonly values: Float64Array
  /** At each row the last value that is known there; NaN before the first one. It never looks ahead. */
  readonly carried: Float64Array
  /** The sums of `carried` before each row, from the first known value on: means of seasons are differences of sums. */
  readonly sums: Float64Array
  /** The first row with a known value. */
  readonly first: number
}

/** @param rows - the rows that are known; later ones are not read */
export function trackOf(
  series: Series,
  target: string,
  logarithm: boolean,
  rows = series.rows,
): Track {
  return trackOfValues(targetValues(series, target, logarithm, rows))
}

/** The values of a target as they are forecast. One that has no logarithm counts as missing where they are logarithms. */
export function targetValues(
  series: Series,
  target: string,
  logarithm: boolean,
  rows = series.rows,
): Float64Array {
  const given = series.numbers.get(target)!.slice(0, rows)
  return logarithm ? given.map((value) => (value > 0 ? Math.log(value) : NaN)) : given
}

/** @param values - NaN where missing */
export function trackOfValues(values: Float64Array): Track {
  const carried = new Float64Array(values.length)
  const sums = new Float64Array(values.length + 1)
  let last = NaN
  let first = values.length
  for (const [row, value] of values.entries()) {
    if (!Number.isNaN(value)) last = value
    if (first === values.length && !Number.isNaN(last)) first = row
    carried[row] = last
    sums[row + 1] = sums[row]! + (Number.isNaN(last) ? 0 : last)
  }
  return { values, carried, sums, first }
}

/** The mean of the last known values at the rows from `begin` up to `end`. */
function meanOf({ sums }: Track, begin: number, end: number): number {
  return (sums[end]! - sums[begin]!) / (end - begin)
}

/** How many rows must be known up to an origin, so that a difference can be taken. */
export function rowsForDifference(difference: Difference, season: number | undefined): number {
  if (season === undefined) return 1
  if (difference === 'seasonal') return season
  return difference === 'seasonalTrend' ? 2 * season : 1
}

/**
 * What a forecast is added to, for some steps after an origin. It reads no row after the origin. A series that is too
 * short for a season takes the last value.
 *
 * @param step - 1 for the row after the origin
 * @param season - the steps of a season; undefined if there is none
 */
export function anchorAt(
  track: Track,
  origin: number,
  step: number,
  difference: Difference,
  season: number | undefined,
): number {
  if (difference === 'none') return 0
  const last = track.carried[origin]!
  if (difference === 'last' || season === undefined) return last
  const before = origin + step - season * Math.ceil(step / season)
  if (before < track.first) return last
  const seasonal = track.carried[before]!
  const begin = origin + 1 - 2 * season
  if (difference === 'seasonal' || begin < track.first) return seasonal
  const trend =
    meanOf(track, origin + 1 - season, origin + 1) - meanOf(track, begin, begin + season)
  // Each season that the forecast is ahead adds the trend once more.
  return seasonal + trend * Math.ceil(step / season)
}
