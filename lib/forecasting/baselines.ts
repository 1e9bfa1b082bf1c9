/**
 * Forecasts without a model. A model is only useful if it beats them.
 *
 * @module
 */
import type { Frequency, TimeUnit } from '../tables/time-axis'
import type { Season } from './seasons'
import { mean } from './statistics'

/** The training part of a series: its first rows. */
export interface TrainingPart {
  /** NaN: missing. */
  readonly values: Float64Array
  /** Of the same length, as the time axis says. */
  readonly times: Float64Array
}

/** A way to forecast that needs no model. */
export interface Baseline {
  readonly name: string
  /**
   * The values of the rows after `origin`, one for each of `times`. Only rows up to and including `origin` are read. A
   * missing value is replaced by one that is there, as each baseline says; a forecast is NaN only if all values up to
   * the origin, and of the training part, are missing.
   *
   * @param values The whole series, from its first row; NaN: missing.
   * @param origin The last row that is known, from 0.
   * @param times The times of the rows after it; their number is the horizon.
   */
  forecast(values: Float64Array, origin: number, times: Float64Array): Float64Array
}

/**
 * The baselines of each series, with the same names for all of them, in this order:
 * - 'last value': the last value that is known.
 * - For each season, 'seasonal naive (week)': the last known value at the same place of the season; where there is none,
 *   the last value.
 * - For each season, 'seasonal mean (week)': the mean of the training part at that place of the season, or at the
 *   nearest places that it has. For a year of days or weeks the place is the date, with 7 days before and after it. This
 *   one also competes without a season of a year if some training part has two years, since it may be the best forecast
 *   of noisy values that say little about single days of the next year.
 * - Without a season, 'mean': the mean of the training part.
 * - 'drift': the straight line through the first and the last known value (Hyndman and Athanasopoulos, Forecasting:
 *   Principles and Practice, 5.2).
 *
 * @param seasons Those that the series have: `findCommonSeasons`.
 */
export function baselinesFor(
  trainings: readonly TrainingPart[],
  seasons: readonly Season[],
  frequency: Frequency,
): Baseline[][] {
  const averaged = [...seasons, ...unprovenYear(trainings, seasons, frequency)]
  return trainings.map((training) => [
    lastValue,
    ...seasons.map(seasonalNaive),
    ...averaged.map((season) => seasonalMean(training, season, frequency)),
    ...(seasons.length === 0 ? [meanOf(training)] : []),
    drift,
  ])
}

const LEAST_YEARS = 2

/** The year, if it is not among the seasons, but there are enough rows of days or weeks for its means. */
function unprovenYear(
  trainings: readonly TrainingPart[],
  seasons: readonly Season[],
  frequency: Frequency,
): Season[] {
  const steps = Math.round(stepsPerYear(frequency))
  const isKnown = seasons.some((season) => isYearOfDays(season, frequency))
  const isCovered = trainings.some(({ values }) => values.length >= LEAST_YEARS * steps)
  return isCovered && !isKnown ? [{ steps, name: 'year' }] : []
}

const lastValue: Baseline = {
  name: 'last value',
  forecast: (values, origin, times) =>
    new Float64Array(times.length).fill(values[lastKnown(values, origin)] ?? NaN),
}

const drift: Baseline = {
  name: 'drift',
  forecast(values, origin, times) {
    const first = values.findIndex((value) => !Number.isNaN(value))
    const last = lastKnown(values, origin)
    if (last < 0) return new Float64Array(times.length).fill(NaN)
    const slope = first < last ? (values[last]! - values[first]!) / (last - first) : 0
    return times.map((_, step) => values[last]! + slope * (origin + 1 + step - last))
  },
}

function seasonalNaive({ steps, name }: Season): Baseline {
  return {
    name: `seasonal naive (${name})`,
    forecast(values, origin, times) {
      const last = values[lastKnown(values, origin)] ?? NaN
      return times.map((_, step) => {
        let row = origin + 1 + step
        while (row > origin || Number.isNaN(values[row])) row -= steps
        return values[row] ?? last
      })
    },
  }
}

