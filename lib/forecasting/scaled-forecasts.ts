/**
 * Forecasts in the target's unit, from distances on the scale of a series.
 *
 * @module
 */
import { applyCalibration } from './conformal'
import type { ForecastFacts } from './facts'
import type { PreparedOrigin } from './samples'
import { anchorAt } from './tracks'

/**
 * The forecasts of one target from an origin.
 *
 * @param distances - of the origin: [horizon, targets, quantiles]
 * @param target - the target's index
 * @returns [horizon, quantiles]
 */
export function forecastsOf(
  { prepared, origin }: PreparedOrigin,
  distances: Float64Array,
  target: number,
  facts: ForecastFacts,
): Float64Array {
  const { horizon, seasons, quantiles, targets } = facts
  const { track, scale, facts: own } = prepared.targets[target]!
  const values = new Float64Array(horizon * quantiles.length)
  // A series that always changes by the same amount, among others that do not, has no share in what the network learnt.
  const isExact = scale.steady && facts.seriesNames.length > 0
  const deviation = isExact ? 0 : scale.deviation
  for (let i = 0; i < horizon; i++) {
    const begin = (i * targets.length + target) * quantiles.length
    const calibration = own.calibration[i] ?? own.calibration.at(-1)
    const raw = distances.subarray(begin, begin + quantiles.length)
    const calibrated = calibration === undefined ? raw : applyCalibration(calibration, raw)
    const anchor = anchorAt(track, origin, i + 1, own.difference, seasons[0]?.steps)
    const center = anchor + scale.centers[i]!
    for (const [q, distance] of calibrated.entries()) {
      const value = center + deviation * distance
      values[i * quantiles.length + q] = bounded(own.logarithm ? Math.exp(value) : value, facts)
    }
  }
  return values
}

function bounded(value: number, { minimum, maximum }: ForecastFacts): number {
  return Math.min(Math.max(value, minimum ?? -Infinity), maximum ?? Infinity)
}
