/**
 * Which rows of a table belong to which series: the column that names them, said or inferred.
 *
 * @module
 */
import type { Fault } from '../formats/faults'
import { categoryOf, missingColumn, type ReadColumn } from './columns'
import { isMissing } from './numerals'
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
 * The column whose names tell rows of the same time apart, if times repeat; of several ones, that with the fewest
 * names. undefined: there is none.
 */
export function inferSeries(
  source: Source,
  instants: Float64Array,
  columns: readonly ReadColumn[],
): SeriesRows | undefined {
  const { times, codeOf, shared } = groupTimes(instants)
  if (shared < MIN_SHARED * instants.length) return undefined
  let best: SeriesRows | undefined
  for (const column of columns) {
    if (!mayNameSeries(column)) continue
    const split = splitBy(source, column.index)
    if (best !== undefined && best.names.length <= split.names.length) continue
    if (split.names.length > 1 && tellsApart(split, codeOf, times)) best = split
  }
  return best
}

function groupTimes(instants: Float64Array): {
  readonly times: number
  readonly codeOf: Int32Array
  readonly shared: number
} {
  const codes = new Map<number, number>()
  const codeOf = Int32Array.from(instants, (instant) => {
    const code = codes.get(instant) ?? codes.size
    if (code === codes.size) codes.set(instant, code)
    return code
  })
  const counts = new Int32Array(codes.size)
  for (const code of codeOf) counts[code]!++
  const shared = counts.reduce((sum, count) => (count > 1 ? sum + count : sum), 0)
  return { times: codes.size, codeOf, shared }
}

function mayNameSeries(column: ReadColumn): boolean {
  if (column.kind === 'category') return true
  return IDENTIFIER.test(column.name) && column.values.every((value) => Number.isSafeInteger(value))
}

function tellsApart({ seriesOf }: SeriesRows, timeOf: Int32Array, times: number): boolean {
  const seen = new Set<number>()
  for (const [row, series] of seriesOf.entries()) {
    if (series === -1) return false
    seen.add(series * times + timeOf[row]!)
  }
  return seen.size >= (1 - MAX_TWICE) * seriesOf.length
}
