/**
 * Calibration of quantiles, so that intervals cover the share of the truth that they say.
 *
 * It is conformalized quantile regression (Romano, Patterson and Candès 2019), with one shift for both ends of an
 * interval. Intervals are built from the inside out: each holds the one inside it, and the innermost holds the median.
 * So calibrated quantiles never cross, and the share that an interval covers is known exactly.
 *
 * @module
 */

/** What is added to each quantile. Plain data, which JSON keeps. */
export interface Calibration {
  /** Increasing, between 0 and 1. */
  readonly quantiles: readonly number[]
  /** For each quantile, in the target's unit. 0 for the median. */
  readonly shifts: readonly number[]
}

/** The two ends of an interval, or a quantile that has no partner and bounds one side only. */
interface Group {
  /** The index of the lower end among the quantiles; undefined if that side is open. */
  readonly low: number | undefined
  readonly high: number | undefined
  /** The share of the truth that should be inside. */
  readonly share: number
}

/** Quantiles q and p are partners if q + p differs from 1 by less than this. */
const PAIR_SLACK = 1e-9

/**
 * The shifts with which the quantiles cover their share of a calibration set.
 *
 * For quantiles q and 1 - q both ends move outwards by the same distance (inwards if it is negative), such that the
 * number of truths inside is as near to (1 - 2 q) n as the set allows: that is the nearest whole number, except where
 * truths at the same distance are inside or outside together. Of two numbers equally near, the larger is taken. A
 * quantile without a partner is shifted alone. The median stays.
 *
 * @param quantiles Increasing, between 0 and 1.
 * @param predictions [n, quantiles]. Rows in which quantiles cross are sorted first.
 * @param truth [n]. Rows with a NaN are left out; if none is left, nothing is shifted.
 */
export function calibrate(
  quantiles: readonly number[],
  predictions: Float64Array,
  truth: Float64Array,
): Calibration {
  const rows = knownRows(quantiles.length, predictions, truth)
  const bounds = rows.map(({ sorted }) => innermost(quantiles, sorted))
  const shifts = quantiles.map(() => 0)
  for (const group of groupsOf(quantiles)) {
    const scores = rows.map(({ sorted, y }, row) => distanceOutside(group, sorted, bounds[row]!, y))
    const isInside = (distance: number, row: number): boolean => {
      const { low, high } = moved(group, rows[row]!.sorted, bounds[row]!, distance)
      return isAbove(group.low, rows[row]!.y, low) && isBelow(group.high, rows[row]!.y, high)
    }
    const count = (distance: number): number =>
      rows.reduce((sum, _, row) => sum + Number(isInside(distance, row)), 0)
    const distance = bestDistance(scores, group.share * rows.length, count)
    rows.forEach(({ sorted }, row) => {
      bounds[row] = moved(group, sorted, bounds[row]!, distance)
    })
    if (group.low !== undefined) shifts[group.low] = 0 - distance
    if (group.high !== undefined) shifts[group.high] = distance
  }
  return { quantiles, shifts }
}

/**
 * The calibrated quantiles [n, quantiles], in increasing order.
 *
 * @param predictions [n, quantiles] of the calibration's quantiles.
 */
export function applyCalibration(
  { quantiles, shifts }: Calibration,
  predictions: Float64Array,
): Float64Array {
  const width = quantiles.length
  const groups = groupsOf(quantiles)
  const result = new Float64Array(predictions.length)
  for (let begin = 0; begin < predictions.length; begin += width) {
    const sorted = predictions.slice(begin, begin + width).sort()
    result.set(sorted, begin)
    let bounds = innermost(quantiles, sorted)
    for (const group of groups) {
      bounds = moved(group, sorted, bounds, distanceOf(group, shifts))
      if (group.low !== undefined) result[begin + group.low] = bounds.low
      if (group.high !== undefined) result[begin + group.high] = bounds.high
    }
  }
  return result
}

/** The ends of an interval. */
interface Bounds {
  readonly low: number
  readonly high: number
}

interface KnownRow {
  readonly sorted: Float64Array
  readonly y: number
}

