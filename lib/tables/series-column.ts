/**
 * Which rows of a table belong to which series: the columns that name them, said or inferred.
 *
 * @module
 */
import type { Fault } from '../formats/faults'
import { categoryOf, missingColumn } from './columns'
import { eachRow, numberRows, type Sliced } from '../slices'
import { distinctOf } from './distinct'
import { countNumeralsInSlices, isMissing } from './numerals'
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
export function* namedSeries(
  source: Source,
  name: string,
): Sliced<{ readonly series: SeriesRows; readonly faults: readonly Fault[] }> {
  const columns = source.names.includes(name) ? [name] : name.split(/ *, */)
  const indices = columns.map((column) => source.names.indexOf(column))
  const unknown = columns.filter((_, i) => indices[i] === -1)
  if (unknown.length > 0) {
    const faults = unknown.map((column) => missingColumn(column, source.names))
    return { series: singleSeries(source), faults }
  }
  const series = yield* splitBy(source, indices)
  const faults: Fault[] = []
  for (let row = 0; row < series.seriesOf.length; row++) {
    if (series.seriesOf[row] !== -1) continue
    if (source.cells.every((cells) => isMissing(cells[row]))) continue
    const expected = 'the name of a series'
    faults.push({ ...placeOf(source, row), column: name, expected, got: 'an empty cell' })
  }
  return { series, faults }
}

/** The series of the rows by the texts of some columns. */
function* splitBy({ cells, places }: Source, indices: readonly number[]): Sliced<SeriesRows> {
  const codes = new Map<string, number>()
  const seriesOf = new Int32Array(places.length)
  const codeOf = (row: number): number => {
    const own = indices.map((index) => cells[index]![row])
    if (own.some(isMissing)) return -1
    const text = own.map(categoryOf).join(SEPARATOR)
    const known = codes.get(text)
    if (known !== undefined) return known
    codes.set(text, codes.size)
    return codes.size - 1
  }
  yield* eachRow(places.length, (row) => {
    seriesOf[row] = codeOf(row)
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
export function* inferSeries(
  source: Source,
  instants: Float64Array,
  timeIndex: number,
): Sliced<SeriesRows | undefined> {
  const known = yield* withoutMissing(instants)
  const { distinct, shared } = yield* countShared(known)
  if (shared < MIN_SHARED * known.length) return undefined
  const timeOf = yield* numberRows(instants.length, (row) => {
    return Number.isNaN(instants[row]) ? -1 : indexIn(distinct, instants[row]!)
  })
  const candidates: number[] = []
  for (const index of source.names.keys()) {
    if (index !== timeIndex && (yield* mayNameSeries(source, index))) candidates.push(index)
  }
  const pairs = candidates.flatMap((first, i) =>
    candidates.slice(i + 1, MOST_PAIRED).map((second) => [first, second]),
  )
  const bestOf = function* (
    choices: readonly (readonly number[])[],
  ): Sliced<SeriesRows | undefined> {
    let best: SeriesRows | undefined
    for (const indices of choices) {
      const split = yield* splitBy(source, indices)
      const count = split.names.length
      const fewest = best?.names.length ?? Infinity
      if (count < 2 || 2 * count > known.length || count >= fewest) continue
      if (yield* tellsApart(split, timeOf, distinct.length)) best = split
    }
    return best
  }
  return (yield* bestOf(candidates.map((index) => [index]))) ?? (yield* bestOf(pairs))
}

function* withoutMissing(numbers: Float64Array): Sliced<Float64Array> {
  const present = new Float64Array(numbers.length)
  let count = 0
  yield* eachRow(numbers.length, (row) => {
    if (!Number.isNaN(numbers[row])) present[count++] = numbers[row]!
  })
  return present.subarray(0, count)
}

/** Pairs of the first columns alone are tried. */
const MOST_PAIRED = 6

/** The distinct times, increasing, and the number of rows whose time another row has too. */
function* countShared(instants: Float64Array): Sliced<{
  readonly distinct: Float64Array
  readonly shared: number
}> {
  const distinct = yield* distinctOf(instants)
  // Without a time that two rows have, there is nothing to count.
  if (distinct.length === instants.length) return { distinct, shared: 0 }
  const counts = new Int32Array(distinct.length)
  yield* eachRow(instants.length, (row) => {
    counts[indexIn(distinct, instants[row]!)]!++
  })
  const shared = counts.reduce((sum, count) => (count > 1 ? sum + count : sum), 0)
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

function* mayNameSeries({ names, cells, columnFaults }: Source, index: number): Sliced<boolean> {
  const [name, column] = [names[index]!, cells[index]!]
  if (columnFaults.has(index) || name === '' || names.indexOf(name) !== names.lastIndexOf(name)) {
    return false
  }
  const counts = yield* countNumeralsInSlices(column)
  const isText = counts.numbers < column.length / 2
  return isText || (IDENTIFIER.test(name) && column.every((cell) => Number.isInteger(Number(cell))))
}

function* tellsApart(
  { seriesOf }: SeriesRows,
  timeOf: Float64Array,
  times: number,
): Sliced<boolean> {
  const keyOf = yield* numberRows(seriesOf.length, (row) => {
    if (timeOf[row] === -1) return NaN
    return seriesOf[row] === -1 ? -1 : seriesOf[row]! * times + timeOf[row]!
  })
  const keys = yield* withoutMissing(keyOf)
  if (keys.includes(-1)) return false
  const distinct = yield* distinctOf(keys)
  return distinct.length >= (1 - MAX_TWICE) * keys.length
}
