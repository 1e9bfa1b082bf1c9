/**
 * The cells of a CSV text: a header line with the columns' names, then one line for each row.
 *
 * @module
 */
import { argumentError, quote } from '../errors'
import { type CsvRecord, type CsvSyntax, eachCsvRecord, isBlank } from '../formats/csv-records'
import { type Fault, listNames, type Warning } from '../formats/faults'
import type { Sliced } from '../slices'
import { describeDelimiter, inferSyntax } from './dialect'
import type { Repair } from './series'
import type { Source } from './source'

const QUOTE_RULE = 'quotes only around a whole field, and doubled within'

/**
 * Reads the cells of a CSV text. Spaces around a field, blank lines and comment lines are passed over.
 *
 * @param delimiter - between fields; inferred by default
 * @throws GruError ERR_GRU_FORMAT if there is no header line, or a quote opens a field and is never closed;
 *   ERR_GRU_LOAD if the text has quotes and the package csv-parse is not installed
 */
export function* readCsvSource(text: string, path: string, delimiter?: string): Sliced<Source> {
  const syntax = inferSyntax(text, delimiter)
  yield
  const reader = new CsvReader()
  yield* eachCsvRecord(text, path, syntax, (record) => {
    reader.receive(record)
  })
  return reader.finish(path, syntax, findComments(text, syntax))
}

/** Collects the records of a text by columns. */
class CsvReader {
  #header: CsvRecord | undefined
  readonly #cells: string[][] = []
  readonly #places: number[] = []
  readonly #faults: Fault[] = []
  readonly #columnFaults = new Map<number, Fault[]>()
  readonly #otherWidths: { readonly line: number; readonly width: number }[] = []
  readonly #longer = new Tally()
  readonly #blank = new Tally()
  /** Lines without a value after the last row that has one. Those at the end of the text are none of its rows. */
  #pending: CsvRecord[] = []

  receive(record: CsvRecord): void {
    if (record.fields.every((field) => field === '')) {
      this.#pending.push(record)
      return
    }
    const pending = this.#pending
    if (pending.length > 0) {
      this.#pending = []
      for (const before of pending) this.#take(before)
    }
    this.#take(record)
  }

  #take(record: CsvRecord): void {
    if (isBlank(record)) this.#blank.count(record.line)
    else if (this.#header === undefined) this.#takeHeader(record)
    else this.#takeRow(record, this.#header.fields.length)
  }

