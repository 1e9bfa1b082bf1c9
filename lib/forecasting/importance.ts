/**
 * Permutation importance (Breiman 2001): how much the errors grow if the values of a column are exchanged among the
 * forecasts.
 *
 * @module
 */
import type { TableData } from '../tables/series'
import type { FeatureGroup } from './feature-groups'
import { futureGroups } from './future-features'
import { FUTURE, type Network, PAST } from './network'
import { predictQuantiles } from './predicting'
import { pastGroups } from './prepared-series'
import { type PreparedOrigin, inputsOf, type SampleInputs, targetsOf } from './samples'
import { targetValues } from './tracks'

/** The most origins that are forecast for each column. */
const MOST_ORIGINS = 500

/** The relative increase of the mean absolute error by each column, the largest first. */
export async function importanceOf(
  network: Network,
  table: TableData,
  all: readonly PreparedOrigin[],
  signal: AbortSignal | undefined,
): Promise<{ readonly column: string; readonly increase: number }[]> {
  const { facts } = network
  const stride = Math.max(1, Math.ceil(all.length / MOST_ORIGINS))
  const origins = all.filter((_, i) => i % stride === 0)
  const samples = origins.map((origin) => inputsOf(origin, facts))
  const truth = truthOf(table, origins, network)
  const errorOf = async (inputOf: (i: number) => SampleInputs): Promise<number> => {
    const distances = await predictQuantiles(network, samples.length, inputOf, signal)
    return meanError(distances, truth, facts.quantiles.length, facts.quantiles.indexOf(0.5))
  }
  const base = await errorOf((i) => samples[i]!)
  if (base === 0 || !Number.isFinite(base)) return []
  const groups = { [PAST]: pastGroups(facts), [FUTURE]: futureGroups(facts) }
  const columns = [...new Set([...groups[PAST], ...groups[FUTURE]].map(({ column }) => column))]
  const shift = Math.max(1, Math.floor(samples.length / 2))
  const results = []
  for (const column of columns) {
    const error = await errorOf((i) => {
      // The sample half of the part away: its values are as likely, and belong to other rows.
      return exchanged(samples[i]!, samples[(i + shift) % samples.length]!, column, groups)
    })
    results.push({ column, increase: error / base - 1 })
  }
  return results.sort((a, b) => b.increase - a.increase)
}

type Groups = Readonly<Record<typeof PAST | typeof FUTURE, readonly FeatureGroup[]>>

/** A sample with a column's features of another one. Where that one has fewer steps, its first row is repeated. */
function exchanged(
  sample: SampleInputs,
  other: SampleInputs,
  column: string,
  groups: Groups,
): SampleInputs {
  const inputs: Record<string, Float32Array | Int32Array> = { ...sample }
  for (const name of [PAST, FUTURE] as const) {
    const width = groups[name].reduce((sum, group) => sum + group.width, 0)
    const values = sample[name]!.slice() as Float32Array
    const from = other[name]! as Float32Array
    const [steps, fromSteps] = [values.length / width, from.length / width]
    for (const { begin, width: count } of groups[name].filter((group) => group.column === column)) {
      for (let step = 0; step < steps; step++) {
        const source = Math.max(0, fromSteps - steps + step) * width + begin
        values.set(from.subarray(source, source + count), step * width + begin)
      }
    }
    inputs[name] = values
  }
  return inputs
}

function truthOf(
  table: TableData,
  origins: readonly PreparedOrigin[],
  { facts }: Network,
): Float32Array[] {
  const tracks = table.series.map((series) =>
    facts.targets.map(({ name, logarithm }) => targetValues(series, name, logarithm)),
  )
  return origins.map((origin) => targetsOf(origin, tracks[origin.series]!, facts))
}

function meanError(
  distances: Float64Array,
  truth: readonly Float32Array[],
  width: number,
  median: number,
): number {
  let [sum, count, place] = [0, 0, median]
  for (const values of truth) {
    for (const value of values) {
      if (!Number.isNaN(value)) {
        sum += Math.abs(distances[place]! - value)
        count++
      }
      place += width
    }
  }
  return sum / count
}