function meanOf({ values }: TrainingPart): Baseline {
  const known = values.filter((value) => !Number.isNaN(value))
  const center = known.length === 0 ? undefined : mean(known)
  return {
    name: 'mean',
    forecast: (all, origin, times) =>
      center === undefined
        ? lastValue.forecast(all, origin, times)
        : new Float64Array(times.length).fill(center),
  }
}

/** Days before and after a date that its mean includes. */
const SMOOTHING_DAYS = 7

function seasonalMean(training: TrainingPart, season: Season, frequency: Frequency): Baseline {
  const byDate = isYearOfDays(season, frequency)
  const { steps } = season
  const means = byDate
    ? placeMeans(training, DATES, (_, time) => dateOf(time), SMOOTHING_DAYS)
    : placeMeans(training, steps, (row) => row % steps, 0)
  return {
    name: `seasonal mean (${season.name})`,
    forecast(values, origin, times) {
      if (means === undefined) return lastValue.forecast(values, origin, times)
      return times.map((time, step) => means[byDate ? dateOf(time) : (origin + 1 + step) % steps]!)
    },
  }
}

/** The days of a leap year. */
const DATES = 366
const LEAP_YEAR = 2000
const MILLISECONDS_PER_DAY = 86_400_000

/**
 * The place of a time in the calendar of a leap year, from 0: a date has the same place in every year. It is a date in
 * UTC. Where another zone's clock has another date, it is the neighbouring one for nearly all rows alike, so that
 * rows of one date remain together.
 */
function dateOf(time: number): number {
  const date = new Date(time)
  const inLeapYear = Date.UTC(LEAP_YEAR, date.getUTCMonth(), date.getUTCDate())
  return Math.round((inLeapYear - Date.UTC(LEAP_YEAR, 0, 1)) / MILLISECONDS_PER_DAY)
}

const DAYS_OF_STEPS: Partial<Record<TimeUnit, number>> = { day: 1, businessDay: 7 / 5, week: 7 }
const DAYS_OF_YEAR = 365.25

/** Of days, business days or weeks; NaN for other steps. */
function stepsPerYear(frequency: Frequency): number {
  if (frequency.kind !== 'regular') return NaN
  return DAYS_OF_YEAR / ((DAYS_OF_STEPS[frequency.unit] ?? NaN) * frequency.count)
}

function isYearOfDays({ steps }: Season, frequency: Frequency): boolean {
  return Math.abs(steps - stepsPerYear(frequency)) <= 1
}

/**
 * The mean of the training part at each place of a cycle, including `halfWidth` places before and after, and more where
 * the training part has none of these. Undefined if it has no value at all.
 */
function placeMeans(
  { values, times }: TrainingPart,
  places: number,
  placeOf: (row: number, time: number) => number,
  halfWidth: number,
): Float64Array | undefined {
  const first = values.find((value) => !Number.isNaN(value))
  if (first === undefined) return undefined
  // Distances from one value are averaged, so that the mean of a constant series is exactly that constant.
  const sums = new Float64Array(places)
  const counts = new Float64Array(places)
  values.forEach((value, row) => {
    if (Number.isNaN(value)) return
    const place = placeOf(row, times[row]!)
    sums[place]! += value - first
    counts[place]! += 1
  })
  return sums.map((_, place) => first + meanAround(sums, counts, place, halfWidth))
}

function meanAround(
  sums: Float64Array,
  counts: Float64Array,
  place: number,
  halfWidth: number,
): number {
  const places = sums.length
  let sum = 0
  let count = 0
  for (let offset = -halfWidth; offset <= halfWidth; offset++) {
    const neighbour = (place + offset + places) % places
    sum += sums[neighbour]!
    count += counts[neighbour]!
  }
  return count > 0 ? sum / count : meanAround(sums, counts, place, halfWidth + 1)
}

/** The last row up to `origin` that is not missing; -1 if there is none. */
function lastKnown(values: Float64Array, origin: number): number {
  let row = origin
  while (row >= 0 && Number.isNaN(values[row])) row--
  return row
}
