/**
 * Training records as tables in CSV files (RFC 4180, but with line feeds only).
 *
 * @module
 */
import { argumentError, quote } from '../errors'
import { openLineFile } from './line-file'
import { type CheckedEntry, COMMON_COLUMNS, type RecordWriter } from './record'

/**
 * Opens a record in CSV. Its columns are `time,kind,step,epoch` and the values of the first entry in their order. So
 * the first entry must name all values that will come; a value may be undefined. A missing value of an entry is an
 * empty cell. An existing file to which entries are added must have the same columns.
 *
 * A name that a spreadsheet could take for a formula gets an apostrophe before its sign. Numbers are in JavaScript's
 * format: 0.5, -1e-7, NaN, Infinity, -Infinity.
 */
export async function openCsv(path: string): Promise<RecordWriter> {
  const { file, firstLine } = await openLineFile(path, COMMON_COLUMNS.join(','))
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

/** The names of the values of the first entry. */
function namesOf(
  path: string,
  { values }: CheckedEntry,
  firstLine: string | undefined,
): readonly string[] {
  const names = [...values.keys()]
  const header = headerOf(names)
  if (firstLine === undefined || firstLine === header) return names
  throw argumentError('ERR_GRU_FORMAT', path, `the columns ${quote(header)}`, quote(firstLine))
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

/**
 * Signs that begin a formula: also after a character that separates cells in spreadsheets of other countries, and in
 * the wide forms of East Asian scripts.
 */
const FORMULA = /(?:^|[,;|])\s*(?=[=+\-@\uff1d\uff0b\uff0d\uff20])/gu
const NEEDS_QUOTES = /[^\p{L}\p{N}_./ -]|^ | $/u

function textCell(text: string): string {
  const harmless = text.replaceAll(FORMULA, "$&'")
  return NEEDS_QUOTES.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}
