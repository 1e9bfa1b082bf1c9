/**
 * The forecasts of the backtest that a page draws.
 *
 * @module
 */
import type { ForecastPath, RunResults } from '../../forecasting/results'
import type { Drawing, Points } from './forecast-data'
import { byPair, type Pair } from './pairs'
import { drawnQuantiles } from './quantiles'
import { rangeOf, rounded, thinned, type Value } from './thinning'
import type { Places, TimeList } from './time-list'

/** The forecast from one origin. */
export interface OriginData {
  readonly origin: string
  readonly places: Places
  readonly lower: readonly Value[]
  readonly median: readonly Value[]
  readonly upper: readonly Value[]
}

/** All forecasts of a pair, oldest first, and the truth at their times. */
export interface BacktestData extends Pair {
  readonly truth: Points
  readonly origins: readonly OriginData[]
}

/** Numbers of a page of full size. */
const VALUES = 30_000
const MOST_ORIGINS = 100

/** @param share - the share of a page's full size that may be used */
export function backtestData(
  results: RunResults,
  times: TimeList,
  share: number,
): Drawing<BacktestData> {
  const groups = byPair(results, results.backtest)
  const most = groups.reduce((count, { items }) => Math.max(count, items.length), 0)
  const perPair = Math.floor((VALUES * share) / Math.max(groups.length, 1) / (3 * results.horizon))
  const origins = Math.max(Math.min(perPair, MOST_ORIGINS), 1)
  const kept = groups.slice(0, Math.max(Math.floor((VALUES * share) / (3 * results.horizon)), 1))
  const data = kept.map(({ pair, items }) => ({
    ...pair,
    ...drawPair(thinned(items, origins), results.quantiles, times),
  }))
  const notes = [
    ...(origins < most
      ? [`To keep the page small, it shows ${origins} of ${most} origins, evenly spaced.`]
      : []),
    ...(kept.length < groups.length
      ? [`It shows ${kept.length} of ${groups.length} series and targets.`]
      : []),
  ]
  return { data, notes }
}

function drawPair(
  paths: readonly ForecastPath[],
  quantiles: readonly number[],
  times: TimeList,
): Omit<BacktestData, keyof Pair> {
  const { lower, median, upper } = drawnQuantiles(quantiles)
  const truth = new Map(
    paths.flatMap((path) => path.times.map((time, i) => [time, path.truth[i]!])),
  )
  const range = rangeOf([...truth.values(), ...paths.flatMap((path) => path.quantiles[median]!)])
  return {
    truth: {
      places: times.add([...truth.keys()]),
      values: rounded([...truth.values()], range),
    },
    origins: paths.map((path) => ({
      origin: path.origin,
      places: times.add(path.times),
      lower: rounded(path.quantiles[lower]!, range),
      median: rounded(path.quantiles[median]!, range),
      upper: rounded(path.quantiles[upper]!, range),
    })),
  }
}
