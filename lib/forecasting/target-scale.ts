/**
 * The scale on which the model forecasts a target: its distance from what the forecast is added to, with mean 0 and
 * deviation 1 over the training part, for each series.
 *
 * @module
 */
import type { Sliced } from '../slices'
import { deviationBeyondRounding } from './rounding'
import type { Difference } from './options'
import type { Origins } from './parts'
import { largestMagnitude, mean, median, standardDeviation, withoutOutliers } from './statistics'
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
 * Learns the scale of a series, in slices.
 *
 * @param end - one after the last row that may be read
 * @param origins - their forecasts end before `end`
 * @returns undefined if there are too few values
 */
export function* fitSeriesScale(
  track: Track,
  end: number,
  origins: readonly number[],
  horizon: number,
  difference: Difference,
  season: number | undefined,
): Sliced<SeriesScale | undefined> {
  const values = withoutMissing(track.values.subarray(0, end))
  if (values.length < FEWEST_ROWS) return undefined
  const magnitude = largestMagnitude(values)
  const spread = deviationBeyondRounding(values, magnitude)
  yield
  const change = deviationBeyondRounding(changesOf(track.carried.subarray(0, end)), magnitude)
  yield
  const steps = distancesByStep(track, origins, horizon, difference, season)
  const all = joined(steps)
  const overall = all.length === 0 ? 0 : mean(all)
  const centers = steps.map((distances) => {
    return distances.length < FEWEST_FOR_CENTERS ? overall : mean(distances)
  })
  const rest = joined(steps.map((distances, i) => distances.map((value) => value - centers[i]!)))
  const deviation = deviationBeyondRounding(rest, magnitude)
  return {
    level: mean(values),
    spread: spread || 1,
    change: change || spread || 1,
    centers,
    deviation: deviation || spread || 1,
    steady: all.length > 0 && deviation === 0,
  }
}

/** The changes from row to row. */
function changesOf(values: Float64Array): Float64Array {
  return withoutMissing(values.subarray(1).map((value, i) => value - values[i]!))
}

/**
 * For each step ahead the distances of the truth from what its forecast is added to, and from a center.
 */
