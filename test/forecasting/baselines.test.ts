import { baselinesFor, type Baseline, type TrainingPart } from '../../lib/forecasting/baselines'
import type { Season } from '../../lib/forecasting/seasons'
import type { Frequency } from '../../lib/tables/time-axis'
import { randomSource } from '../support/numbers'
import { seed } from '../support/random'

const STEPS: Frequency = { kind: 'regular', unit: 'step', count: 1 }
const DAYS: Frequency = { kind: 'regular', unit: 'day', count: 1 }
const DAY = 86_400_000
const WEEK: Season = { steps: 7, name: 'week' }
const YEAR: Season = { steps: 365, name: 'year' }
const THREE: Season = { steps: 3, name: 'three' }

function trainingOf(...values: number[]): TrainingPart {
  return { values: Float64Array.from(values), times: Float64Array.from(values, (_, row) => row) }
}

function baselineOf(
  name: string,
  training: TrainingPart,
  seasons: readonly Season[] = [],
  frequency = STEPS,
): Baseline {
  return baselinesFor([training], seasons, frequency)[0]!.find((one) => one.name === name)!
}

/** The forecast of rows after `origin`, which are numbered. */
function forecast(baseline: Baseline, values: readonly number[], origin: number, horizon: number) {
  const times = Float64Array.from({ length: horizon }, (_, step) => origin + 1 + step)
  return [...baseline.forecast(Float64Array.from(values), origin, times)]
}

it('names the same ones for every series', () => {
  const names = (seasons: readonly Season[], frequency: Frequency, ...rows: number[]) => {
    const parts = rows.map((length) => trainingOf(...Array.from({ length }, () => 1)))
    const [first, ...others] = baselinesFor(parts, seasons, frequency).map((list) =>
      list.map(({ name }) => name),
    )
    for (const other of others) expect(other).toEqual(first)
    return first
  }
  expect(names([], STEPS, 5, 0)).toEqual(['last value', 'mean', 'drift'])
  const weekly = ['last value', 'seasonal naive (week)', 'seasonal mean (week)']
  expect(names([WEEK], DAYS, 3, 100)).toEqual([...weekly, 'drift'])
  // With two years, the mean of the date competes even if no season was found.
  expect(names([WEEK], DAYS, 3, 800)).toEqual([...weekly, 'seasonal mean (year)', 'drift'])
  expect(names([], DAYS, 730)).toEqual(['last value', 'seasonal mean (year)', 'mean', 'drift'])
  expect(names([], { ...DAYS, unit: 'week' }, 104)).toContain('seasonal mean (year)')
  expect(names([], { ...DAYS, unit: 'businessDay' }, 522)).toContain('seasonal mean (year)')
  expect(names([], { ...DAYS, unit: 'hour' }, 20_000)).not.toContain('seasonal mean (year)')
  expect(names([], { kind: 'irregular', typicalStep: DAY }, 900)).toHaveLength(3)
  expect(names([YEAR], DAYS, 800)).toEqual([
    'last value',
    'seasonal naive (year)',
    'seasonal mean (year)',
    'drift',
  ])
})

it('forecasts the last value that is known', () => {
  const baseline = baselineOf('last value', trainingOf(1, 2))
  expect(forecast(baseline, [3, 1, 4, 1, 5], 2, 2)).toEqual([4, 4])
  expect(forecast(baseline, [3, 1, NaN, NaN, 5], 3, 1)).toEqual([1])
  expect(forecast(baseline, [NaN, NaN, 5], 1, 1)).toEqual([NaN])
})

it('forecasts the value of a season before', () => {
  const baseline = baselineOf('seasonal naive (three)', trainingOf(1), [THREE])
  // One season back for the first three steps, and two for the others.
  expect(forecast(baseline, [1, 2, 3, 4, 5, 6, 7], 4, 5)).toEqual([3, 4, 5, 3, 4])
  // Further back where it is missing, and the last value where there is none.
  expect(forecast(baseline, [1, 2, 3, NaN, 5], 4, 2)).toEqual([3, 1])
  expect(forecast(baseline, [NaN, 2, 3, NaN, 5], 4, 2)).toEqual([3, 5])
  expect(forecast(baseline, [1, 2], 1, 3)).toEqual([2, 1, 2])
  expect(forecast(baseline, [NaN], 0, 1)).toEqual([NaN])
})

it('continues the line through the first and the last value that are known', () => {
  const baseline = baselineOf('drift', trainingOf(1))
  expect(forecast(baseline, [1, 9, 5, 100], 2, 2)).toEqual([7, 9])
  // The line reaches the row after the origin two rows after the last value that is known.
  expect(forecast(baseline, [NaN, 1, 9, 5, NaN], 4, 1)).toEqual([9])
  expect(forecast(baseline, [3], 0, 2)).toEqual([3, 3])
  expect(forecast(baseline, [NaN], 0, 1)).toEqual([NaN])
})

