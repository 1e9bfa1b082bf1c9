/**
 * The calendar features of a series' rows, and of the steps after them. Each is read by many windows, and is computed once.
 *
 * @module
 */
import { timeAfter } from '../tables/calendar'
import type { Series } from '../tables/series'
import { CALENDAR_WIDTH, writeCalendar } from './calendar-features'
import type { ForecastFacts } from './facts'
import type { Pauses } from '../pauses'

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

/** Rows between two looks at the clock. */
const CHUNK = 256

/** Computes the features of rows ahead of their use, with turns for the event loop. */
export async function prepareCalendar(
  series: Series,
  rows: number,
  facts: CalendarFacts,
  pauses: Pauses,
): Promise<void> {
  if (cachedRows(series, rows, facts) !== undefined) return
  const values = emptyRows(rows, facts)
  for (let begin = 0; begin < rows; begin += CHUNK) {
    if (pauses.isDue) await pauses.take()
    writeRows(series, begin, Math.min(rows, begin + CHUNK), facts, values)
  }
  cache.set(series, { facts: keyOf(facts), rows, values })
}

/** The features of the first rows, [rows, width]; perhaps of more rows. */
export function calendarRows(series: Series, rows: number, facts: CalendarFacts): Float32Array {
  const cached = cachedRows(series, rows, facts)
  if (cached !== undefined) return cached
  // All rows at once: each origin of a series may ask for one row more.
  const count = Math.max(rows, series.rows)
  const values = emptyRows(count, facts)
  writeRows(series, 0, count, facts, values)
  cache.set(series, { facts: keyOf(facts), rows: count, values })
  return values
}

function keyOf({ time, calendar }: CalendarFacts): string {
  return JSON.stringify([time, calendar])
}

function cachedRows(series: Series, rows: number, facts: CalendarFacts): Float32Array | undefined {
  const cached = cache.get(series)
  const isUsable = cached !== undefined && cached.rows >= rows && cached.facts === keyOf(facts)
  return isUsable ? cached.values : undefined
}

function emptyRows(rows: number, { calendar }: CalendarFacts): Float32Array {
  return new Float32Array(rows * CALENDAR_WIDTH * calendar.length)
}

function writeRows(
  series: Series,
  begin: number,
  end: number,
  { time, calendar }: CalendarFacts,
  values: Float32Array,
): void {
  const width = CALENDAR_WIDTH * calendar.length
  for (let row = begin; row < end; row++) {
    writeCalendar(calendar, timeOfRow(series, row, time), time, values, row * width)
  }
}
