/**
 * Tables: rows of one or more time series, from files and from programs.
 *
 * @module
 */
import { argumentError, describe } from '../errors'
import { type Fault, faultsError, type Warning } from '../formats/faults'
import { checkPath } from '../validate'
import { assemble, rowsOfSeries } from './assembly'
import { readColumns, type ReadColumn, type ReadColumns } from './columns'
import { type DetectedTimes, detectTimes } from './dates'
import { readFileSource } from './file-source'
import { completeFrequency, inferFrequency } from './frequency'
import { ObjectReader } from './object-source'
import { type CheckedOptions, checkTableOptions, type TableOptions } from './options'
import type { Repair, Series, TableColumn, TableData } from './series'
import { inferSeries, namedSeries, type SeriesRows, singleSeries } from './series-column'
import { describePlace, type Fact, type Source } from './source'
import { listFacts, writeSummary } from './summary'
import type { Frequency, TimeAxis } from './time-axis'
import {
  findTimeColumn,
  isRowMissing,
  type TimeColumn,
  timeFaults,
  timeOptionsOf,
} from './time-column'

/**
 * A table of one or more series, each on the steps of one time axis.
 *
 * How a file is written, the kinds of its columns, the form of its times, their frequency and the column that names the
 * series are inferred, and can be said by {@link TableOptions}. Missing cells are empty, or NA, N/A, #N/A, NaN, null,
 * None, -, . or ?; numbers may have thousands separators, decimal commas and percent signs.
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
    return Table.#make(await readFileSource(path, checked.delimiter), checked)
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
    let row = 0
    for await (const values of rows) reader.take(values, ++row)
    return Table.#make(reader.finish('rows', [['format', 'rows of a program']]), checked)
  }

  static #make(source: Source, options: CheckedOptions): Table {
    const { data, facts } = makeTable(source, options)
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

/** A table's data and the facts of its source. */
interface Made {
  readonly data: TableData
  readonly facts: readonly Fact[]
}

function makeTable(source: Source, options: CheckedOptions): Made {
  if (source.faults.length > 0) throw faultsError(source.path, source.faults)
  if (source.places.length === 0) {
    throw argumentError('ERR_GRU_FORMAT', source.path, 'rows', 'none')
  }
  const { column: time, faults: noTime } = findTimeColumn(source, options)
  const named = options.series === undefined ? undefined : namedSeries(source, options.series)
  const elsewhere = [time?.index, named?.series.index].filter((index) => index !== undefined)
  const read = readColumns(source, options, new Set(elsewhere))
  const instants = time?.times.instants
  const split =
    named?.series ??
    (instants && inferSeries(source, instants, read.columns)) ??
    singleSeries(source)
  const used = judgeColumns(read, split, options)
  const faults = [
    ...noTime,
    ...(time === undefined ? [] : timeFaults(source, time)),
    ...(named?.faults ?? []),
    ...used.faults,
  ]
  const settled = settleTimes(source, options, time, split)
  const axis = { ...settled.axis, frequency: frequencyOf(settled, split, options) }
  const { instants: times } = settled
  const parts = {
    source,
    axis,
    timeIndex: time?.index,
    instants: times,
    split,
    columns: used.columns,
  }
  const assembled = time?.times.ambiguity === undefined ? assemble(parts) : undefined
  const all = [...faults, ...(assembled?.faults ?? [])]
  if (all.length > 0 || assembled === undefined) throw faultsError(source.path, all)
  const repairs = [...source.repairs, ...emptyRows(source, times, time), ...assembled.repairs]
  if (options.strict && repairs.length > 0) throw strictError(source.path, repairs)
  const form: Fact[] = time === undefined ? [] : [['form of times', time.times.form]]
  return {
    data: {
      path: source.path,
      time: axis,
      seriesColumn: split.index === undefined ? undefined : source.names[split.index],
      columns: used.columns.map(({ name, kind }) => ({ name, kind })),
      series: assembled.series,
      repairs,
      warnings: [...source.warnings, ...used.warnings],
    },
    facts: [...source.facts, ...form, ...numberFacts(used.columns)],
  }
}

