/**
 * The table of a job: one row for each day, with no day missing.
 *
 * @module
 */
import { argumentError } from '../errors'
import { type CsvTable, readCsv, type RowFault } from '../formats/csv'
import type { CsvKind } from '../formats/csv-values'
import { type Fault, faultsError, type Warning } from '../formats/faults'

/** A table, with its columns grouped by kind. */
export interface Table {
  /** The file, for messages. */
  readonly path: string
  readonly rows: number
  /** The line of the file on which each row ends, for messages. */
  readonly lines: readonly number[]
  readonly numbers: ReadonlyMap<string, Float64Array>
  readonly categories: ReadonlyMap<string, readonly string[]>
  /** The day of each row, as its midnight in UTC. */
  readonly dates: readonly Date[]
  /** Faults in the file that do not affect the table. */
  readonly warnings: readonly Warning[]
}

/** The columns that a table must have, by name. One of them is the date. */
export type Columns = Readonly<Record<string, CsvKind>>

/** Which rows of a file are needed. */
export interface Needs {
  /** The number of rows at the end that are needed; all by default. The table has no other rows. */
  readonly last?: number
  /** Returns the fault of a file with too few rows, from its number of rows. */
  readonly findTooFew?: (rows: number) => Fault | undefined
}

/**
 * Reads the columns of a table.
 *
 * @throws GruError ERR_GRU_FORMAT as `readCsv`; also, in one error, if columns are missing, or if needed rows are too
 *   few, have cells of another kind, or are not each the day after the row before
 */
export async function readTable(
  path: string,
  columns: Columns,
  { last = Infinity, findTooFew }: Needs = {},
): Promise<Table> {
  const csv = await readCsv(path, columns)
  const first = Math.max(0, csv.rows - last)
  const rowFaults = [...csv.rowFaults, ...findGaps(csv, columns)]
  const tooFew = findTooFew?.(csv.rows)
  const faults = [
    ...csv.headerFaults,
    ...rowFaults.filter(({ row }) => row >= first).map(({ fault }) => fault),
    ...(tooFew === undefined ? [] : [tooFew]),
  ]
  if (faults.length > 0) throw faultsError(path, faults)
  const unneeded = rowFaults.filter(({ row }) => row < first)
  const warnings = [...csv.warnings, ...warnOfRows(unneeded, csv.lines[first])]
  return { path, warnings, ...takeRows(csv, columns, first) }
}

/** The columns from row `first` on, in which no value is missing. */
function takeRows(
  { rows, lines, columns: values }: CsvTable<Columns>,
  columns: Columns,
  first: number,
): Omit<Table, 'path' | 'warnings'> {
  const numbers = new Map<string, Float64Array>()
  const categories = new Map<string, readonly string[]>()
  let dates: readonly Date[] = []
  for (const [name, kind] of Object.entries(columns)) {
    const column = values[name]!.slice(first)
    if (kind === 'number') numbers.set(name, Float64Array.from(column as number[]))
    else if (kind === 'category') categories.set(name, column as string[])
    else dates = column as Date[]
  }
  return { rows: rows - first, lines: lines.slice(first), numbers, categories, dates }
}

/** The rows whose day is not the day after that of the row before. Each fault concerns both rows. */
function findGaps({ columns: values, lines }: CsvTable<Columns>, columns: Columns): RowFault[] {
  const dateColumns = Object.keys(columns).filter((name) => columns[name] === 'date')
  return dateColumns.flatMap((column) => {
    const dates = values[column] as readonly (Date | undefined)[]
    return dates.flatMap((date, row) => {
      const before = dates[row - 1]
      if (date === undefined || before === undefined) return []
      const [day, got] = [isoDay(dayAfter(before)), isoDay(date)]
      if (got === day) return []
      const expected = `the day after the row before, ${day}`
      return [{ row: row - 1, fault: { line: lines[row]!, column, expected, got } }]
    })
  })
}

/** One warning for each column with faults in rows that are not needed. */
function warnOfRows(faults: readonly RowFault[], firstLine: number | undefined): Warning[] {
  const byColumn = new Map<string | undefined, [Fault, ...Fault[]]>()
  for (const { fault } of faults) {
    const others = byColumn.get(fault.column)
    if (others === undefined) byColumn.set(fault.column, [fault])
    else others.push(fault)
  }
  const outcome = `the rows before line ${firstLine} are not used`
  return [...byColumn.values()].map(([first, ...others]) => {
    return { ...first, more: others.length, outcome }
  })
}

/** The numbers of a column. */
export function numbersOf(table: Table, name: string): Float64Array {
  const column = table.numbers.get(name)
  if (column !== undefined) return column
  const got = [...table.numbers.keys()].join(', ')
  throw argumentError('ERR_GRU_VALUE', table.path, `a column of numbers ${name}`, got)
}

/** The day after a day. Both are given as midnight in UTC. */
export function dayAfter(day: Date): Date {
  return new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), day.getUTCDate() + 1))
}

/** A day as `yyyy-mm-dd`. */
export function isoDay(day: Date): string {
  return day.toISOString().slice(0, 10)
}
