/**
 * Calibrates a forecaster's intervals on the validation part.
 *
 * @module
 */
import { Pauses } from '../pauses'
import { eachRow, inSlices, type Sliced } from '../slices'
import type { TableData } from '../tables/series'
import { calibrate, type Calibration } from './conformal'
import type { ForecastFacts, TargetFacts } from './facts'
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
  const pauses = new Pauses(signal)
  const truth: Float32Array[] = []
  for (const origin of origins) {
    if (pauses.isDue) await pauses.take()
    truth.push(targetsOf(origin, truths[origin.series]!, facts))
  }
  const targets: TargetFacts[] = []
  for (const [j, target] of facts.targets.entries()) {
    const calibration = await inSlices(calibrateTarget(distances, truth, j, facts), pauses)
    targets.push({ ...target, calibration })
  }
  return { ...facts, targets }
}

function* calibrateTarget(
  distances: Float64Array,
  truth: readonly Float32Array[],
  target: number,
  { horizon, targets, quantiles }: ForecastFacts,
): Sliced<Calibration[]> {
  const { length: width } = quantiles
  const isOwn = truth.length >= FEWEST_FOR_STEP
  const rows = isOwn ? truth.length : truth.length * horizon
  const groups = Array.from({ length: isOwn ? horizon : 1 }, () => ({
    predictions: new Float64Array(rows * width),
    truth: new Float64Array(rows),
  }))
  yield* eachRow(truth.length, (i) => {
    for (let step = 0; step < horizon; step++) {
      const group = groups[isOwn ? step : 0]!
      const row = isOwn ? i : i * horizon + step
      const begin = ((i * horizon + step) * targets.length + target) * width
      group.predictions.set(distances.subarray(begin, begin + width), row * width)
      group.truth[row] = truth[i]![step * targets.length + target]!
    }
  })
  const calibrations: Calibration[] = []
  for (const { predictions, truth: known } of groups) {
    calibrations.push(calibrate(quantiles, predictions, known))
    yield
  }
  return calibrations
}
