/**
 * The pairs of a target and a series: each has its own charts.
 *
 * @module
 */
import type { RunResults } from '../../forecasting/results'

/** A target and a series, by their places in the results' lists. */
export interface Pair {
  readonly target: number
  readonly series: number
}

/** What belongs to a pair. */
interface OfPair {
  readonly target: string
  readonly series: string
}

/** Items by pair, in the order of targets and then of series. Pairs without items are left out. */
export function byPair<Item extends OfPair>(
  { targets, series }: Pick<RunResults, 'targets' | 'series'>,
  items: readonly Item[],
): { readonly pair: Pair; readonly items: readonly Item[] }[] {
  const groups = new Map(targets.map(({ name }) => [name, new Map<string, Item[]>()]))
  for (const item of items) {
    const ofTarget = groups.get(item.target)
    const group = ofTarget?.get(item.series)
    if (group === undefined) ofTarget?.set(item.series, [item])
    else group.push(item)
  }
  return targets.flatMap(({ name }, target) =>
    series.flatMap((seriesName, place) => {
      const found = groups.get(name)!.get(seriesName)
      return found === undefined ? [] : [{ pair: { target, series: place }, items: found }]
    }),
  )
}
