/**
 * Forecasts beyond the model's horizon: each further block of steps is forecast from the medians before it, as if they were
 * known values.
 *
 * @module
 */
import type { NonSharedFloat64Array } from '../../binding'
import { argumentError } from '../errors'
import type { Series, TableData } from '../tables/series'
import { forecastOrigins, pathsOf } from './evaluation'
import type { ForecastFacts } from './facts'
import { timeOfRow } from './calendar-rows'
import type { Network } from './network'
import { historyOf, lastOrigins } from './parts'
import { Pauses } from '../pauses'
import { inSlices } from '../slices'
import type { ForecastPath } from './results'

/** Cuts or extends the forecasts of every series and target to a number of steps. */
export async function extendForecasts(
  network: Network,
  table: TableData,
  paths: readonly ForecastPath[],
  horizon: number,
  signal: AbortSignal | undefined,
): Promise<ForecastPath[]> {
  const { facts } = network
  const direct = facts.horizon
  if (horizon > direct && facts.version === 1) {
    const expected = `${direct}, the horizon of a model of version 1`
    throw argumentError('ERR_GRU_VALUE', 'horizon', expected, String(horizon))
  }
  let all = [...paths]
  for (let steps = direct; steps < horizon; steps += direct) {
    const further = await forecastAfter(network, table, all, signal)
    all = all.map((path, i) => joinPaths(path, further[i]!, facts))
  }
  return all.map((path) => cutPath(path, horizon))
}

async function forecastAfter(
  network: Network,
  table: TableData,
  paths: readonly ForecastPath[],
  signal: AbortSignal | undefined,
): Promise<ForecastPath[]> {
  const { facts } = network
  const bySeries = new Map<string, ForecastPath[]>()
  for (const path of paths) bySeries.set(path.series, [...(bySeries.get(path.series) ?? []), path])
  const pauses = new Pauses(signal)
  const series: Series[] = []
  for (const own of table.series) {
    if (pauses.isDue) await pauses.take()
    series.push(withMedians(own, bySeries.get(own.name) ?? [], facts))
  }
  const extended = { ...table, path: table.path, series }
  const steps = paths[0]!.times.length
  const names = facts.targets.map(({ name }) => name)
  const ends = lastOrigins(table, names, facts.fewestRows).map(({ series: index, origins }) => ({
    series: index,
    origins: [origins[0]! + steps],
  }))
  const forecasts = await forecastOrigins(network, extended, ends, signal)
  return inSlices(pathsOf(extended, facts, forecasts), pauses)
}

/** A series whose targets go on with the medians of their forecasts. Other columns are missing in rows that it has not. */
function withMedians(series: Series, paths: readonly ForecastPath[], facts: ForecastFacts): Series {
  if (paths.length === 0) return series
  const names = facts.targets.map(({ name }) => name)
  const end = historyOf(series, names)
  const steps = paths[0]!.times.length
  const rows = Math.max(series.rows, end + steps)
  const numbers = new Map<string, NonSharedFloat64Array>()
  for (const [name, values] of series.numbers) {
    const longer = new Float64Array(rows).fill(NaN)
    longer.set(values)
    numbers.set(name, longer)
  }
  const median = facts.quantiles.indexOf(0.5)
  for (const { target, quantiles } of paths) numbers.get(target)!.set(quantiles[median]!, end)
  const times = new Float64Array(rows)
  times.set(series.times)
  for (let row = series.rows; row < rows; row++) {
    times[row] = timeOfRow(series, row, facts.time)
  }
  const categories = new Map<string, readonly (string | undefined)[]>()
  for (const [name, values] of series.categories) {
    categories.set(
      name,
      Array.from({ length: rows }, (_, row) => values[row]),
    )
  }
  const lines = new Int32Array(rows)
  lines.set(series.lines)
  return { name: series.name, rows, times, numbers, categories, lines }
}

/**
 * The errors of a block come on top of those of the median that it starts from: the distances of its quantiles from its
 * median and those of the last step before are added as independent errors are.
 */
function joinPaths(path: ForecastPath, further: ForecastPath, facts: ForecastFacts): ForecastPath {
  const median = facts.quantiles.indexOf(0.5)
  const quantiles = path.quantiles.map((before, q) => {
    const start = before.at(-1)! - path.quantiles[median]!.at(-1)!
    const after = further.quantiles[q]!.map((value, i) => {
      const center = further.quantiles[median]![i]!
      return center + Math.sign(q - median) * Math.hypot(value - center, start)
    })
    return [...before, ...after]
  })
  const times = [...path.times, ...further.times]
  return { ...path, times, quantiles, truth: [...path.truth, ...further.truth] }
}

function cutPath(path: ForecastPath, steps: number): ForecastPath {
  return {
    ...path,
    times: path.times.slice(0, steps),
    quantiles: path.quantiles.map((values) => values.slice(0, steps)),
    truth: path.truth.slice(0, steps),
    direct: Math.min(path.direct, steps),
  }
}
