/**
 * Forecasts without a model. A model is only useful if it beats them.
 *
 * @module
 */
import type { Days } from './windows'

/** Tomorrow is as today: for each day the value of the day before. */
export function persistence(values: Float64Array, { begin, end }: Days): Float64Array {
  return values.slice(begin - 1, end - 1)
}

const CALENDAR_DAYS = 366
const LEAP_YEAR = 2000
const MILLISECONDS_PER_DAY = 86_400_000

/**
 * The index of a day in the calendar of a leap year, from 0. A date has the same index in every
 * year.
 */
export function calendarDay(date: Date): number {
  const inLeapYear = Date.UTC(LEAP_YEAR, date.getUTCMonth(), date.getUTCDate())
  return Math.round((inLeapYear - Date.UTC(LEAP_YEAR, 0, 1)) / MILLISECONDS_PER_DAY)
}

/**
 * For each day the mean of the values on the same date in all years of the first `rows` rows (the
 * training part), including the `halfWidth` days before and after the date. If those rows have none
 * of these days, the nearest days that they have are used. This happens for 29 February without a
 * leap year.
 */
export function climatology(
  values: Float64Array,
  dates: readonly Date[],
  rows: number,
  days: Days,
  halfWidth: number,
): Float64Array {
  // Distances from one value are averaged, so that the mean of a constant series is exactly that
  // constant.
  const origin = values[0]!
  const sums = new Float64Array(CALENDAR_DAYS)
  const counts = new Float64Array(CALENDAR_DAYS)
  for (let row = 0; row < rows; row++) {
    const day = calendarDay(dates[row]!)
    sums[day]! += values[row]! - origin
    counts[day]! += 1
  }
  const means = dates
    .slice(days.begin, days.end)
    .map((date) => origin + meanAround(sums, counts, calendarDay(date), halfWidth))
  return Float64Array.from(means)
}

function meanAround(
  sums: Float64Array,
  counts: Float64Array,
  day: number,
  halfWidth: number,
): number {
  let sum = 0
  let count = 0
  for (let offset = -halfWidth; offset <= halfWidth; offset++) {
    const neighbour = (day + offset + CALENDAR_DAYS) % CALENDAR_DAYS
    sum += sums[neighbour]!
    count += counts[neighbour]!
  }
  const found = count > 0 || halfWidth >= CALENDAR_DAYS
  return found ? sum / count : meanAround(sums, counts, day, halfWidth + 1)
}
