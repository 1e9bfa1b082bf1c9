/**
 * From the cells of a source to a table: all that is inferred, and what was said in the options, together.
 *
 * @module
 */
import { argumentError } from '../errors'
import { type Fault, faultsError, firstOf, listNames, type Warning } from '../formats/faults'
import { assemble, rowsOfSeries } from './assembly'
import { readColumns, type ReadColumn, type ReadColumns } from './columns'
import { combineDateParts } from './date-parts'
import { type DetectedTimes, detectTimesInSlices } from './dates'
import { completeFrequency, inferFrequency } from './frequency'
import { describeFrequency } from './frequency-names'
import { numberRows, type Sliced } from '../slices'
import { distinctOf } from './distinct'
import type { CheckedOptions } from './options'
import type { Repair, TableData } from './series'
import { inferSeries, namedSeries, SEPARATOR, type SeriesRows, singleSeries } from './series-column'
import { describePlace, type Fact, type Source } from './source'
import type { Frequency, TimeAxis } from './time-axis'
import {
  findTimeColumn,
  isRowMissing,
  type TimeColumn,
  timeFaults,
  timeOptionsOf,
  unknownTimes,
} from './time-column'

/** A table's data and the facts of its source. */
export interface Interpretation {
  readonly data: TableData
  readonly facts: readonly Fact[]
}

/**
 * What the cells of a source mean: its times, its series, the kinds of its columns.
 *
 * @throws GruError ERR_GRU_FORMAT if the source has faults, or needs repairs and must be strict
 */
export function* interpret(given: Source, options: CheckedOptions): Sliced<Interpretation> {
  if (given.faults.length > 0) throw faultsError(given.path, given.faults)
  if (given.places.length === 0) {
    throw argumentError('ERR_GRU_FORMAT', given.path, 'rows', 'none')
  }
  const source = yield* combineDateParts(given, options)
  yield
  const { column: time, faults: noTime } = yield* findTimeColumn(source, options)
  const { series: split, faults: noSeries } = yield* findSeries(source, options, time)
  const elsewhere = [...(time === undefined ? [] : [time.index]), ...split.indices]
  const used = judgeColumns(yield* readColumns(source, options, new Set(elsewhere)), options)
  const { axis, instants } = yield* settleTimes(source, options, time, split)
  const faults = [
    ...noTime,
    ...noSeries,
    ...elsewhere.flatMap((index) => quoteFaults(source, index)),
    ...(time === undefined ? [] : timeFaults(source, time)),
    ...used.faults,
    ...frequencyFaults(source, options, axis),
  ]
  const areLocal = options.timeZone === undefined && time?.times.isLocal === true
  const { columns } = used
  const parts = { source, axis, timeIndex: time?.index, instants, split, columns, areLocal }
  // Rows of unknown times or series would be faults of their own, which hide the one that matters.
  const areUnknown = options.series !== undefined && split.indices.length === 0
  const isClear = time?.times.ambiguity === undefined && !areUnknown
  const assembled = isClear ? yield* assemble(parts) : undefined
  const all = [...faults, ...(assembled?.faults ?? [])]
  if (all.length > 0 || assembled === undefined) throw faultsError(source.path, all)
  const repairs = [...source.repairs, ...emptyRows(source, instants, time), ...assembled.repairs]
  if (options.strict && repairs.length > 0) throw strictError(source.path, repairs)
  const isUnknown = time === undefined && options.time === undefined
  const timeWarnings = isUnknown ? unknownTimes(source, options) : []
  const form: Fact[] = time === undefined ? [] : [['form of times', time.times.form]]
  return {
    data: {
      path: source.path,
      time: axis,
      seriesColumn: seriesColumnOf(source, split),
      columns: used.columns.map(({ name, kind }) => ({ name, kind })),
      series: assembled.series,
      repairs,
      warnings: [...source.warnings, ...timeWarnings, ...used.warnings],
    },
    facts: [...source.facts, ...form, ...numberFacts(used.columns)],
  }
}

/** The names of the columns that name the series, as the option `series` takes them. */
function seriesColumnOf({ names }: Source, { indices }: SeriesRows): string | undefined {
  return indices.length === 0 ? undefined : indices.map((index) => names[index]!).join(SEPARATOR)
}

function* findSeries(
  source: Source,
  { series: name }: CheckedOptions,
  time: TimeColumn | undefined,
): Sliced<{ readonly series: SeriesRows; readonly faults: readonly Fault[] }> {
  if (name !== undefined) return yield* namedSeries(source, name)
  const inferred = time && (yield* inferSeries(source, time.times.instants, time.index))
  return { series: inferred ?? singleSeries(source), faults: [] }
}

function quoteFaults({ names, columnFaults }: Source, index: number): Fault[] {
  return columnFaults.get(index)?.map((fault) => ({ ...fault, column: names[index]! })) ?? []
}

