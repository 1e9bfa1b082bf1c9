/**
 * Parses the cells of a table.
 *
 * @module
 */

/** The type of a cell's value, by the kind of its column. */
export interface CsvValue {
  /** A finite decimal number. */
  number: number
  /** Text that is not empty. */
  category: string
  /** A day, `yyyy-mm-dd` or `yyyy/mm/dd`, as its midnight in UTC. */
  date: Date
}

/** The kind of a column, which determines how its cells are read. */
export type CsvKind = keyof CsvValue

interface Reader<Value> {
  /** A description of valid cells, for messages. */
  readonly expected: string
  /** The value of a cell that is not empty; undefined if it has no value of this kind. */
  readonly parse: (text: string) => Value | undefined
}

export const READERS: { readonly [Kind in CsvKind]: Reader<CsvValue[Kind]> } = {
  number: { expected: 'a number', parse: parseNumber },
  category: { expected: 'a category', parse: (text) => text },
  date: { expected: 'a date as yyyy-mm-dd or yyyy/mm/dd', parse: parseDate },
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i

function parseNumber(text: string): number | undefined {
  const number = DECIMAL.test(text) ? Number(text) : NaN
  return Number.isFinite(number) ? number : undefined
}

const DATE = /^(\d{4})([-/])(\d\d)\2(\d\d)$/

function parseDate(text: string): Date | undefined {
  const [, year, , month, day] = DATE.exec(text) ?? []
  const iso = `${year}-${month}-${day}`
  const date = new Date(`${iso}T00:00:00Z`)
  // Date turns a day that the month does not have into a day of the next month.
  return !Number.isNaN(date.valueOf()) && date.toISOString().startsWith(iso) ? date : undefined
}

const MILLISECONDS_PER_DAY = 86_400_000

/**
 * The day of the year of a date in UTC, from 1 on 1 January to 365, or 366 in leap years.
 */
export function dayOfYear(date: Date): number {
  const newYear = Date.UTC(date.getUTCFullYear(), 0, 1)
  return 1 + Math.floor((date.valueOf() - newYear) / MILLISECONDS_PER_DAY)
}
