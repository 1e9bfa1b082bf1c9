/**
 * The calendar features of a series' rows, and of the steps after them. Each is read by many windows, and is computed once.
 *
 * @module
 */
import { timeAfter } from '../tables/calendar'
import type { Series } from '../tables/series'
import { CALENDAR_WIDTH, writeCalendar } from './calendar-features'
import type { ForecastFacts } from './facts'

type CalendarFacts = Pick<ForecastFacts, 'time' | 'calendar'>

/** The time of a row; of one after the last row by the frequency. */
export function timeOfRow(
  { times, rows }: Series,
  row: number,
  axis: ForecastFacts['time'],
): number {
  return row < rows ? times[row]! : timeAfter(times[rows - 1]!, axis, row - rows + 1)
}

interface CachedRows {
  readonly facts: string
  readonly rows: number
  readonly values: Float32Array
}

const cache = new WeakMap<Series, CachedRows>()

/** The features of the first rows, [rows, width]; perhaps of more rows. */
export function calendarRows(
  series: Series,
  rows: number,
  { time, calendar }: CalendarFacts,
): Float32Array {
  const facts = JSON.stringify([time, calendar])
  const cached = cache.get(series)
  if (cached?.facts === facts && cached.rows >= rows) return cached.values
  const width = CALENDAR_WIDTH * calendar.length
  const values = new Float32Array(rows * width)
  for (let row = 0; row < rows; row++) {
    writeCalendar(calendar, timeOfRow(series, row, time), time, values, row * width)
  }
  cache.set(series, { facts, rows, values })
  return values
}
