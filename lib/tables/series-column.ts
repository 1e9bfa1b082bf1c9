/**
 * Which rows of a table belong to which series: the column that names them, said or inferred.
 *
 * @module
 */
import type { Fault } from '../formats/faults'
import { categoryOf, missingColumn } from './columns'
import { countNumerals, isMissing } from './numerals'
import { placeOf, type Source } from './source'

/** The series of each row. */
export interface SeriesRows {
  /** The index of the column that names them; undefined if all rows are one series. */
  readonly index: number | undefined
  /** In the order of their first rows. */
  readonly names: readonly string[]
  /** For each row the index of its series' name; -1 if the row does not say it. */
  readonly seriesOf: Int32Array
}

/** All rows as one series. */
export function singleSeries({ places }: Source): SeriesRows {
  return { index: undefined, names: [''], seriesOf: new Int32Array(places.length) }
}

/** The series that a column of the caller's choice names, and the faults of that column. */
export function namedSeries(
  source: Source,
  name: string,
): { readonly series: SeriesRows; readonly faults: readonly Fault[] } {
  const index = source.names.indexOf(name)
  if (index === -1) {
    return { series: singleSeries(source), faults: [missingColumn(name, source.names)] }
  }
  const series = splitBy(source, index)
  const faults: Fault[] = []
  for (const [row, code] of series.seriesOf.entries()) {
    if (code !== -1 || source.cells.every((cells) => isMissing(cells[row]))) continue
    const expected = 'the name of a series'
    faults.push({ ...placeOf(source, row), column: name, expected, got: 'an empty cell' })
  }
  return { series, faults }
}

/** The series of the rows by the texts of a column. */
export function splitBy({ cells }: Source, index: number): SeriesRows {
  const codes = new Map<string, number>()
  const seriesOf = Int32Array.from(cells[index]!, (cell) => {
    const text = isMissing(cell) ? undefined : categoryOf(cell)
    if (text === undefined) return -1
    const known = codes.get(text)
    if (known !== undefined) return known
    codes.set(text, codes.size)
    return codes.size - 1
  })
  return { index, names: [...codes.keys()], seriesOf }
}

/** The least part of the rows whose time another row has too, in a table of several series. */
const MIN_SHARED = 0.1

/** The largest part of the rows that may have time and series of another row: a row may be there twice by mistake. */
const MAX_TWICE = 0.01

/** Names of columns in which numbers name things. */
const IDENTIFIER =
  /(^|[^a-z])(id|no|nr|key|code|series|store|shop|site|item|product|sensor|station|region)$|Id$/i

/**
 * The column whose texts tell rows of the same time apart, if times repeat; of several ones, that with the fewest texts.
 *
 * @param instants - the time of each row. NaN: the row does not count
 * @param timeIndex - the index of the column of times
 * @returns undefined if there is none
 */
export function inferSeries(
  source: Source,
  instants: Float64Array,
  timeIndex: number,
): SeriesRows | undefined {
  const known = instants.filter((instant) => !Number.isNaN(instant))
  const { distinct, shared } = countShared(known)
  if (shared < MIN_SHARED * known.length) return undefined
  const timeOf = Int32Array.from(instants, (instant) =>
    Number.isNaN(instant) ? -1 : indexIn(distinct, instant),
  )
  let best: SeriesRows | undefined
  for (const index of source.names.keys()) {
    if (index === timeIndex || !mayNameSeries(source, index)) continue
    const split = splitBy(source, index)
    const count = split.names.length
    if (count < 2 || 2 * count > known.length || count >= (best?.names.length ?? Infinity)) continue
    if (tellsApart(split, timeOf, distinct.length)) best = split
  }
  return best
}

/** The distinct times, increasing, and the number of rows whose time another row has too. */
function countShared(instants: Float64Array): {
  readonly distinct: Float64Array
  readonly shared: number
} {
  const sorted = instants.slice().sort()
  const distinct = sorted.filter((instant, i) => instant !== sorted[i - 1])
  const shared = sorted.reduce((count, instant, i) => {
    return instant === sorted[i - 1] || instant === sorted[i + 1] ? count + 1 : count
  }, 0)
  return { distinct, shared }
}

/** The index of a value in increasing values that have it. */
function indexIn(values: Float64Array, value: number): number {
  let [low, high] = [0, values.length - 1]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (values[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}

function mayNameSeries({ names, cells, columnFaults }: Source, index: number): boolean {
  const [name, column] = [names[index]!, cells[index]!]
  if (columnFaults.has(index) || name === '' || names.indexOf(name) !== names.lastIndexOf(name)) {
    return false
  }
  const isText = countNumerals(column).numbers < column.length / 2
  return isText || (IDENTIFIER.test(name) && column.every((cell) => Number.isInteger(Number(cell))))
}

function tellsApart({ seriesOf }: SeriesRows, timeOf: Int32Array, times: number): boolean {
  const rows = [...timeOf.keys()].filter((row) => timeOf[row] !== -1)
  if (rows.some((row) => seriesOf[row] === -1)) return false
  const keys = Float64Array.from(rows, (row) => seriesOf[row]! * times + timeOf[row]!).sort()
  const distinct = keys.reduce((count, key, i) => (key === keys[i - 1] ? count : count + 1), 0)
  return distinct >= (1 - MAX_TWICE) * rows.length
}