/** The columns that are used; the others, each with a warning; and the faults of those that must be used. */
function judgeColumns(
  { columns, faults, warnings }: ReadColumns,
  { required }: CheckedOptions,
): ReadColumns {
  const sound = columns.filter((column) => column.faults.length === 0)
  const faulty = columns.filter((column) => column.faults.length > 0)
  // Nothing could be done with a table without columns: then the faults are what the caller must know.
  const mustBeSound = faulty.filter(({ name }) => sound.length === 0 || required.has(name))
  const leftOut = faulty.filter((column) => !mustBeSound.includes(column))
  const all = [...faults, ...mustBeSound.flatMap((column) => column.faults)]
  // What leaves every column out is what the caller must know.
  if (sound.length === 0) all.push(...warnings)
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

/** The axis of the rows' times, and the time of each row. */
function* settleTimes(
  source: Source,
  options: CheckedOptions,
  time: TimeColumn | undefined,
  split: SeriesRows,
): Sliced<{ readonly axis: TimeAxis; readonly instants: Float64Array }> {
  if (time === undefined) {
    const frequency = { kind: 'regular', unit: 'step', count: 1 } as const
    const axis = { column: undefined, kind: 'integer', timeZone: 'UTC', frequency } as const
    return { axis, instants: rowNumbers(split) }
  }
  const { kind, timeZone, instants } = yield* withGroups(source, options, time, split)
  const frequency = yield* frequencyOf(instants, kind, timeZone, split, options)
  return { axis: { column: source.names[time.index]!, kind, timeZone, frequency }, instants }
}

/** The number of each row within its series, from 0. */
function rowNumbers({ names, seriesOf }: SeriesRows): Float64Array {
  const next = new Float64Array(names.length)
  return Float64Array.from(seriesOf, (code) => (code === -1 ? NaN : next[code]!++))
}

/** An hour that a change of clocks repeats is told apart by the order of the rows of each series. */
function* withGroups(
  source: Source,
  options: CheckedOptions,
  { index, times }: TimeColumn,
  split: SeriesRows,
): Sliced<DetectedTimes> {
  if (split.indices.length === 0 || options.timeZone === undefined) return times
  const groups = [...split.seriesOf]
  const cells = source.cells[index]!
  return (yield* detectTimesInSlices(cells, { ...timeOptionsOf(options), groups })) ?? times
}

function* frequencyOf(
  instants: Float64Array,
  kind: TimeAxis['kind'],
  timeZone: string,
  split: SeriesRows,
  { frequency }: CheckedOptions,
): Sliced<Frequency> {
  const sorted: Float64Array[] = []
  for (const rows of yield* rowsOfSeries(split, instants)) {
    const times = yield* numberRows(rows.length, (i) => instants[rows[i]!]!)
    sorted.push(yield* distinctOf(times))
  }
  if (frequency === undefined || !isOfAxis(frequency, kind)) {
    return yield* inferFrequency(sorted, kind, timeZone)
  }
  return yield* completeFrequency(frequency, sorted, timeZone)
}

/** Whether a frequency can be that of such an axis: steps of integers, units of time of instants. */
function isOfAxis(frequency: Frequency, kind: TimeAxis['kind']): boolean {
  return frequency.kind === 'irregular' || (frequency.unit === 'step') === (kind === 'integer')
}

/** The fault of a frequency that the caller stated and that the table's times cannot have. */
function frequencyFaults(
  { names }: Source,
  { frequency, time }: CheckedOptions,
  { column, kind }: TimeAxis,
): Fault[] {
  if (frequency === undefined || isOfAxis(frequency, kind)) return []
  const expected = `times that can have the frequency ${describeFrequency(frequency)}`
  if (column !== undefined) {
    return [{ column, expected, got: kind === 'integer' ? 'integers' : 'times' }]
  }
  // A column that was said and is none has its own fault.
  return typeof time === 'string' ? [] : [{ expected, got: `the columns ${listNames(names)}` }]
}

function emptyRows(source: Source, instants: Float64Array, time: TimeColumn | undefined): Repair[] {
  if (time === undefined) return []
  const first = instants.findIndex((instant, row) => {
    return Number.isNaN(instant) && isRowMissing(source, row)
  })
  if (first === -1) return []
  const count = instants.reduce((sum, instant) => (Number.isNaN(instant) ? sum + 1 : sum), 0)
  const [found, done] = ['rows without a value', 'passed over']
  return [{ found, count, done, first: describePlace(source, first) }]
}

function strictError(path: string, repairs: readonly Repair[]): Error {
  const faults = repairs.map(({ found, count, first }): Fault => {
    return {
      expected: 'a table without repairs, as the option strict says',
      got: `${found}: ${count}, the first at ${first}`,
    }
  })
  return faultsError(path, faults)
}

function numberFacts(columns: readonly ReadColumn[]): Fact[] {
  const numbers = columns.filter((column) => column.kind === 'number')
  const percent = numbers.filter(({ style }) => style.unit === '%')
  const units = numbers.filter(({ style }) => style.unit !== '' && style.unit !== '%')
  const bracketed = numbers.filter(({ hasBrackets }) => hasBrackets)
  const namesOf = (some: typeof numbers): string => firstOf(some, ({ name }) => name).join(', ')
  const facts: Fact[] = []
  if (numbers.some(({ style }) => style.decimal === ',')) facts.push(['decimal mark', 'comma'])
  if (percent.length > 0) facts.push(['percentages', `${namesOf(percent)} (5% is read as 5)`])
  if (units.length > 0) {
    const words = firstOf(units, ({ name, style }) => `${name} in ${style.unit}`)
    facts.push(['units', words.join(', ')])
  }
  if (bracketed.length > 0) {
    facts.push(['brackets', `${namesOf(bracketed)} ((5) is read as -5)`])
  }
  return facts
}