/** The columns that are used; the others, each with a warning; and the faults of those that must be used. */
function judgeColumns(
  { columns, faults, warnings }: ReadColumns,
  { index }: SeriesRows,
  { required }: CheckedOptions,
): ReadColumns {
  const values = columns.filter((column) => column.index !== index)
  const sound = values.filter((column) => column.faults.length === 0)
  const faulty = values.filter((column) => column.faults.length > 0)
  // Nothing could be done with a table without columns: then the faults are what the caller must know.
  const mustBeSound = faulty.filter(({ name }) => sound.length === 0 || required.has(name))
  const leftOut = faulty.filter((column) => !mustBeSound.includes(column))
  const all = [...faults, ...mustBeSound.flatMap((column) => column.faults)]
  if (sound.length === 0 && all.length === 0) {
    all.push({ expected: 'a column beside time and series', got: 'none that can be used' })
  }
  return {
    columns: sound,
    faults: all,
    warnings: [
      ...warnings,
      ...leftOut.map(({ faults: [first, ...others] }): Warning => {
        return { ...(first as Fault), more: others.length, outcome: 'the column is left out' }
      }),
    ],
  }
}

/** The times of the rows, and the axis without its frequency. */
interface SettledTimes {
  readonly axis: Omit<TimeAxis, 'frequency'>
  readonly instants: Float64Array
}

function settleTimes(
  source: Source,
  options: CheckedOptions,
  time: TimeColumn | undefined,
  split: SeriesRows,
): SettledTimes {
  if (time === undefined) {
    const axis = { column: undefined, kind: 'integer', timeZone: 'UTC' } as const
    return { axis, instants: rowNumbers(split) }
  }
  const { kind, timeZone, instants } = withGroups(source, options, time, split)
  return { axis: { column: source.names[time.index]!, kind, timeZone }, instants }
}

/** The number of each row within its series, from 0. */
function rowNumbers({ names, seriesOf }: SeriesRows): Float64Array {
  const next = new Float64Array(names.length)
  return Float64Array.from(seriesOf, (code) => (code === -1 ? NaN : next[code]!++))
}

/** An hour that a change of clocks repeats is told apart by the order of the rows of each series. */
function withGroups(
  source: Source,
  options: CheckedOptions,
  { index, times }: TimeColumn,
  split: SeriesRows,
): DetectedTimes {
  if (split.index === undefined || options.timeZone === undefined) return times
  const groups = source.cells[split.index]!
  return detectTimes(source.cells[index]!, { ...timeOptionsOf(options), groups }) ?? times
}

function frequencyOf(
  { axis, instants }: SettledTimes,
  split: SeriesRows,
  { frequency }: CheckedOptions,
): Frequency {
  const sorted = rowsOfSeries(split, instants).map((rows) => {
    const times = Float64Array.from(rows, (row) => instants[row]!).sort()
    return times.filter((time, i) => i === 0 || time !== times[i - 1])
  })
  if (axis.column === undefined) return { kind: 'regular', unit: 'step', count: 1 }
  if (frequency === undefined) return inferFrequency(sorted, axis.kind, axis.timeZone)
  return completeFrequency(frequency, sorted, axis.timeZone)
}

function emptyRows(source: Source, instants: Float64Array, time: TimeColumn | undefined): Repair[] {
  if (time === undefined) return []
  const rows = [...instants.keys()].filter((row) => {
    return Number.isNaN(instants[row]!) && isRowMissing(source, row)
  })
  const [first] = rows
  if (first === undefined) return []
  const found = 'rows without a value'
  return [{ found, count: rows.length, done: 'passed over', first: describePlace(source, first) }]
}

function strictError(path: string, repairs: readonly Repair[]): Error {
  const faults = repairs.map(({ found, count, first }): Fault => {
    return {
      expected: 'a table without repairs, as strict says',
      got: `${found}: ${count}, the first at ${first}`,
    }
  })
  return faultsError(path, faults)
}

function numberFacts(columns: readonly ReadColumn[]): Fact[] {
  const numbers = columns.filter((column) => column.kind === 'number')
  const percent = numbers.filter(({ style }) => style.percent)
  const facts: Fact[] = []
  if (numbers.some(({ style }) => style.decimal === ',')) facts.push(['decimal mark', 'comma'])
  if (percent.length > 0) {
    facts.push(['percentages', `${percent.map(({ name }) => name).join(', ')} (5% is read as 5)`])
  }
  return facts
}
