/**
 * The parts of a table: what a model is trained on, what chooses its best epoch, and what it is tested on.
 *
 * @module
 */
import { argumentError } from '../errors'
import type { Series, TableData } from '../tables/series'
import type { CheckedOptions } from './options'

/** The rows of one series, by part. Each number is the end of a part, and the begin of the next one. */
export interface SeriesParts {
  readonly training: number
  readonly validation: number
  /** One after the last row with a target. */
  readonly test: number
}

/** Forecasts of one series whose targets are all in one part: an origin is the last row that is known. */
export interface Origins {
  readonly series: number
  readonly origins: readonly number[]
}

export type PartName = 'training' | 'validation' | 'test'

/** The origins of each part, for each series. */
export type Parts = Readonly<Record<PartName, readonly Origins[]>>

/** Fewer forecasts than these say nothing about a model. */
const FEWEST: Readonly<Record<PartName, number>> = { training: 16, validation: 4, test: 4 }

/** One after the last row of a series in which a target is known; 0 if there is none. */
export function historyOf(series: Series, targets: readonly string[]): number {
  const columns = targets.map((name) => series.numbers.get(name)!)
  for (let row = series.rows - 1; row >= 0; row--) {
    if (columns.some((values) => !Number.isNaN(values[row]))) return row + 1
  }
  return 0
}

/** The last row of each series that has enough rows for a forecast after it. */
export function lastOrigins(
  { series }: TableData,
  targets: readonly string[],
  fewestRows: number,
): Origins[] {
  return series.flatMap((own, index) => {
    const rows = historyOf(own, targets)
    return rows < fewestRows ? [] : [{ series: index, origins: [rows - 1] }]
  })
}

/** Divides the rows of all series at the same two times, which leave the given shares of all times before them. */
export function splitByTime(
  table: TableData,
  targets: readonly string[],
  { training, validation }: CheckedOptions['split'],
): SeriesParts[] {
  const ends = table.series.map((series) => historyOf(series, targets))
  const times = new Set<number>()
  for (const [i, { times: own }] of table.series.entries()) {
    for (const time of own.subarray(0, ends[i])) times.add(time)
  }
  const sorted = Float64Array.from(times).sort()
  const cut = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Infinity
  const [trainingEnd, validationEnd] = [cut(training), cut(training + validation)]
  return table.series.map(({ times: own }, i) => {
    const end = ends[i]!
    const before = (time: number): number => Math.min(end, countBelow(own, time))
    return { training: before(trainingEnd), validation: before(validationEnd), test: end }
  })
}

function countBelow(sorted: Float64Array, limit: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! < limit) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * The origins of each part: all targets of an origin are in its part, and at least `history` rows are known.
 *
 * @param history - rows that a series needs up to its first origin; where a series is too short for that, `fewest`
 */
export function originsOf(
  parts: readonly SeriesParts[],
  horizon: number,
  history: number,
  fewest: number,
): Parts {
  const between = (begin: number, end: number, rows: number): number[] => {
    const first = Math.max(begin, rows) - 1
    return Array.from({ length: Math.max(0, end - horizon - first) }, (_, i) => first + i)
  }
  const select = (begin: (part: SeriesParts) => number, end: (part: SeriesParts) => number) =>
    parts.map((part, series) => {
      const origins = between(begin(part), end(part), history)
      return {
        series,
        origins: origins.length > 0 ? origins : between(begin(part), end(part), fewest),
      }
    })
  return {
    training: select(
      () => 0,
      (part) => part.training,
    ),
    validation: select(
      (part) => part.training,
      (part) => part.validation,
    ),
    test: select(
      (part) => part.validation,
      (part) => part.test,
    ),
  }
}

/** Every n-th origin over all series, such that at most so many remain. */
export function thinPart(part: readonly Origins[], most: number): Origins[] {
  const stride = Math.max(1, Math.ceil(countOrigins(part) / most))
  let count = 0
  return part.map(({ series, origins }) => {
    return { series, origins: origins.filter(() => count++ % stride === 0) }
  })
}

/** The number of origins over all series. */
export function countOrigins(part: readonly Origins[]): number {
  return part.reduce((sum, { origins }) => sum + origins.length, 0)
}

/**
 * Refuses a table whose parts have too few forecasts. The message says how many rows would do.
 *
 * @throws GruError ERR_GRU_VALUE
 */
export function checkEnough(
  table: TableData,
  parts: Parts,
  { horizon, split, targets }: CheckedOptions,
  fewest: number,
): void {
  const names = Object.keys(FEWEST) as PartName[]
  const known = knownRowsBefore(table, targets)
  const isEnough = names.every((name) => {
    return countWithTruth(parts[name], known, horizon) >= FEWEST[name]
  })
  if (isEnough) return
  const rows = table.series.reduce((most, series) => Math.max(most, series.rows), 0)
  const each = names.map((name) => `${FEWEST[name]} of ${name}`)
  const enough = rowsEnough(horizon, split, fewest)
  const expected = `more rows (${enough} with a target in a row would do: for ${each.join(', ')})`
  const without = known.reduce((sum, counts) => sum + counts.length - 1 - counts.at(-1)!, 0)
  const got = `${countRows(rows)}${without > 0 ? ` (${without} without a target)` : ''}`
  throw argumentError('ERR_GRU_VALUE', table.path, expected, got)
}

/** For each series and row the number of rows before it in which a target is known. */
function knownRowsBefore({ series }: TableData, targets: readonly string[]): Int32Array[] {
  return series.map(({ rows, numbers }) => {
    const columns = targets.map((name) => numbers.get(name)!)
    const counts = new Int32Array(rows + 1)
    for (let row = 0; row < rows; row++) {
      const isKnown = columns.some((values) => !Number.isNaN(values[row]))
      counts[row + 1] = counts[row]! + Number(isKnown)
    }
    return counts
  })
}

/** The number of origins after which a target is known within the horizon. */
function countWithTruth(
  part: readonly Origins[],
  known: readonly Int32Array[],
  horizon: number,
): number {
  const hasTruth = (series: number, origin: number): boolean =>
    known[series]![origin + 1 + horizon]! > known[series]![origin + 1]!
  return part.reduce((sum, { series, origins }) => {
    return sum + origins.filter((origin) => hasTruth(series, origin)).length
  }, 0)
}

/** The fewest rows of one series without gaps that have enough forecasts in each part. */
function rowsEnough(horizon: number, split: CheckedOptions['split'], fewest: number): number {
  const shares = { ...split, test: 1 - split.training - split.validation }
  const counts = {
    training: FEWEST.training + horizon + fewest - 1,
    validation: FEWEST.validation + horizon - 1,
    test: FEWEST.test + horizon - 1,
  }
  const names = Object.keys(FEWEST) as PartName[]
  // One more row, since each part may lose one by rounding.
  return 1 + Math.max(...names.map((name) => Math.ceil(counts[name] / shares[name])))
}

function countRows(count: number): string {
  return count === 1 ? '1 row' : `${count} rows`
}