  #takeHeader(record: CsvRecord): void {
    this.#header = record
    for (const name of record.fields.keys()) this.#cells[name] = []
    this.#findStrayQuotes(record)
  }

  #takeRow(record: CsvRecord, width: number): void {
    const { fields, line } = record
    const isAligned = !this.#findStrayQuotes(record) && this.#hasWidth(record, width)
    this.#places.push(line)
    // A row whose fields may belong to other columns keeps its place. Its fault stops the reading.
    for (let i = 0; i < width; i++) this.#cells[i]!.push(isAligned ? fields[i]! : '')
  }

  #hasWidth({ fields, line }: CsvRecord, width: number): boolean {
    if (fields.length === width) return true
    // Spreadsheets write empty fields after the last column for columns that were cleared.
    if (fields.length > width && fields.slice(width).every((field) => field === '')) {
      this.#longer.count(line)
      return true
    }
    this.#otherWidths.push({ line, width: fields.length })
    return false
  }

  /** The faults of rows with another number of fields than the header, which may be no header. */
  #widthFaults({ fields, line }: CsvRecord): Fault[] {
    const [first] = this.#otherWidths
    const others = this.#otherWidths.length
    const isTitle =
      first !== undefined &&
      others > 0.9 * this.#places.length &&
      this.#otherWidths.every(({ width }) => width === first.width)
    if (isTitle && others > 1) {
      const expected = `a header line with ${countFields(first.width)}, as the rows have (remove the lines before it, or say the option delimiter)`
      return [{ line, expected, got: listNames(fields) }]
    }
    return this.#otherWidths.map(({ line: place, width }) => {
      // Nothing else tells whether the last line is a footer, or the file was cut.
      const isLast = others === 1 && this.#places.length > 1 && place === this.#places.at(-1)
      const remedy = isLast ? ' (or remove the line if it is a footer)' : ''
      return { line: place, expected: countFields(fields.length) + remedy, got: String(width) }
    })
  }

  /** Notes the fields with unexpected quotes, and returns whether one may have swallowed the lines up to the next quote. */
  #findStrayQuotes({ fields, line, strayQuotes }: CsvRecord): boolean {
    for (const field of strayQuotes) {
      const fault = { line, expected: QUOTE_RULE, got: quote(fields[field]!) }
      if (/[\r\n]/.test(fields[field]!)) {
        this.#faults.push(fault)
        return true
      }
      const others = this.#columnFaults.get(field)
      if (others === undefined) this.#columnFaults.set(field, [fault])
      else others.push(fault)
    }
    return false
  }

  finish(path: string, syntax: CsvSyntax, comments: readonly Repair[]): Source {
    if (this.#header === undefined) {
      throw argumentError('ERR_GRU_FORMAT', path, 'a header line', 'an empty file')
    }
    const names = this.#header.fields
    const header = [
      ...headerFaults(this.#header, comments.length > 0),
      ...delimiterFaults(this.#header, this.#cells[0]!, syntax.delimiter),
    ]
    return {
      path,
      names,
      cells: this.#cells,
      places: Int32Array.from(this.#places),
      unit: 'line',
      facts: [['delimiter', describeDelimiter(syntax.delimiter)]],
      faults: [...header, ...this.#widthFaults(this.#header), ...this.#faults],
      columnFaults: this.#columnFaults,
      repairs: [...this.#blank.asRepair('blank lines'), ...comments],
      warnings: this.#widthWarnings(names.length),
    }
  }

  #widthWarnings(width: number): Warning[] {
    const { total, first } = this.#longer
    if (total === 0) return []
    const got = 'more, the last of them empty'
    const outcome = 'these are passed over'
    return [{ line: first, expected: countFields(width), got, more: total - 1, outcome }]
  }
}

/** Counts lines, and keeps the first. */
class Tally {
  total = 0
  first = 0

  count(line: number): void {
    if (this.total === 0) this.first = line
    this.total++
  }

  asRepair(found: string): Repair[] {
    if (this.total === 0) return []
    return [{ found, count: this.total, done: 'passed over', first: `line ${this.first}` }]
  }
}

function countFields(count: number): string {
  return count === 1 ? '1 field' : `${count} fields`
}

const NO_NAME = /^[-+\d.,:/%TZ ]*$/

/** A line of numbers and times alone is a row, and no header. */
function headerFaults({ fields, line }: CsvRecord, hasComments: boolean): Fault[] {
  if (!fields.every((field) => NO_NAME.test(field))) return []
  const names = 'a header line with the names of the columns'
  const expected = hasComments ? `${names} (a line that begins with # is a comment)` : names
  return [{ line, expected, got: listNames(fields) }]
}

/** Characters that could be delimiters and are not inferred, since they are also in names and times. */
const RARE_DELIMITERS = [' ', ':', '~', '^', ';', '|', '\t']

/** A header and rows that are all one field, and are split alike by a character, have another delimiter. */
function delimiterFaults(
  { fields, line }: CsvRecord,
  cells: readonly string[],
  used: string,
): Fault[] {
  const [name] = fields
  if (fields.length > 1 || cells.length === 0) return []
  const countIn = (text: string, delimiter: string): number => text.split(delimiter).length
  const delimiter = RARE_DELIMITERS.find((each) => {
    const count = countIn(name!, each)
    return each !== used && count > 1 && cells.every((cell) => countIn(cell, each) === count)
  })
  if (delimiter === undefined) return []
  const expected = `more than one column, or the option delimiter ${quote(delimiter)}`
  return [{ line, expected, got: quote(name!) }]
}

function findComments(text: string, { comments }: CsvSyntax): Repair[] {
  const tally = new Tally()
  if (!comments) return []
  for (const [index, line] of text.split(/\r\n?|\n/).entries()) {
    if (line.startsWith('#')) tally.count(index + 1)
  }
  return tally.asRepair('comment lines')
}
