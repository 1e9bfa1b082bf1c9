/**
 * The network's inputs and targets for origins of a table.
 *
 * @module
 */
import type { TableData } from '../tables/series'
import { prepareCalendar } from './calendar-rows'
import type { ForecastFacts } from './facts'
import { futureInput, futureWidth } from './future-features'
import { FUTURE, FUTURE_SERIES, knowsSeries, PAST, PAST_SERIES } from './network'
import type { Origins } from './parts'
import { Pauses } from '../pauses'
import { inSlices } from '../slices'
import {
  lastWindow,
  pastInput,
  pastWidth,
  prepareSeries,
  type PreparedSeries,
} from './prepared-series'
import { anchorAt } from './tracks'

/** The network's inputs for one origin. */
export type SampleInputs = Readonly<Record<string, Float32Array | Int32Array>>

/** An origin of a series that is ready to be read. */
export interface PreparedOrigin {
  readonly series: number
  readonly origin: number
  readonly prepared: PreparedSeries
}

/**
 * The origins of some series, ready to be read. A series of the training part has one scale, and its features are
 * computed once; any other series is prepared for each origin from the rows up to there.
 *
 * @throws the signal's reason if it was aborted
 */
export async function prepareOrigins(
  table: TableData,
  facts: ForecastFacts,
  part: readonly Origins[],
  signal: AbortSignal | undefined,
): Promise<PreparedOrigin[]> {
  const pauses = new Pauses(signal)
  const prepared: PreparedOrigin[] = []
  for (const { series: index, origins } of part) {
    if (origins.length === 0) continue
    if (pauses.isDue) await pauses.take()
    const series = table.series[index]!
    const end = origins.reduce((last, origin) => Math.max(last, origin), 0) + 1
    await prepareCalendar(series, Math.max(series.rows, end + facts.horizon), facts, pauses)
    const hasScales = facts.targets.every(({ scales }) => Object.hasOwn(scales, series.name))
    const prepare = (rows: number): Promise<PreparedSeries> =>
      inSlices(prepareSeries(series, rows, facts), pauses)
    const whole = hasScales ? await prepare(end) : undefined
    for (const origin of origins) {
      const own = whole ?? lastWindow(await prepare(origin + 1), facts)
      prepared.push({ series: index, origin, prepared: own })
    }
  }
  return prepared
}

/** What the network reads for an origin. Its past has up to `window` steps. */
export function inputsOf({ prepared, origin }: PreparedOrigin, facts: ForecastFacts): SampleInputs {
  const width = pastWidth(facts)
  const past = pastInput(prepared, origin, facts.window, width)
  if (facts.version === 1) return { [PAST]: past, [FUTURE]: new Float32Array(0) }
  const inputs = {
    [PAST]: past,
    [FUTURE]: futureInput(prepared, origin, facts, futureWidth(facts)),
  }
  if (!knowsSeries(facts)) return inputs
  return {
    ...inputs,
    [PAST_SERIES]: new Int32Array(past.length / width).fill(prepared.token),
    [FUTURE_SERIES]: new Int32Array(facts.horizon).fill(prepared.token),
  }
}

/**
 * What the network should give for an origin: [horizon, targets], distances on the scale of the series. NaN where the truth
 * is missing.
 *
 * @param truths - for each target its values, as logarithms where it is forecast as such; rows after the origin are read
 */
export function targetsOf(
  { prepared, origin }: PreparedOrigin,
  truths: readonly Float64Array[],
  { horizon, seasons }: ForecastFacts,
): Float32Array {
  const { targets } = prepared
  const values = new Float32Array(horizon * targets.length)
  for (const [j, { track, scale, facts }] of targets.entries()) {
    for (let i = 0; i < horizon; i++) {
      const anchor = anchorAt(track, origin, i + 1, facts.difference, seasons[0]?.steps)
      const truth = truths[j]![origin + i + 1] ?? NaN
      values[i * targets.length + j] = (truth - anchor - scale.centers[i]!) / scale.deviation
    }
  }
  return values
}

/** Samples side by side as the inputs of one call. Shorter pasts are padded. */
export function joinSamples(
  samples: readonly SampleInputs[],
  facts: ForecastFacts,
): {
  readonly inputs: Record<string, Float32Array | Int32Array>
  readonly batch: number
  readonly lengths: Record<string, number[]>
} {
  const width = pastWidth(facts)
  const lengths = samples.map((sample) => sample[PAST]!.length / width)
  const steps = Math.max(...lengths)
  const inputs = {
    [PAST]: joinPadded(Float32Array, samples, PAST, steps * width),
    [FUTURE]: joinPadded(Float32Array, samples, FUTURE, samples[0]![FUTURE]!.length),
  }
  const { length: batch } = samples
  if (!knowsSeries(facts)) return { inputs, batch, lengths: { [PAST]: lengths } }
  const series = {
    [PAST_SERIES]: joinPadded(Int32Array, samples, PAST_SERIES, steps),
    [FUTURE_SERIES]: joinPadded(Int32Array, samples, FUTURE_SERIES, facts.horizon),
  }
  const all = { [PAST]: lengths, [PAST_SERIES]: lengths }
  return { inputs: { ...inputs, ...series }, batch, lengths: all }
}

function joinPadded<A extends Float32Array | Int32Array>(
  Type: new (length: number) => A,
  samples: readonly SampleInputs[],
  name: string,
  size: number,
): A {
  const joined = new Type(samples.length * size)
  for (const [i, sample] of samples.entries()) joined.set(sample[name]!, i * size)
  return joined
}
