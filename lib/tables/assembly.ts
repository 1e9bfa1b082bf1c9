/**
 * Puts the rows of each series on the steps of the time axis. What does not fit is repaired by stated rules, which are
 * reported, or is a fault.
 *
 * @module
 */
import type { NonSharedFloat64Array } from '../../binding'
import { quote } from '../errors'
import type { Fault } from '../formats/faults'
import { formatTime } from './calendar'
import type { ReadColumn } from './columns'
import { describeFrequency } from './frequency-names'
import { type Placement, placeOnGrid } from './grid'
import { eachRow, mapRows, numberRows, type Sliced } from '../slices'
import type { Repair, Series } from './series'
import type { SeriesRows } from './series-column'
import { describePlace, placeOf, type Source } from './source'
import { cellText } from './time-column'
import type { TimeAxis } from './time-axis'
import { zoneThatRepeats } from './zones'

/** What the series are made from. */
export interface Parts {
  readonly source: Source
  readonly axis: TimeAxis
  /** The index of the column of times; undefined if there is none. */
  readonly timeIndex: number | undefined
  /** The time of each row. NaN: the row is not used. */
  readonly instants: Float64Array
  readonly split: SeriesRows
  readonly columns: readonly ReadColumn[]
  /** Whether the times are those of a clock on the wall in an unknown zone. */
  readonly areLocal: boolean
}

/** The series of a table, and what was done to the rows. */
export interface Assembled {
  readonly series: readonly Series[]
  readonly repairs: readonly Repair[]
  readonly faults: readonly Fault[]
}

/** The rows of each series that have a time, in the order of the source. */
export function* rowsOfSeries(
  { names, seriesOf }: SeriesRows,
  instants: Float64Array,
): Sliced<readonly Int32Array[]> {
  const counts = new Int32Array(names.length)
  const isUsed = (row: number): boolean => seriesOf[row] !== -1 && !Number.isNaN(instants[row]!)
  yield* eachRow(seriesOf.length, (row) => {
    if (isUsed(row)) counts[seriesOf[row]!]!++
  })
  const rows = Array.from(counts, (count) => new Int32Array(count))
  counts.fill(0)
  yield* eachRow(seriesOf.length, (row) => {
    const code = seriesOf[row]!
    if (isUsed(row)) rows[code]![counts[code]!++] = row
  })
  return rows
}

/** The series of a table on the steps of its time axis. */
export function* assemble(parts: Parts): Sliced<Assembled> {
  const log = new RepairLog()
  const faults: Fault[] = []
  const series: Series[] = []
  for (const [code, rows] of (yield* rowsOfSeries(parts.split, parts.instants)).entries()) {
    if (rows.length === 0) continue
    const name = parts.split.names[code]!
    const times = yield* numberRows(rows.length, (i) => parts.instants[rows[i]!]!)
    const placement = yield* placeOnGrid(times, parts.axis)
    noteRepairs(parts, name, rows, placement, log)
    faults.push(...offGridFaults(parts, rows, placement))
    faults.push(...judgeDuplicates(parts, rows, placement, log))
    series.push(yield* makeSeries(parts, name, rows, placement))
  }
  return { series, repairs: log.repairs(), faults }
}

/** Repairs by what was found, with counts over all series. */
class RepairLog {
  readonly #repairs = new Map<string, Repair>()

  add(found: string, count: number, done: string, first: string): void {
    if (count === 0) return
    const before = this.#repairs.get(found)
    const total = (before?.count ?? 0) + count
    this.#repairs.set(found, { found, count: total, done, first: before?.first ?? first })
  }