function distancesByStep(
  track: Track,
  origins: readonly number[],
  horizon: number,
  difference: Difference,
  season: number | undefined,
  centerAt: CenterAt = () => 0,
): Float64Array[] {
  return Array.from({ length: horizon }, (_, i) => {
    const distances = origins.map((origin) => {
      const anchor = anchorAt(track, origin, i + 1, difference, season)
      return track.values[origin + i + 1]! - anchor - centerAt(origin + i + 1, i)
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

/** Differences are compared on the last share of the training part. */
const COMPARED = 0.3
/** Fewer forecasts there say nothing. */
const FEWEST_COMPARED = 4

/**
 * The difference with the smallest mean absolute distance at the end of the training part, relative to the spread of each
 * series and without the weight of outliers, in slices. What it is measured with is learnt from the rows before, so that a level that does not stay is not preferred. A
 * series that is too short for that is compared as a whole.
 *
 * @param season - undefined if there is none
 */
export function* chooseDifference(
  tracks: readonly TrainingTrack[],
  horizon: number,
  season: number | undefined,
): Sliced<Difference> {
  const candidates: Difference[] =
    season === undefined ? ['last', 'none'] : ['last', 'seasonal', 'seasonalTrend', 'none']
  const costs: number[] = []
  for (const difference of candidates) {
    const distances: Float64Array[] = []
    for (const training of tracks) {
      distances.push(yield* distancesAhead(training, horizon, difference, season))
      yield
    }
    const all = joined(distances)
    costs.push(all.length === 0 ? Infinity : mean(all))
  }
  return candidates[costs.indexOf(Math.min(...costs))]!
}

/** The distances at the end of the training part, relative to the spread of the rows before. */
function* distancesAhead(
  training: TrainingTrack,
  horizon: number,
  difference: Difference,
  season: number | undefined,
): Sliced<Float64Array> {
  const { track } = training
  const { cut, before, after } = divide(training, horizon)
  const values = track.values.subarray(0, cut)
  const known = withoutMissing(values)
  if (known.length < FEWEST_ROWS) return new Float64Array(0)
  const spread = deviationBeyondRounding(known) || 1
  yield
  // The network knows the calendar: without a difference it can forecast the center of each place in a season.
  const centerAt =
    difference === 'none'
      ? centersOfPlaces(values, season)
      : centersOfSteps(distancesByStep(track, before, horizon, difference, season))
  yield
  const steps = distancesByStep(track, after, horizon, difference, season, centerAt)
  return withoutOutliers(joined(steps)).map((distance) => Math.abs(distance) / spread)
}

/** What is subtracted from a distance, by the row of the truth and the step from 0. */
type CenterAt = (row: number, step: number) => number

/** The median of each step's distances, or of all if there are few. */
function centersOfSteps(steps: readonly Float64Array[]): CenterAt {
  const overall = median(joined(steps)) || 0
  const centers = steps.map((distances) =>
    distances.length < FEWEST_FOR_CENTERS ? overall : median(distances),
  )
  return (_row, step) => centers[step]!
}

/** The median at each place in a season; without a season there is one place. */
function centersOfPlaces(values: Float64Array, season = 1): CenterAt {
  const centers = Array.from({ length: season }, (_, place) => {
    const count = Math.ceil((values.length - place) / season)
    const own = Float64Array.from({ length: count }, (_unused, i) => values[place + i * season]!)
    return median(withoutMissing(own))
  })
  return (row) => centers[row % season]!
}

/** The rows and origins to learn from, and the origins to compare. */
function divide(
  { end, origins }: TrainingTrack,
  horizon: number,
): { cut: number; before: Origins['origins']; after: Origins['origins'] } {
  const cut = Math.floor(end * (1 - COMPARED))
  const after = origins.filter((origin) => origin + 1 >= cut)
  if (after.length < FEWEST_COMPARED) return { cut: end, before: origins, after: origins }
  return { cut, before: origins.filter((origin) => origin + horizon < cut), after }
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
 * of the mean, and grows about as fast. The changes over a season must also be steadier as logarithms: within a season the
 * level may go with the changes by chance, as the hours do at which a temperature is high and moves.
 *
 * @param season - undefined if there is none
 */
export function suggestsLogarithm(values: Float64Array, season: number | undefined): boolean {
  const known = withoutMissing(values)
  const size = Math.floor(known.length / BLOCKS)
  if (size < FEWEST_IN_BLOCK || known.some((value) => value <= 0)) return false
  const blocks = Array.from({ length: BLOCKS }, (_, i) => known.subarray(i * size, (i + 1) * size))
  const levels = Float64Array.from(blocks, (block) => Math.log(mean(withoutOutliers(block))))
  const changes = Float64Array.from(blocks, (block) => {
    return Math.log(standardDeviation(withoutOutliers(changesOf(block))))
  })
  if (!changes.every(Number.isFinite)) return false
  if (Math.max(...levels) - Math.min(...levels) < Math.log(LEAST_RATIO)) return false
  const [ofLevels, ofChanges] = [standardDeviation(levels), standardDeviation(changes)]
  if (ofLevels === 0 || ofChanges === 0) return false
  const [center, middle] = [mean(levels), mean(changes)]
  const products = levels.map((level, i) => (level - center) * (changes[i]! - middle))
  const correlation = mean(products) / (ofLevels * ofChanges)
  const slope = (correlation * ofChanges) / ofLevels
  const isInProportion = correlation >= LEAST_CORRELATION && slope > 0.5 && slope < 2
  return isInProportion && isSteadierAsLogarithm(known, season)
}

/**
 * Whether normally distributed changes of the logarithms have a higher likelihood than such changes of the values (Box and
 * Cox 1964).
 */
function isSteadierAsLogarithm(values: Float64Array, season = 1): boolean {
  const lag = 2 * season > values.length ? 1 : season
  const deviationOfChanges = (numbers: Float64Array): number =>
    standardDeviation(withoutOutliers(numbers.subarray(lag).map((value, i) => value - numbers[i]!)))
  const logarithms = values.map(Math.log)
  const geometricMean = Math.exp(mean(logarithms))
  return geometricMean * deviationOfChanges(logarithms) < deviationOfChanges(values)
}
