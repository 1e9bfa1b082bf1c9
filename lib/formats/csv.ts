/**
 * Tables in CSV files: a header line with the columns' names, then one line for each row.
 *
 * @module
 */
import { argumentError, quote } from '../errors'
import { type CsvRecord, isBlank, parseCsv } from './csv-records'
import { type CsvKind, type CsvValue, READERS } from './csv-values'
import { type Fault, listNames, type Warning } from './faults'
import { readTextFile } from './text-file'

/** A fault, and the index of the first row that it concerns. */
export interface RowFault {
  readonly row: number
  readonly fault: Fault
}

/** The requested columns of a file, and all faults of the file. */
export interface CsvTable<Kinds extends Readonly<Record<string, CsvKind>>> {
  readonly rows: number
  /** The line of the file, from 1, on which each row ends. */
  readonly lines: readonly number[]
  /** One value for each row; undefined if there is a fault, which says why. */
  readonly columns: {
    readonly [Name in keyof Kinds]: readonly (CsvValue[Kinds[Name]] | undefined)[]
  }
  /** Faults of the header: a requested column is missing, or its name occurs twice. */
  readonly headerFaults: readonly Fault[]
  /** Faults of the rows that concern the requested columns. There are none if no column was found. */
  readonly rowFaults: readonly RowFault[]
  /** Faults of columns that were not requested. */
  readonly warnings: readonly Warning[]
}

/**
 * Reads columns of a CSV file. Spaces around a field are ignored. All faults of the columns are returned as data, so
 * that the caller, who knows which rows are needed, can judge them.
 *
 * @param path - the path of the file, in UTF-8
 * @param kinds - the columns to read, by name; other columns are skipped
 * @throws GruError ERR_GRU_FORMAT if the file cannot be read (with the system's error as cause), has no header, or has
 *   a quote that opens a field and is never closed; ERR_GRU_LOAD if the package csv-parse is not installed
 */
export async function readCsv<const Kinds extends Readonly<Record<string, CsvKind>>>(
  path: string,
  kinds: Kinds,
): Promise<CsvTable<Kinds>> {
  const [header, ...records] = parseCsv(await readTextFile(path), path)
  if (header === undefined) {
    throw argumentError('ERR_GRU_FORMAT', path, 'a header line', 'an empty file')
  }
  const width = header.fields.length
  const names = Object.keys(kinds)
  const columns = names.map((name) => ({
    name,
    field: header.fields.indexOf(name),
    kind: kinds[name]!,
  }))
  const read = columns.map((column) => readColumn(column, records, width))
  // If no column is found, another line is the header, and the rows cannot be checked against this one.
  const isHeader = columns.some(({ field }) => field !== -1)
  return {
    rows: records.length,
    lines: records.map(({ line }) => line),
    columns: Object.fromEntries(
      names.map((name, i) => [name, read[i]!.values]),
    ) as unknown as CsvTable<Kinds>['columns'],
    headerFaults: [
      ...swallowFaults(header),
      ...names.flatMap((name) => headerFault(name, header) ?? []),
    ],
    rowFaults: isHeader
      ? [...widthFaults(records, width), ...read.flatMap(({ faults }) => faults)]
      : [],
    warnings: [
      ...nameWarnings(header, names),
      ...widthWarnings(records, width),
      ...quoteWarnings([header, ...records], header, names),
    ],
  }
}

const QUOTE_RULE = 'quotes only around a whole field, and doubled within'

function headerFault(name: string, { fields, line, strayQuotes }: CsvRecord): Fault | undefined {
  const found = fields.flatMap((field, index) => (field === name ? [index] : []))
  if (found.length === 0) {
    return { line, expected: `a column ${quote(name)}`, got: `the columns ${listNames(fields)}` }
  }
  if (found.length > 1) {
    return { line, column: name, expected: 'one column of this name', got: String(found.length) }
  }
  return strayQuotes.includes(found[0]!)
    ? { line, column: name, expected: QUOTE_RULE, got: quote(name) }
    : undefined
}

interface Column {
  readonly name: string
  /** Its index in a record, or -1 if the header does not have it. */
  readonly field: number
  readonly kind: CsvKind
}