it('forecasts the mean of the training part', () => {
  expect(forecast(baselineOf('mean', trainingOf(1, NaN, 6)), [1, NaN, 6, 9], 3, 2)).toEqual([
    3.5, 3.5,
  ])
  expect(forecast(baselineOf('mean', trainingOf(0.1, 0.1, 0.1)), [0.1], 0, 1)).toEqual([0.1])
  // A series that begins later.
  expect(forecast(baselineOf('mean', trainingOf()), [8, 9], 1, 1)).toEqual([9])
})

describe('the mean of a place of the season', () => {
  const meanOf = (...training: number[]) =>
    baselineOf('seasonal mean (three)', trainingOf(...training), [THREE])
  const later = [9, 9, 9, 9, 9, 9, 9, 9]

  it('is that of the training part', () => {
    expect(forecast(meanOf(1, 2, 3, 3, 6, 9, 5), later, 6, 4)).toEqual([4, 6, 3, 4])
  })

  it('leaves missing values out', () => {
    expect(forecast(meanOf(1, NaN, 3, NaN, 6, 9), later, 5, 3)).toEqual([1, 6, 6])
  })

  it('is that of the nearest places where the place is missing', () => {
    expect(forecast(meanOf(1, NaN, 4, 3, NaN, 4), later, 5, 3)).toEqual([2, 3, 4])
  })

  it('is the last value for a series that begins later', () => {
    expect(forecast(meanOf(NaN, NaN), later, 5, 1)).toEqual([9])
  })

  it('is the constant of a constant series to the bit', () => {
    expect(forecast(meanOf(...Array.from({ length: 100 }, () => 36.6)), later, 5, 1)).toEqual([
      36.6,
    ])
  })
})

describe('the mean of a date', () => {
  // Two common years for training, in which the value of each day is its place; then a leap year.
  const times = Float64Array.from({ length: 1096 }, (_, i) => Date.parse('2010-01-01') + i * DAY)
  const values = Float64Array.from(times, (_, row) => row % 365)
  const training = { values: values.slice(0, 730), times: times.slice(0, 730) }
  const on = (iso: string, part: TrainingPart = training): number => {
    const origin = times.indexOf(Date.parse(iso)) - 1
    const baseline = baselineOf('seasonal mean (year)', part, [YEAR], DAYS)
    return baseline.forecast(values, origin, times.slice(origin + 1, origin + 2))[0]!
  }

  it('includes 7 days before and after it', () => {
    expect(on('2012-02-10')).toBe(40)
    expect(on('2012-12-20')).toBe(353)
  })

  it('goes across the turn of the year', () => {
    const around = [358, 359, 360, 361, 362, 363, 364, 0, 1, 2, 3, 4, 5, 6, 7]
    expect(on('2012-01-01')).toBeCloseTo(around.reduce((a, b) => a + b) / 15, 9)
  })

  it('has neighbours for 29 February, and the same date after it', () => {
    // From 22 February (52) to 7 March (65), without 29 February.
    expect(on('2012-02-29')).toBeCloseTo(58.5, 9)
    expect(on('2012-06-15')).toBe(165)
  })

  it('leaves missing values out', () => {
    const missing = training.values.map((value) => (value === 165 ? NaN : value))
    expect(on('2012-06-15', { ...training, values: missing })).toBe(165)
    expect(on('2012-06-16', { ...training, values: missing })).toBeCloseTo((166 * 15 - 165) / 14, 9)
  })

  it('also serves steps of weeks and business days', () => {
    for (const [unit, days] of [
      ['week', 7],
      ['businessDay', 1],
    ] as const) {
      const every = (array: Float64Array) => array.filter((_, row) => row % days === 0)
      const part = { values: every(training.values), times: every(training.times) }
      const baseline = baselineOf('seasonal mean (year)', part, [], { ...DAYS, unit })
      const [value] = baseline.forecast(part.values, 100, Float64Array.of(Date.parse('2012-06-16')))
      expect(Math.abs(value! - 166)).toBeLessThanOrEqual(3.5)
    }
  })
})

it('reads no row after the origin, and of the training part only what it was given', () => {
  const random = randomSource(seed)
  const values = Float64Array.from({ length: 900 }, () => (random() < 0.2 ? NaN : random()))
  const times = Float64Array.from({ length: 900 }, (_, row) => row * DAY)
  const training = { values: values.slice(0, 760), times: times.slice(0, 760) }
  const scrambled = values.map((value, row) => (row > 800 ? random() * 1e6 : value))
  const steps = times.slice(801, 831)
  for (const baseline of baselinesFor([training], [WEEK, YEAR], DAYS)[0]!) {
    const truth = baseline.forecast(values, 800, steps)
    expect(truth).toHaveLength(30)
    expect(truth.every((value) => Number.isFinite(value))).toBe(true)
    expect(baseline.forecast(scrambled, 800, steps)).toEqual(truth)
  }
})
