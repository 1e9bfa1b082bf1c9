/**
 * Tables: rows of one or more time series, from files and from programs.
 *
 * @module
 */
import { argumentError, describe } from '../errors'
import type { Warning } from '../formats/faults'
import { Pauses } from '../pauses'
import { inSlices } from '../slices'
import { checkPath } from '../validate'
import { readFileSource } from './file-source'
import { interpret } from './interpretation'
import { ObjectReader } from './object-source'
import { type CheckedOptions, checkTableOptions, type TableOptions } from './options'
import type { Repair, Series, TableColumn, TableData } from './series'
import type { Fact, Source } from './source'
import { listFacts, writeSummary } from './summary'
import type { TimeAxis } from './time-axis'

const ROWS_A_SLICE = 512

/**
 * A table of one or more series, each on the steps of one time axis.
 *
 * How a file is written, the kinds of its columns, the form of its times, their frequency and the column that names the
 * series are inferred, and can be said by {@link TableOptions}. Missing cells are empty, or NA, N/A, #N/A, NaN, null,
 * None, -, . or ?; numbers may have thousands separators, decimal commas, one percent
 * sign, currency or unit in all cells of a column, and brackets where they are negative.
 */
export class Table implements TableData {
  readonly path: string
  readonly time: TimeAxis
  readonly seriesColumn: string | undefined
  readonly columns: readonly TableColumn[]
  readonly series: readonly Series[]
  readonly repairs: readonly Repair[]
  readonly warnings: readonly Warning[]
  readonly #facts: readonly Fact[]

  private constructor(data: TableData, facts: readonly Fact[]) {
    this.path = data.path
    this.time = data.time
    this.seriesColumn = data.seriesColumn
    this.columns = data.columns
    this.series = data.series
    this.repairs = data.repairs
    this.warnings = data.warnings
    this.#facts = facts
  }

  /**
   * Reads a file: CSV, JSON lines or a JSON array of objects, in UTF-8, or in UTF-16 with a byte-order mark; or Parquet.
   *
   * @param path - the path of the file
   * @throws GruError ERR_GRU_FORMAT if the file cannot be read or has faults: the message has one line for each of the
   *   first twenty, with line, column, what is expected and what was found; ERR_GRU_LOAD if the optional package for the
   *   format is not installed: csv-parse for CSV with quotes, hyparquet for Parquet; ERR_GRU_TYPE or ERR_GRU_VALUE for
   *   an invalid option
   */
  static async read(path: string, options: TableOptions = {}): Promise<Table> {
    checkPath('path', path)
    const checked = checkTableOptions('options', options)
    const pauses = new Pauses(undefined)
    const source = await readFileSource(path, pauses, checked.delimiter)
    return Table.#make(source, checked, pauses)
  }

  /**
   * Makes a table of rows, for example those of a database's cursor.
   *
   * @param rows - objects whose keys are the columns and whose values are numbers, bigints, strings, booleans, Dates, or
   *   null or undefined for missing ones; each is read as it comes, and not kept
   * @throws GruError as {@link Table.read}; places are rows, from 1. Errors of the iterable itself pass through.
   */
  static async from(
    rows: Iterable<object> | AsyncIterable<object>,
    options: TableOptions = {},
  ): Promise<Table> {
    const checked = checkTableOptions('options', options)
    checkIterable(rows)
    const reader = new ObjectReader('row')
    const pauses = new Pauses(undefined)
    let row = 0
    // Waiting for each row of an iterable that has them ready would take most of the time.
    if (Symbol.iterator in rows) {
      for (const values of rows) {
        reader.take(values, ++row)
        if (row % ROWS_A_SLICE === 0 && pauses.isDue) await pauses.take()
      }
    } else {
      for await (const values of rows) {
        reader.take(values, ++row)
        if (row % ROWS_A_SLICE === 0 && pauses.isDue) await pauses.take()
      }
    }
    const source = reader.finish('rows', [['format', 'rows of a program']])
    return Table.#make(source, checked, pauses)
  }

  static async #make(source: Source, options: CheckedOptions, pauses: Pauses): Promise<Table> {
    const { data, facts } = await inSlices(interpret(source, options), pauses)
    return new Table(data, facts)
  }

  /** What was inferred, and what was done to the rows: terms, each with a text. */
  facts(): readonly (readonly [term: string, text: string])[] {
    return listFacts(this, this.#facts)
  }

  /** The facts, and then the repairs and warnings, as lines of text. */
  summary(): string {
    return writeSummary(this, this.facts())
  }
}

function checkIterable(rows: unknown): void {
  const isObject = typeof rows === 'object' && rows !== null
  if (isObject && (Symbol.iterator in rows || Symbol.asyncIterator in rows)) return
  const expected = 'an iterable or async iterable of objects'
  throw argumentError('ERR_GRU_TYPE', 'rows', expected, describe(rows))
}
