/**
 * The forecasts and histories that a page draws.
 *
 * @module
 */
import type { History, RunResults } from '../../forecasting/results'
import { byPair, type Pair } from './pairs'
import { rangeOf, rounded, type Value } from './thinning'
import type { Places, TimeList } from './time-list'

/** Values at times. */
export interface Points {
  readonly places: Places
  readonly values: readonly Value[]
}

/** A forecast with the history before it. */
export interface ForecastData extends Pair {
  readonly history: Points
  readonly places: Places
  /** The steps that the model forecasts at once; the others are forecast from medians. */
  readonly direct: number
  /** For each quantile a value for each step. */
  readonly quantiles: readonly (readonly Value[])[]
}

/** What a page draws of a kind, and sentences about what it leaves out. */
export interface Drawing<Data> {
  readonly data: readonly Data[]
  readonly notes: readonly string[]
}

/** Numbers of histories and of forecasts in a page of full size. */
const HISTORY_VALUES = 20_000
const FORECAST_VALUES = 24_000
const LONGEST_HISTORY = 1500

const BEYOND =
  'After the dashed line the horizon of the model ends: each further step is forecast from medians, ' +
  'as if they were known values, and the interval may be too narrow there.'

/** @param share - the share of a page's full size that may be used */
export function forecastData(
  results: RunResults,
  times: TimeList,
  share: number,
): Drawing<ForecastData> {
  const all = byPair(results, results.forecasts)
  const valuesEach = results.horizon * results.quantiles.length
  const drawn = all.slice(0, Math.max(Math.floor((FORECAST_VALUES * share) / valuesEach), 1))
  const rows = Math.floor((HISTORY_VALUES * share) / Math.max(drawn.length, 1))
  const historyRows = Math.max(Math.min(rows, LONGEST_HISTORY), 2)
  const histories = new Map(
    byPair(results, results.histories).map(({ pair, items }) => [keyOf(pair), items[0]!]),
  )
  const data = drawn.map(({ pair, items: [path] }): ForecastData => {
    const history = histories.get(keyOf(pair))
    const last = (history?.values ?? []).slice(-historyRows)
    const range = rangeOf([...last, ...path!.quantiles.flat()])
    return {
      ...pair,
      history: {
        places: times.add((history?.times ?? []).slice(-historyRows)),
        values: rounded(last, range),
      },
      places: times.add(path!.times),
      direct: path!.direct,
      quantiles: path!.quantiles.map((values) => rounded(values, range)),
    }
  })
  const beyond = data.some(({ direct, quantiles }) => direct < quantiles[0]!.length)
  return {
    data,
    notes: [
      ...(beyond ? [BEYOND] : []),
      ...notesOf(all.length, drawn.length, results.histories, historyRows),
    ],
  }
}

function keyOf({ target, series }: Pair): string {
  return `${target}/${series}`
}

function notesOf(
  all: number,
  drawn: number,
  histories: readonly History[],
  historyRows: number,
): string[] {
  const longest = histories.reduce((most, { values }) => Math.max(most, values.length), 0)
  return [
    ...(drawn < all
      ? [`To keep the page small, it shows ${drawn} of ${all} forecasts. forecasts.csv has all.`]
      : []),
    ...(historyRows < longest
      ? [`Each chart shows at most the last ${historyRows} rows of the history.`]
      : []),
  ]
}
