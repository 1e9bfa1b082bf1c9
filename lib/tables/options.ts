/**
 * How a table is read, as far as the caller says it.
 *
 * @module
 */
import { argumentError, describe } from '../errors'
import { checkBoolean, checkOneOf, checkOptions } from '../validate'
import type { DateOrder } from './date-forms'
import { FREQUENCY_EXAMPLES, parseFrequency } from './frequency-names'
import type { TableColumn } from './series'
import type { Frequency } from './time-axis'
import { findZone } from './zones'

/** What cannot be inferred from a table, or must not be. Every option may be left out. */
export interface TableOptions {
  /**
   * The column of the rows' times; null: there is none, and the rows are steps. Default: the column whose cells are
   * times, if there is one.
   */
  readonly time?: string | null
  /**
   * The column that tells several series in one table apart. Default: if times repeat, the column of categories that
   * tells the rows of one time apart.
   */
  readonly series?: string
  /**
   * The columns to read beside time and series, by name, perhaps with the kind of each. Their faults are errors.
   * Default: all columns that can be used.
   */
  readonly columns?: readonly string[] | Readonly<Record<string, TableColumn['kind']>>
  /** Columns whose faults are errors. Any other column with a fault is left out, with a warning. */
  readonly required?: readonly string[]
  /** The character between the fields of a CSV file. */
  readonly delimiter?: string
  /** The decimal mark. Default: that of each column's numbers; numbers that may be either are refused. */
  readonly decimal?: '.' | ','
  /** Default: the order that all dates of the column allow; if there are two, they are refused. */
  readonly dateForm?: DateOrder
  /**
   * The zone of times that are written without one, and of the calendar: an IANA name ('Europe/Berlin') or an offset
   * ('+01:00'). Default: the zone that the times are written with, or UTC.
   */
  readonly timeZone?: string
  /** The step from row to row: 'day', '15 minutes', 'business day', 'month', 'irregular'. Default: inferred. */
  readonly frequency?: string
  /** Whether a table that would be repaired is refused instead. Default: false. */
  readonly strict?: boolean
}

/** The keys of {@link TableOptions}. */
export const TABLE_OPTIONS = [
  ...(['time', 'series', 'columns', 'required', 'delimiter', 'decimal', 'dateForm'] as const),
  ...(['timeZone', 'frequency', 'strict'] as const),
]

const DATE_FORMS: readonly DateOrder[] = ['day/month/year', 'month/day/year', 'year/month/day']

/** Options with their checks made, and columns in one form. */
export interface CheckedOptions extends Omit<TableOptions, 'columns' | 'required' | 'frequency'> {
  /** The kind of each wanted column; undefined where it is not said. undefined: all columns. */
  readonly columns: ReadonlyMap<string, TableColumn['kind'] | undefined> | undefined
  /** Columns whose faults are errors; those in `columns` are among them. */
  readonly required: ReadonlySet<string>
  readonly frequency: Frequency | undefined
  readonly strict: boolean
}

/** @throws GruError ERR_GRU_TYPE or ERR_GRU_VALUE if an option is invalid, or there is none of its name */
export function checkTableOptions(argument: string, value: unknown): CheckedOptions {
  const options = checkOptions(argument, value, TABLE_OPTIONS)
  const at = (key: string): string => `${argument}.${key}`
  const textOf = (key: 'series' | 'delimiter'): object =>
    options[key] === undefined ? {} : { [key]: checkText(at(key), options[key]) }
  const oneOf = (key: 'decimal' | 'dateForm', allowed: readonly string[]): object =>
    options[key] === undefined ? {} : { [key]: checkOneOf(at(key), options[key], allowed) }
  const { time } = options
  const columns = checkColumns(at('columns'), options.columns)
  const required =
    options.required === undefined ? [] : checkNames(at('required'), options.required)
  return {
    ...(time === undefined ? {} : { time: time === null ? null : checkText(at('time'), time) }),
    ...{ ...textOf('series'), ...textOf('delimiter') },
    ...checkTimeZone(at('timeZone'), options.timeZone),
    frequency: checkFrequency(at('frequency'), options.frequency),
    ...{ ...oneOf('decimal', ['.', ',']), ...oneOf('dateForm', DATE_FORMS) },
    columns,
    required: new Set([...required, ...(columns?.keys() ?? [])]),
    strict: checkBoolean(at('strict'), options.strict ?? false),
  }
}

function checkTimeZone(argument: string, value: unknown): { readonly timeZone?: string } {
  if (value === undefined) return {}
  const timeZone = checkText(argument, value)
  if (findZone(timeZone) !== undefined) return { timeZone }
  const expected = "the name of a time zone, such as 'Europe/Berlin', '+01:00' or 'UTC'"
  throw argumentError('ERR_GRU_VALUE', argument, expected, describe(timeZone))
}

function checkFrequency(argument: string, value: unknown): Frequency | undefined {
  if (value === undefined) return undefined
  const frequency = parseFrequency(checkText(argument, value))
  if (frequency !== undefined) return frequency
  throw argumentError('ERR_GRU_VALUE', argument, FREQUENCY_EXAMPLES, describe(value))
}

function checkText(argument: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value
  const code = typeof value === 'string' ? 'ERR_GRU_VALUE' : 'ERR_GRU_TYPE'
  throw argumentError(code, argument, 'a string that is not empty', describe(value))
}

function checkNames(argument: string, value: unknown): readonly string[] {
  if (Array.isArray(value)) {
    return value.map((name, index) => checkText(`${argument}[${index}]`, name))
  }
  throw argumentError('ERR_GRU_TYPE', argument, 'an Array of names of columns', describe(value))
}

function checkColumns(argument: string, value: unknown): CheckedOptions['columns'] {
  if (value === undefined) return undefined
  if (Array.isArray(value)) {
    return new Map(checkNames(argument, value).map((name) => [name, undefined]))
  }
  const names = typeof value === 'object' && value !== null ? Object.keys(value) : []
  const kinds = checkOptions(argument, value, names)
  return new Map(
    names.map((name) => [
      name,
      checkOneOf(`${argument}.${name}`, kinds[name], ['number', 'category'] as const),
    ]),
  )
}
