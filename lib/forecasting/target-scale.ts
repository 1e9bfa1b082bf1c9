/**
 * The scale on which the model forecasts a target: its distance from what the forecast is added to, with mean 0 and
 * deviation 1 over the training part, for each series.
 *
 * @module
 */
import { isConstant } from './rounding'
import type { Difference } from './options'
import type { Origins } from './parts'
import { mean, standardDeviation } from './statistics'
import { anchorAt, type Track } from './tracks'

/** The scale of one target in one series. */
export interface SeriesScale {
  /** Of the target's values. */
  readonly level: number
  readonly spread: number
  /** The deviation of the target's changes from row to row. */
  readonly change: number
  /** For each step ahead the mean of the distances. */
  readonly centers: readonly number[]
  /** The deviation of the distances from these means. */
  readonly deviation: number
  /** Whether all distances are the same but for rounding: there is nothing to learn. */
  readonly steady: boolean
}

/** Fewer rows than these have no scale of their own. */
const FEWEST_ROWS = 4
/** Each step has a mean of its own from this many origins on. Fewer have one for all steps. */
const FEWEST_FOR_CENTERS = 20

/**
 * Learns the scale of a series.
 *
 * @param end - one after the last row that may be read
 * @param origins - their forecasts end before `end`
 * @returns undefined if there are too few values
 */
export function fitSeriesScale(
  track: Track,
  end: number,
  origins: readonly number[],
  horizon: number,
  difference: Difference,
  season: number | undefined,
): SeriesScale | undefined {
  const values = withoutMissing(track.values.subarray(0, end))
  if (values.length < FEWEST_ROWS) return undefined
  const steps = distancesByStep(track, origins, horizon, difference, season)
  const all = joined(steps)
  const magnitude = values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0)
  const overall = all.length === 0 ? 0 : mean(all)
  const centers = steps.map((distances) => {
    return distances.length < FEWEST_FOR_CENTERS ? overall : mean(distances)
  })
  const rest = joined(steps.map((distances, i) => distances.map((value) => value - centers[i]!)))
  const changes = withoutMissing(
    track.carried.subarray(1, end).map((value, i) => value - track.carried[i]!),
  )
  const deviationOf = (numbers: Float64Array): number =>
    numbers.length === 0 || isConstant(numbers, magnitude) ? 0 : standardDeviation(numbers)
  const deviation = deviationOf(rest)
  const spread = deviationOf(values)
  return {
    level: mean(values),
    spread: spread || 1,
    change: deviationOf(changes) || spread || 1,
    centers,
    deviation: deviation || spread || 1,
    steady: all.length > 0 && deviation === 0,
  }
}

/** For each step ahead the distances of the truth from what its forecast is added to. */
function distancesByStep(
  track: Track,
  origins: readonly number[],
  horizon: number,
  difference: Difference,
  season: number | undefined,
): Float64Array[] {
  return Array.from({ length: horizon }, (_, i) => {
    const distances = origins.map((origin) => {
      return track.values[origin + i + 1]! - anchorAt(track, origin, i + 1, difference, season)
    })
    return withoutMissing(Float64Array.from(distances))
  })
}

function joined(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0))
  let offset = 0
  for (const part of parts) {
    all.set(part, offset)
    offset += part.length
  }
  return all
}

function withoutMissing(values: Float64Array): Float64Array {
  return values.filter((value) => !Number.isNaN(value))
}

/** A series of the training part, for choosing a difference. */
export interface TrainingTrack {
  readonly track: Track
  readonly end: number
  readonly origins: Origins['origins']
}

/**
 * The difference with the smallest mean absolute distance over the training part, relative to the spread of each series.
 *
 * @param season - undefined if there is none
 */
export function chooseDifference(
  tracks: readonly TrainingTrack[],
  horizon: number,
  season: number | undefined,
): Difference {
  const candidates: Difference[] =
    season === undefined ? ['last', 'none'] : ['last', 'seasonal', 'seasonalTrend', 'none']
  const costs = candidates.map((difference) => {
    let [sum, count] = [0, 0]
    for (const { track, end, origins } of tracks) {
      const scale = fitSeriesScale(track, end, origins, horizon, difference, season)
      if (scale === undefined) continue
      for (const [i, distances] of distancesByStep(
        track,
        origins,
        horizon,
        difference,
        season,
      ).entries()) {
        for (const distance of distances) {
          sum += Math.abs(distance - scale.centers[i]!) / scale.spread
          count++
        }
      }
    }
    return count === 0 ? Infinity : sum / count
  })
  return candidates[costs.indexOf(Math.min(...costs))]!
}

/** The most origins that choosing a difference looks at, over all series. */
const MOST_ORIGINS = 2000

/** Every n-th origin, so that few enough remain. */
export function thinOrigins(
  tracks: readonly TrainingTrack[],
  most = MOST_ORIGINS,
): TrainingTrack[] {
  const count = tracks.reduce((sum, { origins }) => sum + origins.length, 0)
  const stride = Math.max(1, Math.ceil(count / most))
  if (stride === 1) return [...tracks]
  return tracks.map((training) => {
    return { ...training, origins: training.origins.filter((_, i) => i % stride === 0) }
  })
}

/** The training part is looked at in this many blocks, to see whether it varies more where it is larger. */
const BLOCKS = 8
const FEWEST_IN_BLOCK = 6
/** Levels that differ by less say nothing. */
const LEAST_RATIO = 1.3
const LEAST_CORRELATION = 0.7

/**
 * Whether a target should be forecast as its logarithm: all values are above 0, and the changes from row to row are in
 * proportion to the level. Over blocks of the training part, the logarithm of the changes' deviation is correlated with that
 * of the mean, and grows about as fast.
 */
export function suggestsLogarithm(values: Float64Array): boolean {
  const known = withoutMissing(values)
  const size = Math.floor(known.length / BLOCKS)
  if (size < FEWEST_IN_BLOCK || known.some((value) => value <= 0)) return false
  const blocks = Array.from({ length: BLOCKS }, (_, i) => known.subarray(i * size, (i + 1) * size))
  const levels = Float64Array.from(blocks, (block) => Math.log(mean(block)))
  const changes = Float64Array.from(blocks, (block) => {
    return Math.log(standardDeviation(block.subarray(1).map((value, i) => value - block[i]!)))
  })
  if (!changes.every(Number.isFinite)) return false
  if (Math.max(...levels) - Math.min(...levels) < Math.log(LEAST_RATIO)) return false
  const [ofLevels, ofChanges] = [standardDeviation(levels), standardDeviation(changes)]
  if (ofLevels === 0 || ofChanges === 0) return false
  const [center, middle] = [mean(levels), mean(changes)]
  const products = levels.map((level, i) => (level - center) * (changes[i]! - middle))
  const correlation = mean(products) / (ofLevels * ofChanges)
  const slope = (correlation * ofChanges) / ofLevels
  return correlation >= LEAST_CORRELATION && slope > 0.5 && slope < 2
}
