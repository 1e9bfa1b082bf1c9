/**
 * Training records as tables in CSV files (RFC 4180, with line feeds alone).
 *
 * @module
 */
import { argumentError, quote } from '../errors'
import { openLineFile } from './line-file'
import { type CheckedEntry, COMMON_COLUMNS, type RecordWriter } from './record'

/**
 * Opens a record in CSV. Its columns are `time,kind,step,epoch` and the values of the first entry in their order, so
 * the first entry names all that will come, if need be without a value; what an entry lacks is an empty cell. A file
 * that is gone on with must have the same columns.
 *
 * Names that a spreadsheet could take for a formula have an apostrophe before their sign. Numbers are what JavaScript
 * makes of them: 0.5, -1e-7, NaN, Infinity, -Infinity.
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

/** The columns of values that the first entry brings. */
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
 * Signs that begin a formula, also behind what parts cells in another country's spreadsheets, and in the wide forms of
 * East Asia's.
 */
const FORMULA = /(?:^|[,;|])\s*(?=[=+\-@\uff1d\uff0b\uff0d\uff20])/gu
const NEEDS_QUOTES = /[^\p{L}\p{N}_./ -]|^ | $/u

function textCell(text: string): string {
  const harmless = text.replaceAll(FORMULA, "$&'")
  return NEEDS_QUOTES.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}
