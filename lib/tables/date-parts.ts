/**
 * Dates whose parts are in columns of their own: year and month, perhaps with day and hour; year and quarter, or week;
 * date and time of day.
 *
 * @module
 */
import { mapRows, type Sliced } from '../slices'
import { isMissing } from './numerals'
import type { CheckedOptions } from './options'
import type { Source } from './source'
import { hasSureTimes } from './time-column'

const NAMES = {
  year: /^(year|yr|jahr)$/i,
  quarter: /^(quarter|quartal)$/i,
  month: /^(month|monat)$/i,
  week: /^(week|woche)$/i,
  day: /^(day|tag)$/i,
  hour: /^(hour|hr|stunde|hora|heure)$/i,
  date: /^(date|datum|fecha|data)$/i,
  time: /^(time|uhrzeit|zeit|time ?of ?day|hora|heure|ora)$/i,
}

type Part = keyof typeof NAMES

/** The parts that may follow a year, each set complete. */
const AFTER_YEAR: readonly (readonly Part[])[] = [
  ['month', 'day', 'hour'],
  ['month', 'day'],
  ['month'],
  ['quarter'],
  ['week'],
]

/**
 * The source with one column in place of those with the parts of its dates, if it has such ones, no other column of
 * times, and the caller uses none of them otherwise. The name of the column is that of all parts: "year, month".
 */
export function* combineDateParts(source: Source, options: CheckedOptions): Sliced<Source> {
  const parts = findParts(source)
  if (parts === undefined) return source
  const name = parts.map((index) => source.names[index]!).join(', ')
  const { time, series, required } = options
  if (time !== undefined && time !== name) return source
  const isUsed = (index: number): boolean => {
    const part = source.names[index]!
    return part === series || required.has(part) || source.columnFaults.has(index)
  }
  const isWhole = (): boolean => isOfClock(source, parts) || !hasSureTimes(source, options)
  if (parts.some(isUsed) || (time === undefined && !isWhole())) return source
  const [first, ...others] = parts as [number, ...number[]]
  const kept = [...source.names.keys()].filter((index) => !others.includes(index))
  const dates = yield* mapRows(source.places.length, (row) => {
    return dateOf(
      parts.map((index) => source.cells[index]![row]),
      source,
      parts,
    )
  })
  return {
    ...source,
    names: kept.map((index) => (index === first ? name : source.names[index]!)),
    cells: kept.map((index) => (index === first ? dates : source.cells[index]!)),
    columnFaults: new Map(
      [...source.columnFaults].map(([index, faults]) => [kept.indexOf(index), faults]),
    ),
  }
}

/** The indices of the columns of a date's parts, from the year on; undefined if there are none. */
function findParts(source: Source): number[] | undefined {
  const { names } = source
  const indexOf = (part: Part): number => names.findIndex((name) => NAMES[part].test(name))
  const year = indexOf('year')
  const after = AFTER_YEAR.map((parts) => parts.map(indexOf))
  const found = year === -1 ? undefined : after.find((indices) => !indices.includes(-1))
  return found ? [year, ...found] : findClock(source)
}

/** Times of a clock, as text, and hours as numbers. */
const CLOCK = /^\d{1,2}(:\d{2}){1,2}([.,]\d+)?( ?[ap]\.?m\.?)?$/i
const HOUR = /^([01]?\d|2[0-4])$/

/** The indices of a column of dates and of one with the time of day. */
function findClock({ names, cells }: Source): number[] | undefined {
  const date = names.findIndex((name) => NAMES.date.test(name))
  if (date === -1) return undefined
  const holds = (pattern: RegExp, index: number): boolean =>
    cells[index]!.every((cell) => isMissing(cell) || pattern.test(String(cell)))
  const time = names.findIndex((name, index) => {
    if (NAMES.time.test(name) && holds(CLOCK, index)) return true
    return NAMES.hour.test(name) && (holds(CLOCK, index) || holds(HOUR, index))
  })
  // Dates that have a time of day are whole.
  return time === -1 || !holds(/^[^:]*$/, date) ? undefined : [date, time]
}

function isOfClock({ names }: Source, parts: readonly number[]): boolean {
  return NAMES.date.test(names[parts[0]!]!)
}

/** A date in a form that the reading of times knows; '' if a part is missing. */
function dateOf(values: readonly unknown[], { names }: Source, parts: readonly number[]): string {
  if (values.some(isMissing)) return ''
  const [year, second, day, hour] = values.map(String) as [string, string, string?, string?]
  const kind = names[parts[1]!]!
  if (NAMES.date.test(names[parts[0]!]!)) {
    return `${year} ${HOUR.test(second) ? `${two(second)}:00` : second}`
  }
  if (NAMES.quarter.test(kind)) return `${year}-Q${second.replace(/^q/i, '')}`
  if (NAMES.week.test(kind)) return `${year}-W${two(second)}`
  if (!/^\d+$/.test(second))
    return day === undefined ? `${second} ${year}` : `${day} ${second} ${year}`
  const date = [year, two(second), ...(day === undefined ? [] : [two(day)])].join('-')
  return hour === undefined ? date : `${date} ${two(hour)}:00`
}

function two(number: string): string {
  return number.padStart(2, '0')
}
