/**
 * Calibrates a forecaster's intervals on the validation part.
 *
 * @module
 */
import type { TableData } from '../tables/series'
import { calibrate, type Calibration } from './conformal'
import type { ForecastFacts } from './facts'
import type { Network } from './network'
import type { Origins } from './parts'
import { predictQuantiles } from './predicting'
import { inputsOf, prepareOrigins, targetsOf } from './samples'
import { targetValues } from './tracks'

/** Each step ahead has a calibration of its own from this many forecasts on. Fewer have one for all steps. */
const FEWEST_FOR_STEP = 25

/**
 * The facts with calibrations of all targets. They are on the scale of each series, so that one calibration serves series of
 * all sizes.
 */
export async function calibrateOn(
  network: Network,
  table: TableData,
  part: readonly Origins[],
  signal: AbortSignal | undefined,
): Promise<ForecastFacts> {
  const { facts } = network
  const origins = await prepareOrigins(table, facts, part, signal)
  const inputs = (i: number): ReturnType<typeof inputsOf> => inputsOf(origins[i]!, facts)
  const distances = await predictQuantiles(network, origins.length, inputs, signal)
  const truths = table.series.map((series) =>
    facts.targets.map(({ name, logarithm }) => targetValues(series, name, logarithm)),
  )
  const truth = origins.map((origin) => targetsOf(origin, truths[origin.series]!, facts))
  const targets = facts.targets.map((target, j) => ({
    ...target,
    calibration: calibrateTarget(distances, truth, j, facts),
  }))
  return { ...facts, targets }
}

function calibrateTarget(
  distances: Float64Array,
  truth: readonly Float32Array[],
  target: number,
  { horizon, targets, quantiles }: ForecastFacts,
): Calibration[] {
  const { length: width } = quantiles
  const isOwn = truth.length >= FEWEST_FOR_STEP
  const rows = isOwn ? truth.length : truth.length * horizon
  const groups = Array.from({ length: isOwn ? horizon : 1 }, () => ({
    predictions: new Float64Array(rows * width),
    truth: new Float64Array(rows),
  }))
  for (const [i, own] of truth.entries()) {
    for (let step = 0; step < horizon; step++) {
      const group = groups[isOwn ? step : 0]!
      const row = isOwn ? i : i * horizon + step
      const begin = ((i * horizon + step) * targets.length + target) * width
      group.predictions.set(distances.subarray(begin, begin + width), row * width)
      group.truth[row] = own[step * targets.length + target]!
    }
  }
  return groups.map(({ predictions, truth: known }) => calibrate(quantiles, predictions, known))
}
