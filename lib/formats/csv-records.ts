/**
 * Splits CSV text into records, with the package csv-parse.
 *
 * @module
 */
import type { InfoField, Options } from 'csv-parse/sync'
import { argumentError, GruError } from '../errors'
import type { Sliced } from '../slices'

/** A record of a CSV file. Its fields are text. */
export interface CsvRecord {
  readonly fields: readonly string[]
  /** The line of the file, from 1, on which it ends. */
  readonly line: number
  /**
   * Indices of the fields that have an unexpected quote: it neither encloses the whole field nor is
   * doubled in an enclosed field. The content of such a field is uncertain.
   */
  readonly strayQuotes: readonly number[]
}

/** How a CSV text is written. */
export interface CsvSyntax {
  /** The character between fields. */
  readonly delimiter: string
  /** Whether lines that begin with '#' are passed over. */
  readonly comments: boolean
  /** The line, from 1, with which the records begin. */
  readonly fromLine: number
}

/**
 * Gives each record of a CSV text to `receive`, blank lines too. Spaces around a field are ignored.
 *
 * @param path - the name of the text in messages
 * @throws GruError ERR_GRU_FORMAT if a field's opening quote is never closed; ERR_GRU_LOAD if the text has quotes and
 *   csv-parse is not installed
 */
export function* eachCsvRecord(
  text: string,
  path: string,
  syntax: CsvSyntax,
  receive: (record: CsvRecord) => void,
): Sliced<void> {
  // The parser takes ten times as long as the splitting of lines, which is all that a text without quotes needs.
  if (text.includes('"')) yield* eachQuotedRecord(text, path, syntax, receive)
  else yield* eachPlainRecord(text, syntax, receive)
}

const LINE_END = /\r\n?|\n/g
const NO_QUOTES: readonly number[] = []

/** The lines of a slice. */
const SLICE = 1024

function* eachPlainRecord(
  text: string,
  { delimiter, comments, fromLine }: CsvSyntax,
  receive: (record: CsvRecord) => void,
): Sliced<void> {
  const ends = new RegExp(LINE_END)
  let line = 1
  for (let begin = 0; begin < text.length; line++) {
    const end = ends.exec(text)
    const content = text.slice(begin, end?.index)
    begin = end === null ? text.length : ends.lastIndex
    if (line % SLICE === 0) yield
    if (line < fromLine || (comments && content.startsWith('#'))) continue
    const fields = content.split(delimiter)
    for (let i = 0; i < fields.length; i++) fields[i] = fields[i]!.trim()
    receive({ fields, line, strayQuotes: NO_QUOTES })
  }
}

function* eachQuotedRecord(
  text: string,
  path: string,
  syntax: CsvSyntax,
  receive: (record: CsvRecord) => void,
): Sliced<void> {
  const { parse } = loadParser()
  const { delimiter, comments, fromLine } = syntax
  const options: Options = {
    delimiter,
    from_line: fromLine,
    // Those that the parser would find by itself are those of the first line alone.
    record_delimiter: ['\r\n', '\n', '\r'],
    // Records of another length are accepted. The caller checks them.
    relax_column_count: true,
    ...(comments ? { comment: '#', comment_no_infix: true } : {}),
  }
  const records: string[][] = []
  try {
    for (const part of partsAtLineEnds(text)) {
      const isFirst = part.begin === 0
      const content = text.slice(part.begin, part.end)
      for (const record of parse(content, {
        ...options,
        trim: true,
        ...(isFirst ? {} : { from_line: 1 }),
      })) {
        records.push(record)
      }
      yield
    }
  } catch {
    // Some quote does not follow the rules of CSV. The text is parsed again, and such fields are
    // marked instead of refused.
    eachMarkedRecord(text, path, options, receive)
    return
  }
  const lineOf = lineCounter(text, syntax)
  for (const [index, fields] of records.entries()) {
    if (index % SLICE === 0) yield
    receive({ fields, line: lineOf(fields), strayQuotes: NO_QUOTES })
  }
}

