/**
 * Training records as tables in CSV files (RFC 4180, but with line feeds only).
 *
 * @module
 */
import { argumentError, quote } from '../errors'
import { textCell } from '../formats/csv-cells'
import { openLineFile } from './line-file'
import type { RecordPosition, WrittenEntry } from './position'
import { type CheckedEntry, COMMON_COLUMNS, type RecordWriter } from './record'

/**
 * Opens a record in CSV. Its columns are `time,kind,step,epoch` and the values of the first entry in their order. So
 * the first entry must name all values that will come; a value may be undefined. A missing value of an entry is an
 * empty cell. An existing file to which entries are added must have the same columns.
 *
 * A name that a spreadsheet could take for a formula gets an apostrophe before its sign. Numbers are in JavaScript's
 * format: 0.5, -1e-7, NaN, Infinity, -Infinity.
 */
export async function openCsv(
  path: string,
  position: RecordPosition | undefined,
): Promise<RecordWriter> {
  const format = { beginning: COMMON_COLUMNS.join(','), read: readRow }
  const { file, firstLine } = await openLineFile(path, format, position)
  let names: readonly string[] | undefined
  return {
    write: async (entry) => {
      names ??= namesOf(path, entry, firstLine)
      checkColumns(entry, names)
      await file.append(`${rowOf(entry, names)}\n`, `${headerOf(names)}\n`)
    },
    close: () => file.close(),
  }
}

function readRow(line: string, firstLine: string): WrittenEntry {
  // No cell of a row has a comma or quotes.
  const cells = line.split(',')
  return new Map(cellsOf(firstLine).map((name, column) => [name, cells[column] ?? '']))
}

/** The names of the values of the first entry. */
function namesOf(
  path: string,
  { values }: CheckedEntry,
  firstLine: string | undefined,
): readonly string[] {
  const names = [...values.keys()]
  const header = headerOf(names)
  if (firstLine === undefined || firstLine === header) return names
  throw otherColumns(path, names, firstLine)
}

/** The error for a file whose columns are not those of the first entry. */
function otherColumns(path: string, names: readonly string[], firstLine: string): Error {
  const wanted = [...COMMON_COLUMNS, ...names].map(textCell)
  const found = cellsOf(firstLine)
  const faults = [
    listOf(
      'no',
      wanted.filter((cell) => !found.includes(cell)),
    ),
    listOf(
      'also',
      found.filter((cell) => !wanted.includes(cell)),
    ),
  ].filter((fault) => fault !== undefined)
  const got = faults.length === 0 ? 'the same columns in another order' : faults.join(' and ')
  return argumentError('ERR_GRU_FORMAT', path, 'a file with the columns of the entry', got)
}

/** The cells of a line, each as it is written. */
function cellsOf(line: string): string[] {
  return line.match(CELL) ?? []
}

function listOf(words: string, cells: readonly string[]): string | undefined {
  if (cells.length === 0) return undefined
  const more = cells.length > MAX_LISTED ? ` and ${cells.length - MAX_LISTED} more` : ''
  return `${words} ${cells.slice(0, MAX_LISTED).map(quote).join(', ')}${more}`
}

function checkColumns({ values }: CheckedEntry, names: readonly string[]): void {
  for (const name of values.keys()) {
    if (names.includes(name)) continue
    const expected = `only the first entry's names ${names.map(quote).join(', ')}`
    throw argumentError('ERR_GRU_VALUE', 'entry.values', expected, quote(name))
  }
}

function headerOf(names: readonly string[]): string {
  return [...COMMON_COLUMNS, ...names].map(textCell).join(',')
}

function rowOf(
  { time, kind, step, epoch, values }: CheckedEntry,
  names: readonly string[],
): string {
  const cells = names.map((name) => values.get(name) ?? '')
  return [new Date(time).toISOString(), kind, step, epoch, ...cells].join(',')
}

const MAX_LISTED = 8
const CELL = /(?:"(?:[^"]|"")*"|[^",])+/gu
