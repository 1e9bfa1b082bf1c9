/**
 * Seasons of a series: which of some lengths its autocorrelation supports.
 *
 * @module
 */
import type { Sliced } from '../slices'
import { largestMagnitude, mean } from './statistics'

/** A season: its length in steps of the time axis, and its name ('day', 'week', 'year'). */
export interface Season {
  readonly steps: number
  readonly name: string
}

/** A season of a series, with the share of the detrended series' variance that it explains. */
interface Finding {
  readonly season: Season
  readonly share: number
}

/** A season needs this many whole ones in the training part. */
const LEAST_CYCLES = 2

/** From this many whole seasons on, the trend is a moving average; below, it is a straight line. */
const MOVING_CYCLES = 3

/** The standard errors by which an autocorrelation must exceed 0: about 1 in 50 by chance, fewer with a peak. */
const DEVIATIONS = 2

/** A smaller autocorrelation explains too little to be of use, however many rows support it. */
const LEAST_AUTOCORRELATION = 0.1

/** Deviations from the trend that are a smaller share of the values are rounding. */
const ROUNDING = 1e-10

/** The autocorrelation is compared with those at these shares of a season before and after. */
const PEAK_SHARES = [8, 16]

/** Noise is taken to be uncorrelated from this lag on, since the errors of many autocorrelations would add up. */
const LARGEST_NOISE_LAG = 30

/**
 * The seasons that several series have in common: those that the autocorrelation of at least half of the series supports,
 * among the series that are long enough to show them. Those that explain most of the variance come first. It works in
 * slices.
 *
 * A season of s steps needs two whole seasons of rows. The series is detrended by a centred moving average over one
 * season (by a straight line if it has fewer than three seasons), and shorter seasons that were found are subtracted.
 * The autocorrelation at lag s must then be
 * - above 0 by 2 standard errors, which take the autocorrelation of the rest into account (Bartlett 1946), and at
 *   least 0.1;
 * - above that at half a season, which a slow change exceeds;
 * - a peak: not below those at s/8 and s/16 steps before and after s by more than a standard error, so that the season
 *   has this length and not one that is only similar.
 *
 * @param parts The training part of each series. NaN: missing.
 */
export function* findCommonSeasons(
  parts: readonly Float64Array[],
  candidates: readonly Season[],
): Sliced<Season[]> {
  const findings: Finding[] = []
  for (const values of parts) findings.push(...(yield* findingsOf(values, candidates)))
  const common = candidates.flatMap((season) => {
    const long = parts.filter((values) => isLongEnough(knownPart(values), season)).length
    const found = findings.filter((finding) => finding.season === season)
    const share = found.reduce((sum, finding) => sum + finding.share, 0)
    return found.length > 0 && found.length >= long / 2 ? [{ season, share }] : []
  })
  return inOrder(common)
}

function inOrder(findings: readonly Finding[]): Season[] {
  return [...findings].sort((a, b) => b.share - a.share).map(({ season }) => season)
}

function* findingsOf(values: Float64Array, candidates: readonly Season[]): Sliced<Finding[]> {
  const findings: Finding[] = []
  const deviations = aroundLine(scaled(fromFirst(knownPart(values))))
  const variance = meanSquare(deviations)
  if (!(variance > ROUNDING ** 2)) return []
  let rest = deviations
  const shortestFirst = [...candidates].sort((a, b) => a.steps - b.steps)
  for (const season of shortestFirst.filter((one) => isLongEnough(rest, one))) {
    yield
    const detrended = withoutTrend(rest, season.steps)
    yield
    const strength = seasonalAutocorrelation(detrended, season.steps)
    if (strength === undefined) continue
    findings.push({ season, share: (strength * meanSquare(detrended)) / variance })
    rest = withoutProfile(rest, profileOf(detrended, season.steps))
  }
  return findings
}

function isLongEnough(values: Float64Array, { steps }: Season): boolean {
  return values.length >= LEAST_CYCLES * steps
}

/** From the first to the last value that is not missing. */
function knownPart(values: Float64Array): Float64Array {
  let end = values.length
  while (end > 0 && Number.isNaN(values[end - 1])) end--
  let begin = 0
  while (begin < end && Number.isNaN(values[begin])) begin++
  return values.subarray(begin, end)
}

/** What all values have in common is removed before anything is rounded relative to it. */
function fromFirst(values: Float64Array): Float64Array {
  return values.map((value) => value - values[0]!)
}

/** Values up to about 1, so that no square overflows or vanishes. */
function scaled(values: Float64Array): Float64Array {
  const largest = largestMagnitude(values.filter((value) => !Number.isNaN(value)))
  if (largest === 0) return values
  // Two factors, since the power itself may be outside the range of double while its root is not.
  const half = 2 ** Math.round(-Math.log2(largest) / 2)
  return values.map((value) => value * half * half)
}

/** The distances from the straight line with the least squares. */
function aroundLine(values: Float64Array): Float64Array {
  const rows = values.map((value, row) => (Number.isNaN(value) ? NaN : row))
  const center = meanOfKnown(rows)
  const level = meanOfKnown(values)
  let products = 0
  let squares = 0
  values.forEach((value, row) => {
    if (Number.isNaN(value)) return
    products += (row - center) * (value - level)
    squares += (row - center) ** 2
  })
  const slope = squares === 0 ? 0 : products / squares
  return values.map((value, row) => value - level - slope * (row - center))
}