  repairs(): readonly Repair[] {
    return [...this.#repairs.values()]
  }
}

function noteRepairs(
  { source, axis, instants, split }: Parts,
  series: string,
  rows: Int32Array,
  { order, moved, rowOf, times }: Placement,
  log: RepairLog,
): void {
  const place = (row: number): string => describePlace(source, rows[row]!)
  if (order === 'descending') log.add('newest row first', rows.length, 'sorted by time', place(0))
  if (order === 'mixed') {
    const late = lateRows(rows, instants)
    log.add('rows out of order', late.length, 'sorted by time', place(late[0]!))
  }
  if (moved.length > 0) {
    log.add('times beside a step', moved.length, 'moved to the step', place(moved[0]!))
  }
  const missing = rowOf.reduce((count, row) => (row === -1 ? count + 1 : count), 0)
  if (missing > 0) {
    const first = formatTime(times[rowOf.indexOf(-1)]!, axis)
    const where = split.indices.length === 0 ? first : `${first} of ${series}`
    log.add('missing rows', missing, 'inserted with missing cells', where)
  }
}

/** The rows whose time is before that of the row above them. */
function lateRows(rows: Int32Array, instants: Float64Array): number[] {
  return [...rows.keys()].filter((i) => i > 0 && instants[rows[i]!]! < instants[rows[i - 1]!]!)
}

function offGridFaults(parts: Parts, rows: Int32Array, { offGrid }: Placement): Fault[] {
  const { source, axis, timeIndex } = parts
  return offGrid.map((i) => {
    const row = rows[i]!
    return {
      ...placeOf(source, row),
      ...(axis.column === undefined ? {} : { column: axis.column }),
      expected: `a time on the steps of the frequency ${describeFrequency(axis.frequency)}`,
      got: timeIndex === undefined ? 'another' : cellText(source.cells[timeIndex]![row]),
    }
  })
}

/** Rows of the same step: dropped if all their cells are the same, and faults otherwise. */
function judgeDuplicates(
  parts: Parts,
  rows: Int32Array,
  { duplicates }: Placement,
  log: RepairLog,
): Fault[] {
  const { source, axis, columns, timeIndex } = parts
  const faults: Fault[] = []
  for (const [firstIndex, laterIndex] of duplicates) {
    const [first, later] = [rows[firstIndex]!, rows[laterIndex]!]
    const different = columns.find(({ values }) => !isSame(values[first], values[later]))
    if (different === undefined) {
      log.add('the same row twice', 1, 'dropped', describePlace(source, later))
      continue
    }
    const time = timeIndex === undefined ? 'a time' : cellText(source.cells[timeIndex]![later])
    faults.push({
      ...placeOf(source, later),
      ...(axis.column === undefined ? {} : { column: axis.column }),
      expected: expectedOnce(parts, later),
      got: `${time} again, with another value of ${quote(different.name)}: see ${describePlace(source, first)}`,
    })
  }
  return faults
}

/** What would mend a row whose time another row has. */
function expectedOnce({ split, instants, areLocal }: Parts, row: number): string {
  const isSingle = split.indices.length === 0
  const zone = areLocal ? zoneThatRepeats(instants[row]!) : undefined
  const remedies = [
    'remove one',
    ...(isSingle ? ['say which columns name the series, by the option series'] : []),
    ...(zone === undefined
      ? []
      : [
          `say the option timeZone, such as '${zone}', if clocks were put back and show this hour twice`,
        ]),
  ]
  return `one row for each time${isSingle ? '' : ' of a series'} (${remedies.join(', or ')})`
}

function isSame(a: unknown, b: unknown): boolean {
  return Object.is(a, b)
}

function* makeSeries(
  { source, columns }: Parts,
  name: string,
  rows: Int32Array,
  { times, rowOf }: Placement,
): Sliced<Series> {
  const sourceRows = new Int32Array(rowOf.length)
  const lines = new Int32Array(rowOf.length)
  yield* eachRow(rowOf.length, (i) => {
    const row = rowOf[i] === -1 ? -1 : rows[rowOf[i]!]!
    sourceRows[i] = row
    lines[i] = row === -1 ? 0 : source.places[row]!
  })
  const numbers = new Map<string, NonSharedFloat64Array>()
  const categories = new Map<string, readonly (string | undefined)[]>()
  for (const column of columns) {
    if (column.kind === 'number') {
      const { values } = column
      numbers.set(
        column.name,
        yield* numberRows(sourceRows.length, (i) => values[sourceRows[i]!] ?? NaN),
      )
    } else
      categories.set(
        column.name,
        yield* mapRows(sourceRows.length, (i) => column.values[sourceRows[i]!]),
      )
  }
  return { name, rows: times.length, times, numbers, categories, lines }
}
