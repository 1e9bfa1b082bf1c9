/**
 * The records of CSV text, by the package csv-parse.
 *
 * @module
 */
import type { InfoField, Options } from 'csv-parse/sync'
import { argumentError, GruError } from '../errors'

/** A record of a CSV file, its fields still text. */
export interface CsvRecord {
  readonly fields: readonly string[]
  /** The line of the file, from 1, on which it ends. */
  readonly line: number
  /**
   * Fields, by index, with a quote in them that neither encloses the whole field nor stands doubled
   * in one that is enclosed: what the field says is not sure.
   */
  readonly strayQuotes: readonly number[]
}

/**
 * Parses CSV text. Spaces around a field do not count, nor do blank lines at the end.
 *
 * @param path - names the text in messages
 * @throws GruError ERR_GRU_FORMAT where no quote closes a field that one opens; ERR_GRU_LOAD where
 *   csv-parse is not installed
 */
export function parseCsv(text: string, path: string): readonly CsvRecord[] {
  const { parse } = loadParser()
  // Records of another length come through, for the reader to judge.
  const options = { info: true, relax_column_count: true } as const
  const run = (more: Options): readonly Parsed[] =>
    parse(text, { ...options, ...more }) as unknown as readonly Parsed[]
  try {
    return recordsOf(run({ trim: true }), [])
  } catch {
    // Some quote is not as CSV has it. Once more, and each such field is marked and not refused.
    const marks: Mark[] = []
    const cast = (field: string, context: InfoField): string => {
      const cell = context.quoting ? field : field.trimEnd()
      if (isStray(cell, context)) marks.push({ record: context.records, field: context.index })
      return cell
    }
    try {
      return recordsOf(run({ ltrim: true, relax_quotes: true, cast }), marks)
    } catch (cause) {
      throw syntaxError(text, path, cause as Error)
    }
  }
}

interface Parsed {
  readonly record: readonly string[]
  readonly info: { readonly lines: number }
}

interface Mark {
  readonly record: number
  readonly field: number
}

/**
 * Of a field that begins with a quote and has more after the one that closes it, the parser leaves
 * both quotes in the text. A doubled one at the beginning looks the same, so it is marked as well.
 */
function isStray(cell: string, { quoting }: InfoField): boolean {
  return quoting ? cell.startsWith('"') : cell.includes('"')
}

function recordsOf(parsed: readonly Parsed[], marks: readonly Mark[]): readonly CsvRecord[] {
  const strayQuotes = new Map<number, number[]>()
  for (const { record, field } of marks) {
    const fields = strayQuotes.get(record)
    if (fields === undefined) strayQuotes.set(record, [field])
    else fields.push(field)
  }
  const records = parsed.map(({ record, info }, index) => {
    return { fields: record, line: info.lines, strayQuotes: strayQuotes.get(index) ?? [] }
  })
  return withoutBlankEnd(records)
}

function withoutBlankEnd(records: readonly CsvRecord[]): readonly CsvRecord[] {
  let end = records.length
  while (end > 0 && isBlank(records[end - 1]!)) end--
  return records.slice(0, end)
}

/** Whether a record is a blank line. */
export function isBlank({ fields }: CsvRecord): boolean {
  return fields.length === 1 && fields[0] === ''
}

function syntaxError(text: string, path: string, cause: Error): GruError {
  const { code, bytes } = cause as Error & { readonly code?: unknown; readonly bytes?: unknown }
  if (code !== 'CSV_QUOTE_NOT_CLOSED' || typeof bytes !== 'number') {
    return argumentError('ERR_GRU_FORMAT', path, 'well-formed CSV', cause.message, { cause })
  }
  // The parser names the last line; the field begins after the bytes that it has finished.
  const before = Buffer.from(text).toString('utf8', 0, bytes)
  const place = `${path}, line ${before.split(/\r\n?|\n/).length}`
  const expected = 'a quote that closes each field that one opens'
  return argumentError('ERR_GRU_FORMAT', place, expected, 'none up to the end of the file', {
    cause,
  })
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