/**
 * The distances from a centred moving average over one season, if there are enough of them: then the first and last half
 * season are missing. Otherwise those from the straight line that rises from season to season as the values do.
 */
function withoutTrend(values: Float64Array, steps: number): Float64Array {
  if (values.length < MOVING_CYCLES * steps) {
    const slope =
      meanOfKnown(values.map((value, row) => value - (values[row - steps] ?? NaN))) / steps
    return centered(values.map((value, row) => value - slope * row))
  }
  const average = movingAverage(values, steps)
  return centered(values.map((value, row) => value - average[row]!))
}

/**
 * The mean over `steps` values around each row; if `steps` is even, the first and last of `steps + 1` values count half.
 * It is missing where fewer than half of them are known.
 */
function movingAverage(values: Float64Array, steps: number): Float64Array {
  const sums = new Float64Array(values.length + 1)
  const counts = new Float64Array(values.length + 1)
  values.forEach((value, row) => {
    sums[row + 1] = sums[row]! + (Number.isNaN(value) ? 0 : value)
    counts[row + 1] = counts[row]! + (Number.isNaN(value) ? 0 : 1)
  })
  const before = Math.floor((steps - 1) / 2)
  const after = Math.floor(steps / 2)
  /** The windows that reach further back and further on are the same one if `steps` is odd. */
  const over = (totals: Float64Array, row: number): number =>
    totals[row + after + 1]! -
    totals[row - before]! +
    totals[row + before + 1]! -
    totals[row - after]!
  return values.map((_, row) => {
    if (row < after || row + after >= values.length) return NaN
    const count = over(counts, row)
    return count < steps ? NaN : over(sums, row) / count
  })
}

/** The autocorrelation at lag `steps` if it is that of a season of this length. */
function seasonalAutocorrelation(values: Float64Array, steps: number): number | undefined {
  const { length } = values.filter((value) => !Number.isNaN(value))
  if (length === 0 || meanSquare(values) <= ROUNDING ** 2) return undefined
  const strength = autocorrelation(values, steps)
  const error = standardError(withoutProfile(values, profileOf(values, steps)), steps)
  if (!(strength > Math.max(DEVIATIONS * error, LEAST_AUTOCORRELATION))) return undefined
  const beside = PEAK_SHARES.flatMap((share) => {
    const distance = Math.max(Math.round(steps / share), 1)
    return [steps - distance, steps + distance].map((lag) => autocorrelation(values, lag))
  })
  const isPeak =
    autocorrelation(values, Math.floor(steps / 2)) < strength &&
    beside.every((other) => !(other > strength + error))
  return isPeak ? strength : undefined
}

/** The correlation of the values with those `lag` rows before; NaN if no two of them are known. The mean must be about 0. */
function autocorrelation(values: Float64Array, lag: number): number {
  let products = 0
  let squares = 0
  let squaresBefore = 0
  for (let row = lag; row < values.length; row++) {
    const value = values[row]!
    const before = values[row - lag]!
    if (Number.isNaN(value) || Number.isNaN(before)) continue
    products += value * before
    squares += value ** 2
    squaresBefore += before ** 2
  }
  return products / Math.sqrt(squares * squaresBefore)
}

/** The standard error of an autocorrelation at lag `steps` if there is no season, but the noise's own autocorrelation. */
function standardError(noise: Float64Array, steps: number): number {
  let pairs = 0
  for (let row = steps; row < noise.length; row++) {
    if (!Number.isNaN(noise[row]! + noise[row - steps]!)) pairs++
  }
  let sum = 1
  for (let lag = 1; lag < Math.min(steps, LARGEST_NOISE_LAG); lag++) {
    // It does not exist where the noise is 0: then the season is exact.
    sum += 2 * (autocorrelation(noise, lag) || 0) ** 2
  }
  return Math.sqrt(sum / pairs)
}

/** The mean at each place of a season; 0 where none is known. */
function profileOf(values: Float64Array, steps: number): Float64Array {
  const sums = new Float64Array(steps)
  const counts = new Float64Array(steps)
  values.forEach((value, row) => {
    if (Number.isNaN(value)) return
    sums[row % steps]! += value
    counts[row % steps]! += 1
  })
  return sums.map((sum, place) => (counts[place] === 0 ? 0 : sum / counts[place]!))
}

function withoutProfile(values: Float64Array, profile: Float64Array): Float64Array {
  return values.map((value, row) => value - profile[row % profile.length]!)
}

function centered(values: Float64Array): Float64Array {
  const center = meanOfKnown(values)
  return values.map((value) => value - center)
}

/** 0 if all values are missing. */
function meanOfKnown(values: Float64Array): number {
  const known = values.filter((value) => !Number.isNaN(value))
  return known.length === 0 ? 0 : mean(known)
}

/** Of the values that are not missing; NaN if there are none. */
function meanSquare(values: Float64Array): number {
  const known = values.filter((value) => !Number.isNaN(value))
  return known.reduce((sum, value) => sum + value ** 2, 0) / known.length
}