/** The characters of a part that is parsed at once, if its last record ends there. */
const PART = 65_536

/**
 * The parts of a text with quotes, each of whole records if every quote opens or closes a field: then the number of
 * quotes before the end of a record is even.
 */
function* partsAtLineEnds(
  text: string,
): Generator<{ readonly begin: number; readonly end: number }> {
  let begin = 0
  while (begin < text.length) {
    let [end, quotes] = [begin, 0]
    do {
      const from = end
      const next = text.indexOf('\n', Math.max(from, begin + PART))
      end = next === -1 ? text.length : next + 1
      for (let at = text.indexOf('"', from); at !== -1 && at < end; at = text.indexOf('"', at + 1))
        quotes++
    } while (quotes % 2 === 1 && end < text.length)
    yield { begin, end }
    begin = end
  }
}

/**
 * The last line of each record, when called for one after the other. The parser knows it too, but takes three times as
 * long when it is asked for it.
 */
function lineCounter(
  text: string,
  { comments, fromLine }: CsvSyntax,
): (fields: readonly string[]) => number {
  const commentLines = comments ? linesBeginningWith('#', text) : new Set<number>()
  let line = fromLine - 1
  return (fields) => {
    line++
    while (commentLines.has(line)) line++
    for (const field of fields) line += field.match(LINE_END)?.length ?? 0
    return line
  }
}

function linesBeginningWith(mark: string, text: string): Set<number> {
  const lines = text.split(LINE_END)
  return new Set(lines.flatMap((line, index) => (line.startsWith(mark) ? [index + 1] : [])))
}

function eachMarkedRecord(
  text: string,
  path: string,
  options: Options,
  receive: (record: CsvRecord) => void,
): void {
  const marks: Mark[] = []
  const cast = (field: string, context: InfoField): string => {
    const cell = context.quoting ? field : field.trimEnd()
    if (isStray(cell, context)) marks.push({ record: context.records, field: context.index })
    return cell
  }
  const more = { info: true, ltrim: true, relax_quotes: true, cast } as const
  let parsed: readonly Parsed[]
  try {
    parsed = loadParser().parse(text, { ...options, ...more }) as unknown as readonly Parsed[]
  } catch (cause) {
    throw syntaxError(text, path, cause as Error)
  }
  const strayQuotes = fieldsByRecord(marks)
  for (const [index, { record, info }] of parsed.entries()) {
    receive({ fields: record, line: info.lines, strayQuotes: strayQuotes.get(index) ?? NO_QUOTES })
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
 * If a field begins with a quote and has more text after the closing quote, the parser leaves both
 * quotes in the text. A doubled quote at the beginning looks the same, so such a field is marked as
 * well.
 */
function isStray(cell: string, { quoting }: InfoField): boolean {
  return quoting ? cell.startsWith('"') : cell.includes('"')
}

function fieldsByRecord(marks: readonly Mark[]): ReadonlyMap<number, readonly number[]> {
  const fieldsOf = new Map<number, number[]>()
  for (const { record, field } of marks) {
    const fields = fieldsOf.get(record)
    if (fields === undefined) fieldsOf.set(record, [field])
    else fields.push(field)
  }
  return fieldsOf
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
  // The parser names only the last line. The field begins after the bytes that the parser has
  // finished.
  const before = Buffer.from(text).toString('utf8', 0, bytes)
  const place = `${path}, line ${before.split(/\r\n?|\n/).length}`
  const expected = 'a quote that closes each field that one opens'
  return argumentError('ERR_GRU_FORMAT', place, expected, 'none up to the end of the file', {
    cause,
  })
}

function loadParser(): typeof import('csv-parse/sync') {
  try {
    // An optional peer dependency: loaded when a file is read, since only the command needs it.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    return require('csv-parse/sync') as typeof import('csv-parse/sync')
  } catch (cause) {
    const message = 'reading CSV needs the package csv-parse: npm install csv-parse'
    throw new GruError('ERR_GRU_LOAD', message, { cause })
  }
}
