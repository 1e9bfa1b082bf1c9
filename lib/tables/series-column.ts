/**
 * Which rows of a table belong to which series: the columns that name them, said or inferred.
 *
 * @module
 */
import type { Fault } from '../formats/faults'
import { categoryOf, missingColumn } from './columns'
import { countNumerals, isMissing } from './numerals'
import { placeOf, type Source } from './source'

/** The series of each row. */
export interface SeriesRows {
  /** The indices of the columns whose texts together name them; none if all rows are one series. */
  readonly indices: readonly number[]
  /** In the order of their first rows. */
  readonly names: readonly string[]
  /** For each row the index of its series' name; -1 if the row does not say it. */
  readonly seriesOf: Int32Array
}

/** All rows as one series. */
export function singleSeries({ places }: Source): SeriesRows {
  return { indices: [], names: [''], seriesOf: new Int32Array(places.length) }
}

/** Between the names of columns, and between the texts of a series' name. */
export const SEPARATOR = ', '

/**
 * The series that columns of the caller's choice name, and the faults of these columns.
 *
 * @param name - of a column, or of several ones: 'store, item'
 */
export function namedSeries(
  source: Source,
  name: string,
): { readonly series: SeriesRows; readonly faults: readonly Fault[] } {
  const columns = source.names.includes(name) ? [name] : name.split(/ *, */)
  const indices = columns.map((column) => source.names.indexOf(column))
  const unknown = columns.filter((_, i) => indices[i] === -1)
  if (unknown.length > 0) {
    const faults = unknown.map((column) => missingColumn(column, source.names))
    return { series: singleSeries(source), faults }
  }
  const series = splitBy(source, indices)
  const faults: Fault[] = []
  for (const [row, code] of series.seriesOf.entries()) {
    if (code !== -1 || source.cells.every((cells) => isMissing(cells[row]))) continue
    const expected = 'the name of a series'
    faults.push({ ...placeOf(source, row), column: name, expected, got: 'an empty cell' })
  }
  return { series, faults }
}

/** The series of the rows by the texts of some columns. */
function splitBy({ cells, places }: Source, indices: readonly number[]): SeriesRows {
  const codes = new Map<string, number>()
  const seriesOf = Int32Array.from(places, (_, row) => {
    const own = indices.map((index) => cells[index]![row])
    if (own.some(isMissing)) return -1
    const text = own.map(categoryOf).join(SEPARATOR)
    const known = codes.get(text)
    if (known !== undefined) return known
    codes.set(text, codes.size)
    return codes.size - 1
  })
  return { indices, names: [...codes.keys()], seriesOf }
}

/** The least part of the rows whose time another row has too, in a table of several series. */
const MIN_SHARED = 0.1

/** The largest part of the rows that may have time and series of another row: a row may be there twice by mistake. */
const MAX_TWICE = 0.01

/** Names of columns in which numbers name things. */
const IDENTIFIER =
  /(^|[^a-z])(id|no|nr|key|code|series|store|shop|site|item|product|sensor|station|region)$|Id$/i

/**
 * The column whose texts tell rows of the same time apart, if times repeat; of several ones, that with the fewest texts. If
 * no column does so alone, two columns whose texts together do.
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
  const candidates = [...source.names.keys()].filter((index) => {
    return index !== timeIndex && mayNameSeries(source, index)
  })
  const pairs = candidates.flatMap((first, i) =>
    candidates.slice(i + 1, MOST_PAIRED).map((second) => [first, second]),
  )
  const bestOf = (choices: readonly (readonly number[])[]): SeriesRows | undefined => {
    let best: SeriesRows | undefined
    for (const indices of choices) {
      const split = splitBy(source, indices)
      const count = split.names.length
      const fewest = best?.names.length ?? Infinity
      if (count < 2 || 2 * count > known.length || count >= fewest) continue
      if (tellsApart(split, timeOf, distinct.length)) best = split
    }
    return best
  }
  return bestOf(candidates.map((index) => [index])) ?? bestOf(pairs)
}

/** Pairs of the first columns alone are tried. */
const MOST_PAIRED = 6

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