function readColumn(
  column: Column,
  records: readonly CsvRecord[],
  width: number,
): { readonly values: readonly unknown[]; readonly faults: readonly RowFault[] } {
  const faults: RowFault[] = []
  const values = records.map((record, row) => {
    if (column.field === -1 || !isAligned(record, width)) return undefined
    const { value, fault } = readCell(record, column)
    if (fault !== undefined) {
      faults.push({ row, fault: { line: record.line, column: column.name, ...fault } })
    }
    return value
  })
  return { values, faults }
}

function readCell(
  { fields, strayQuotes }: CsvRecord,
  { kind, field }: Column,
): { readonly value?: unknown; readonly fault?: Pick<Fault, 'expected' | 'got'> } {
  const text = fields[field]!
  const { expected, parse } = READERS[kind]
  if (text === '') return { fault: { expected, got: 'a gap' } }
  if (strayQuotes.includes(field)) return { fault: { expected: QUOTE_RULE, got: quote(text) } }
  const value = parse(text)
  return value === undefined ? { fault: { expected, got: quote(text) } } : { value }
}

/** Whether each field of a record is in the column of its name. */
function isAligned(record: CsvRecord, width: number): boolean {
  if (swallowFaults(record).length > 0) return false
  const { fields } = record
  // Spreadsheets write empty fields after the last column for columns that were cleared.
  return fields.length >= width && fields.slice(width).every((field) => field === '')
}

/** An unexpected quote may have joined all lines up to the next quote into one field: rows would be lost. */
function swallowFaults({ fields, line, strayQuotes }: CsvRecord): Fault[] {
  const field = strayQuotes.find((index) => /[\r\n]/.test(fields[index]!))
  return field === undefined ? [] : [{ line, expected: QUOTE_RULE, got: quote(fields[field]!) }]
}

function widthFaults(records: readonly CsvRecord[], width: number): RowFault[] {
  return records.flatMap((record, row) => {
    if (isAligned(record, width)) return []
    const [swallowed] = swallowFaults(record)
    if (swallowed !== undefined) return [{ row, fault: swallowed }]
    const { fields, line } = record
    const got = isBlank(record) ? 'a blank line' : String(fields.length)
    return [{ row, fault: { line, expected: countFields(width), got } }]
  })
}

function countFields(count: number): string {
  return count === 1 ? '1 field' : `${count} fields`
}

/** Warnings about names that occur twice, over columns that were not requested. */
function nameWarnings({ fields, line }: CsvRecord, used: readonly string[]): Warning[] {
  const counts = new Map<string, number>()
  for (const name of fields) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts].flatMap(([name, count]) => {
    if (count === 1 || used.includes(name)) return []
    const got = name === '' ? `${count} without a name` : `${count} of the name ${quote(name)}`
    const expected = 'columns with names of their own'
    return [{ line, expected, got, more: 0, outcome: 'they are not used' }]
  })
}

function widthWarnings(records: readonly CsvRecord[], width: number): Warning[] {
  const longer = records.filter((record) => {
    return record.fields.length > width && isAligned(record, width)
  })
  const [first] = longer
  if (first === undefined) return []
  const got = `${first.fields.length}, the last of them empty`
  const more = longer.length - 1
  return [
    { line: first.line, expected: countFields(width), got, more, outcome: 'these are passed over' },
  ]
}

function quoteWarnings(
  records: readonly CsvRecord[],
  { fields: names }: CsvRecord,
  used: readonly string[],
): Warning[] {
  const aligned = records.filter(
    (record) => record.strayQuotes.length > 0 && isAligned(record, names.length),
  )
  return names.flatMap((column, field) => {
    const stray = used.includes(column)
      ? []
      : aligned.filter(({ strayQuotes }) => strayQuotes.includes(field))
    const [first] = stray
    if (first === undefined) return []
    const { line, fields } = first
    const outcome = 'the column is not used'
    const got = quote(fields[field]!)
    return [{ line, column, expected: QUOTE_RULE, got, more: stray.length - 1, outcome }]
  })
}
