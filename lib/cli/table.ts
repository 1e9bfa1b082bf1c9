/**
 * The table of a job: one row a day, without a day missing.
 *
 * @module
 */
import { argumentError, quote } from '../errors'
import { readCsv, type CsvKind } from '../formats/csv'

/** A table by kinds of columns. */
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
}

/** What a table must hold: its columns by name, one of them the date. */
export type Columns = Readonly<Record<string, CsvKind>>

/**
 * Reads the columns of a table.
 *
 * @throws GruError ERR_GRU_FORMAT as `readCsv`, and where a row is not the day after the row before
 */
export async function readTable(path: string, columns: Columns): Promise<Table> {
  const { rows, lines, columns: values } = await readCsv(path, columns)
  const numbers = new Map<string, Float64Array>()
  const categories = new Map<string, readonly string[]>()
  let dates: readonly Date[] = []
  for (const [name, kind] of Object.entries(columns)) {
    if (kind === 'number') numbers.set(name, values[name] as Float64Array)
    else if (kind === 'category') categories.set(name, values[name] as string[])
    else {
      dates = values[name] as Date[]
      checkDaily(dates, (row) => cellPlace({ path, lines }, row, name))
    }
  }
  return { path, rows, lines, numbers, categories, dates }
}

function checkDaily(dates: readonly Date[], placeOf: (row: number) => string): void {
  for (let row = 1; row < dates.length; row++) {
    const expected = isoDay(dayAfter(dates[row - 1]!))
    const got = isoDay(dates[row]!)
    if (got !== expected) {
      const meaning = `the day after the row before, ${expected}`
      throw argumentError('ERR_GRU_FORMAT', placeOf(row), meaning, got)
    }
  }
}

/** Where a cell stands in its file, for messages. */
export function cellPlace(
  { path, lines }: Pick<Table, 'path' | 'lines'>,
  row: number,
  column: string,
): string {
  return `${path}, line ${lines[row]}, column ${quote(column)}`
}

/** The numbers of a column. */
export function numbersOf(table: Table, name: string): Float64Array {
  const column = table.numbers.get(name)
  if (column !== undefined) return column
  const got = [...table.numbers.keys()].join(', ')
  throw argumentError('ERR_GRU_VALUE', table.path, `a column of numbers ${name}`, got)
}

/** The day after a day, both as their midnight in UTC. */
export function dayAfter(day: Date): Date {
  return new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), day.getUTCDate() + 1))
}

/** A day as `yyyy-mm-dd`. */
export function isoDay(day: Date): string {
  return day.toISOString().slice(0, 10)
}