function knownRows(width: number, predictions: Float64Array, truth: Float64Array): KnownRow[] {
  const rows = Array.from(truth, (y, row) => ({
    sorted: predictions.slice(row * width, (row + 1) * width).sort(),
    y,
  }))
  return rows.filter(({ sorted, y }) => !Number.isNaN(y) && sorted.every((x) => !Number.isNaN(x)))
}

/** The groups of quantiles beside the median, from the inside out. */
function groupsOf(quantiles: readonly number[]): Group[] {
  const groups = quantiles.flatMap((quantile, index): Group[] => {
    if (isPair(quantile, quantile)) return []
    const partner = quantiles.findIndex((other) => isPair(quantile, other))
    if (quantile > 0.5) {
      return partner < 0 ? [{ low: undefined, high: index, share: quantile }] : []
    }
    return partner < 0
      ? [{ low: index, high: undefined, share: 1 - quantile }]
      : [{ low: index, high: partner, share: 1 - 2 * quantile }]
  })
  const distanceFromMedian = ({ low, high }: Group): number =>
    Math.abs(quantiles[low ?? high!]! - 0.5)
  return groups.sort((a, b) => distanceFromMedian(a) - distanceFromMedian(b))
}

function isPair(quantile: number, other: number): boolean {
  return Math.abs(quantile + other - 1) < PAIR_SLACK
}

/** The median; without one, the middle between the quantiles beside it. */
function innermost(quantiles: readonly number[], sorted: Float64Array): Bounds {
  const median = quantiles.findIndex((quantile) => isPair(quantile, quantile))
  if (median >= 0) return { low: sorted[median]!, high: sorted[median]! }
  const above = quantiles.findIndex((quantile) => quantile > 0.5)
  const high = sorted[above] ?? sorted.at(-1)!
  const low = sorted[above < 0 ? sorted.length - 1 : above - 1] ?? high
  const middle = low + (high - low) / 2
  return { low: middle, high: middle }
}

/** The interval with its ends moved outwards by `distance`, but never inside the one that it holds. */
function moved(group: Group, sorted: Float64Array, inner: Bounds, distance: number): Bounds {
  const { low, high } = group
  return {
    low: low === undefined ? inner.low : Math.min(sorted[low]! - distance, inner.low),
    high: high === undefined ? inner.high : Math.max(sorted[high]! + distance, inner.high),
  }
}

function distanceOf({ low, high }: Group, shifts: readonly number[]): number {
  return high === undefined ? 0 - shifts[low!]! : shifts[high]!
}

/** How far the ends must at least move for the truth to be inside; -Infinity if it always is. */
function distanceOutside(
  { low, high }: Group,
  sorted: Float64Array,
  inner: Bounds,
  y: number,
): number {
  if (y < inner.low && low !== undefined) return sorted[low]! - y
  if (y > inner.high && high !== undefined) return y - sorted[high]!
  return -Infinity
}

function isAbove(side: number | undefined, y: number, low: number): boolean {
  return side === undefined || y >= low
}

function isBelow(side: number | undefined, y: number, high: number): boolean {
  return side === undefined || y <= high
}

/**
 * The distance with which `count` is nearest to `wanted`. The count grows with the distance, and only at the scores. So
 * the scores around that rank are tried, with distances between and beside them: rounding may put a truth that is
 * exactly on an end of its interval outside.
 */
function bestDistance(
  scores: readonly number[],
  wanted: number,
  count: (distance: number) => number,
): number {
  const finite = Float64Array.from(scores.filter((score) => score !== -Infinity)).sort()
  if (finite.length === 0) return 0
  const always = scores.length - finite.length
  const rank = Math.min(Math.max(Math.round(wanted) - always, 1), finite.length)
  const score = finite[rank - 1]!
  const smaller = finite.filter((other) => other < score).at(-1) ?? below(score)
  const larger = finite.find((other) => other > score) ?? -below(-score)
  const tried = [larger, between(score, larger), score, between(smaller, score), smaller]
  const misses = tried.map((distance) => Math.abs(count(distance) - wanted))
  return tried[misses.indexOf(Math.min(...misses))]!
}

/** A number that is a little smaller, by much more than rounding. */
function below(value: number): number {
  return value === 0 ? -Number.MIN_VALUE : value - Math.abs(value) * 2 ** -40
}

function between(low: number, high: number): number {
  return low + (high - low) / 2
}
