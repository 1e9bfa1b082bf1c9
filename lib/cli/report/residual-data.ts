/**
 * The residuals that a page draws, and their distribution.
 *
 * @module
 */
import type { RunResults } from '../../forecasting/results'
import type { Drawing, Points } from './forecast-data'
import { byPair, type Pair } from './pairs'
import { rangeOf, rounded, thinned } from './thinning'
import type { TimeList } from './time-list'

/** The residuals of a pair. */
export interface ResidualData extends Pair {
  readonly points: Points
}

/** How many residuals lie in each of several ranges of one width. */
export interface Histogram {
  /** null: all series together. */
  readonly series: number | null
  readonly target: number
  /** The lower bound of the first range. */
  readonly from: number
  readonly width: number
  readonly counts: readonly number[]
}

/** Numbers of a page of full size. */
const VALUES = 12_000
const MOST_EACH = 3000
const MOST_RANGES = 40

/** @param share - the share of a page's full size that may be used */
export function residualData(
  results: RunResults,
  times: TimeList,
  share: number,
): Drawing<ResidualData> {
  const groups = byPair(results, results.residuals)
  const kept = groups.slice(0, Math.max(Math.floor((VALUES * share) / 20), 1))
  const perPair = Math.floor((VALUES * share) / Math.max(kept.length, 1))
  const each = Math.max(Math.min(perPair, MOST_EACH), 1)
  const longest = groups.reduce((most, { items }) => Math.max(most, items.length), 0)
  const data = kept.map(({ pair, items }) => {
    const drawn = thinned(items, each)
    const errors = drawn.map(({ error }) => error)
    return {
      ...pair,
      points: {
        places: times.add(drawn.map(({ time }) => time)),
        values: rounded(errors, rangeOf(errors)),
      },
    }
  })
  const notes =
    each < longest || kept.length < groups.length
      ? [
          'To keep the page small, the chart over time shows a part of the residuals, evenly ' +
            'spaced. The distribution and the tables count all of them.',
        ]
      : []
  return { data, notes }
}

/** The distributions of all series together and of each, for every target. */
export function histograms(results: RunResults, share: number): Histogram[] {
  const groups = byPair(results, results.residuals)
  return results.targets.flatMap((_, target) => {
    const own = groups.filter(({ pair }) => pair.target === target)
    const errors = own.map(({ items }) => items.map(({ error }) => error))
    const shown = own.length > 1 ? own.slice(0, Math.floor(500 * share)) : []
    return [
      { series: null, target, ...histogram(errors.flat()) },
      ...shown.map(({ pair }, i) => ({ ...pair, ...histogram(errors[i]!) })),
    ]
  })
}

function histogram(values: readonly number[]): Pick<Histogram, 'from' | 'width' | 'counts'> {
  const finite = values.filter(Number.isFinite)
  if (finite.length === 0) return { from: 0, width: 1, counts: [] }
  const least = finite.reduce((a, b) => Math.min(a, b))
  const largest = finite.reduce((a, b) => Math.max(a, b))
  const size = Math.max(Math.abs(least), Math.abs(largest)) || 1
  const ranges = Math.min(Math.max(Math.ceil(2 * Math.cbrt(finite.length)), 5), MOST_RANGES)
  // Equal values have one range around them.
  const wide = largest - least > size * 1e-9
  const [from, count] = wide ? [least, ranges] : [least - size / 20, 1]
  const width = wide ? (largest - least) / ranges : size / 10
  const counts = Array.from({ length: count }, () => 0)
  for (const value of finite) {
    const range = Math.min(Math.floor((value - from) / width), count - 1)
    counts[range] = counts[range]! + 1
  }
  return { from, width, counts }
}
