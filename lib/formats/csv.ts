/**
 * Tables in CSV files: a header line with the columns' names, then a line for each row.
 *
 * @module
 */
import { isUtf8 } from 'node:buffer'
import { readFile } from 'node:fs/promises'
import { argumentError, GruError, quote } from '../errors'
import { checkPath } from '../validate'

/** What a column's kind makes of its values. */
export interface CsvColumn {
  /** Finite decimal numbers. */
  number: Float64Array
  /** Text that is not empty. */
  category: string[]
  /** Days, `yyyy-mm-dd` or `yyyy/mm/dd`, as their midnight in UTC. */
  date: Date[]
}

/** How the values of a column are read. */
export type CsvKind = keyof CsvColumn

/** The columns that were asked for, each with one value a row. */
export interface CsvTable<Kinds extends Readonly<Record<string, CsvKind>>> {
  readonly rows: number
  /** The line of the file, from 1, on which each row ends. */
  readonly lines: readonly number[]
  readonly columns: { readonly [Name in keyof Kinds]: CsvColumn[Kinds[Name]] }
}

/** A line of the file: its fields, and where it ends. */
interface Row {
  readonly fields: readonly string[]
  readonly line: number
}

/**
 * Reads columns of a CSV file through the package csv-parse. Spaces around a field do not count.
 *
 * @param path - the path of the file, in UTF-8
 * @param kinds - the columns to read, by name; others are passed over
 * @throws GruError ERR_GRU_FORMAT where the file cannot be read (with the system's error as cause),
 *   lacks a column, has rows of another length than its header, or a column has gaps or values of
 *   another kind; the message names the file, the line and the column. ERR_GRU_LOAD where csv-parse
 *   is not installed.
 */
export async function readCsv<const Kinds extends Readonly<Record<string, CsvKind>>>(
  path: string,
  kinds: Kinds,
): Promise<CsvTable<Kinds>> {
  checkPath('path', path)
  const [header, ...rows] = parseRows(await readText(path), path)
  if (header === undefined) {
    throw argumentError('ERR_GRU_FORMAT', path, 'a header line', 'an empty file')
  }
  checkHeader(header, path)
  const wanted = Object.entries(kinds).map(([name, kind]) => {
    return { name, kind, field: fieldOf(name, header, path) }
  })
  if (rows.length === 0) {
    throw argumentError('ERR_GRU_FORMAT', path, 'rows after the header', 'none')
  }
  for (const row of rows) checkRow(row, header.fields.length, path)
  const columns = wanted.map(({ name, kind, field }) => {
    return [name, READERS[kind]({ path, name, rows, field })] as const
  })
  return {
    rows: rows.length,
    lines: rows.map(({ line }) => line),
    columns: Object.fromEntries(columns) as unknown as CsvTable<Kinds>['columns'],
  }
}

async function readText(path: string): Promise<string> {
  let bytes: Buffer
  try {
    bytes = await readFile(path)
  } catch (cause) {
    const got = (cause as Error).message
    throw argumentError('ERR_GRU_FORMAT', path, 'a file that can be read', got, { cause })
  }
  if (isUtf8(bytes)) return bytes.toString()
  throw argumentError('ERR_GRU_FORMAT', path, 'text in UTF-8', 'other bytes')
}

interface ParsedRecord {
  readonly record: readonly string[]
  readonly info: { readonly lines: number }
}

function parseRows(text: string, path: string): readonly Row[] {
  const { parse } = loadParser()
  let records: readonly ParsedRecord[]
  try {
    // Rows of another length come through, so that they are refused in this package's words.
    const options = { bom: true, info: true, relax_column_count: true, trim: true } as const
    records = parse(text, options) as unknown as readonly ParsedRecord[]
  } catch (cause) {
    const got = (cause as Error).message
    throw argumentError('ERR_GRU_FORMAT', path, 'well-formed CSV', got, { cause })
  }
  return withoutBlankEnd(records.map(({ record, info }) => ({ fields: record, line: info.lines })))
}

function withoutBlankEnd(rows: readonly Row[]): readonly Row[] {
  let end = rows.length
  while (end > 0 && isBlank(rows[end - 1])) end--
  return rows.slice(0, end)
}

function isBlank(row: Row | undefined): boolean {
  return row?.fields.length === 1 && row.fields[0] === ''
}

function loadParser(): typeof import('csv-parse/sync') {
  try {
    // Loaded when a file is read, since only the command needs it: an optional peer dependency.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    return require('csv-parse/sync') as typeof import('csv-parse/sync')
  } catch (cause) {
    const message = 'reading CSV needs the package csv-parse: npm install csv-parse'
    throw new GruError('ERR_GRU_LOAD', message, { cause })
  }
}

function checkHeader({ fields, line }: Row, path: string): void {
  const duplicate = fields.find((name, index) => fields.indexOf(name) !== index)
  if (duplicate === undefined) return
  const got = `${quote(duplicate)} twice`
  throw argumentError('ERR_GRU_FORMAT', `${path}, line ${line}`, 'each column once', got)
}

function checkRow({ fields, line }: Row, width: number, path: string): void {
  if (fields.length === width) return
  const got = String(fields.length)
  throw argumentError('ERR_GRU_FORMAT', `${path}, line ${line}`, `${width} fields`, got)
}

function fieldOf(name: string, header: Row, path: string): number {
  const field = header.fields.indexOf(name)
  if (field !== -1) return field
  const got = header.fields.map(quote).join(', ')
  throw argumentError('ERR_GRU_FORMAT', path, `a column ${quote(name)}`, `the columns ${got}`)
}

/** One column of a file, still text. */
interface Cells {
  readonly path: string
  readonly name: string
  readonly rows: readonly Row[]
  readonly field: number
}

const READERS: { readonly [Kind in CsvKind]: (cells: Cells) => CsvColumn[Kind] } = {
  number: (cells) => Float64Array.from(read(cells, 'a number', parseNumber)),
  category: (cells) => read(cells, 'a category', (text) => text),
  date: (cells) => read(cells, 'a date as yyyy-mm-dd or yyyy/mm/dd', parseDate),
}

function read<T>(
  { path, name, rows, field }: Cells,
  expected: string,
  parse: (text: string) => T | undefined,
): T[] {
  return rows.map(({ fields, line }) => {
    const text = fields[field] ?? ''
    const value = text === '' ? undefined : parse(text)
    if (value !== undefined) return value
    const place = `${path}, line ${line}, column ${quote(name)}`
    throw argumentError('ERR_GRU_FORMAT', place, expected, text === '' ? 'a gap' : quote(text))
  })
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
  // A day that its month does not have is carried over into the next one.
  return !Number.isNaN(date.valueOf()) && date.toISOString().startsWith(iso) ? date : undefined
}

const MILLISECONDS_PER_DAY = 86_400_000

/**
 * The day of the year of a date in UTC, from 1 on the first of January to 365, or 366 in leap
 * years.
 */
export function dayOfYear(date: Date): number {
  const newYear = Date.UTC(date.getUTCFullYear(), 0, 1)
  return 1 + Math.floor((date.valueOf() - newYear) / MILLISECONDS_PER_DAY)
}
