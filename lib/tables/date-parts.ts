/**
 * Dates whose parts are in columns of their own: year and month, perhaps with day and hour; year and quarter, or week.
 *
 * @module
 */
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
  hour: /^(hour|stunde)$/i,
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
export function combineDateParts(source: Source, options: CheckedOptions): Source {
  const parts = findParts(source)
  if (parts === undefined) return source
  const name = parts.map((index) => source.names[index]!).join(', ')
  const { time, series, required } = options
  if (time !== undefined && time !== name) return source
  const isUsed = (index: number): boolean => {
    const part = source.names[index]!
    return part === series || required.has(part) || source.columnFaults.has(index)
  }
  if (parts.some(isUsed) || (time === undefined && hasSureTimes(source, options))) return source
  const [first, ...others] = parts as [number, ...number[]]
  const kept = [...source.names.keys()].filter((index) => !others.includes(index))
  const dates = Array.from(source.places, (_, row) => {
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
function findParts({ names }: Source): number[] | undefined {
  const indexOf = (part: Part): number => names.findIndex((name) => NAMES[part].test(name))
  const year = indexOf('year')
  const after = AFTER_YEAR.map((parts) => parts.map(indexOf))
  const found = year === -1 ? undefined : after.find((indices) => !indices.includes(-1))
  return found && [year, ...found]
}

/** A date in a form that the reading of times knows; '' if a part is missing. */
function dateOf(values: readonly unknown[], { names }: Source, parts: readonly number[]): string {
  if (values.some(isMissing)) return ''
  const [year, second, day, hour] = values.map(String) as [string, string, string?, string?]
  const kind = names[parts[1]!]!
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
