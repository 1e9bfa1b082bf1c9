/**
 * Forecasts that need no model, which a model must beat to be worth its while.
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

/** A day's place in the calendar of a leap year, from 0, so that a date has one in every year. */
export function calendarDay(date: Date): number {
  const inLeapYear = Date.UTC(LEAP_YEAR, date.getUTCMonth(), date.getUTCDate())
  return Math.round((inLeapYear - Date.UTC(LEAP_YEAR, 0, 1)) / MILLISECONDS_PER_DAY)
}

/**
 * For each day the mean of its date over the years of the first `rows` rows, the training part,
 * together with the `halfWidth` days before and after it. Where those rows have none of these days,
 * the nearest days that they have stand in: so for 29 February without a leap year.
 */
export function climatology(
  values: Float64Array,
  dates: readonly Date[],
  rows: number,
  days: Days,
  halfWidth: number,
): Float64Array {
  // Distances from one value, so that the means of a constant series are that constant to the bit.
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
