import * as fc from 'fast-check'
import { calendarDay, climatology, persistence } from '../../lib/cli/baselines'
import { forecastError } from '../../lib/cli/metrics'
import {
  findShortWindow,
  findTooFewRows,
  mapDays,
  splitByTime,
  windowBefore,
} from '../../lib/cli/windows'
import { seed } from '../support/random'

const DAY = 86_400_000

function daysFrom(first: string, count: number): Date[] {
  return Array.from({ length: count }, (_, i) => new Date(Date.parse(first) + i * DAY))
}

it('forecasts the value of the day before', () => {
  const values = Float64Array.of(3, 1, 4, 1, 5)
  expect(persistence(values, { begin: 2, end: 5 })).toEqual(Float64Array.of(1, 4, 1))
})

it('gives a date one place in every year', () => {
  expect(calendarDay(new Date('2011-01-01'))).toBe(0)
  expect(calendarDay(new Date('2012-02-29'))).toBe(59)
  expect(calendarDay(new Date('2011-03-01'))).toBe(60)
  expect(calendarDay(new Date('2012-03-01'))).toBe(60)
  expect(calendarDay(new Date('2011-12-31'))).toBe(365)
})

describe('the mean of the day of the year', () => {
  // Two common years for training, in which the value of each day is its index; then a leap year.
  const dates = daysFrom('2010-01-01', 365 + 365 + 366)
  const values = Float64Array.from(dates, (_, row) => row % 365)
  const at = (iso: string): number => dates.findIndex((date) => date.toISOString().startsWith(iso))
  const mean = (iso: string, halfWidth: number): number => {
    const begin = at(iso)
    return climatology(values, dates, 730, { begin, end: begin + 1 }, halfWidth)[0]!
  }

  it('averages the same date over the years of the training part', () => {
    expect(mean('2012-01-01', 0)).toBe(0)
    expect(mean('2012-03-01', 0)).toBe(59)
    expect(mean('2012-12-31', 0)).toBe(364)
  })

  it('takes the neighbours of 29 February where training had none', () => {
    expect(mean('2012-02-29', 0)).toBe((58 + 59) / 2)
  })

  it('averages over the days around a date, across the turn of the year', () => {
    expect(mean('2012-06-15', 2)).toBe(mean('2012-06-15', 0))
    expect(mean('2012-01-01', 1)).toBeCloseTo((364 + 0 + 1) / 3, 12)
  })

  it('is the constant of a constant series to the bit', () => {
    const constant = new Float64Array(values.length).fill(36.6)
    const days = { begin: 730, end: 1096 }
    expect(climatology(constant, dates, 730, days, 7)).toEqual(constant.slice(730))
  })

  it('knows nothing of later years', () => {
    const later = values.map((value, row) => (row < 730 ? value : -1000))
    const days = { begin: 730, end: 1096 }
    expect(climatology(later, dates, 730, days, 3)).toEqual(
      climatology(values, dates, 730, days, 3),
    )
  })
})

it('measures absolute and squared errors', () => {
  const error = forecastError(Float64Array.of(1, 2, 3), Float64Array.of(1, 5, -1))
  expect(error).toEqual({ mae: 7 / 3, rmse: Math.sqrt(25 / 3) })
})

it.each([1e-300, 1e-170, 1e170, 1e300])('measures errors of any size: %d', (unit) => {
  const { mae, rmse } = forecastError(
    Float64Array.of(1, 2, 3).map((x) => x * unit),
    Float64Array.of(0, 0, 0),
  )
  expect(mae / unit).toBeCloseTo(2, 12)
  expect(rmse / unit).toBeCloseTo(Math.sqrt(14 / 3), 12)
})

it('splits by time', () => {
  const shares = { training: 0.5, validation: 0.25 }
  expect(splitByTime(41, 3, shares)).toEqual({
    training: { begin: 3, end: 20 },
    validation: { begin: 20, end: 30 },
    test: { begin: 30, end: 41 },
  })
  expect(findTooFewRows(41, 3, shares)).toBeUndefined()
})

describe('too few rows', () => {
  it('are told, with the number that would do for each part', () => {
    expect(findTooFewRows(7, 3, { training: 0.5, validation: 0.25 })).toEqual({
      expected:
        'more rows (8 would do: 8 for the training part after a window of 3, ' +
        '4 for the validation part, 1 for the test part)',
      got: '7 rows',
    })
    expect(findTooFewRows(20, 3, { training: 0.5, validation: 0.01 })?.expected).toMatch(
      /^more rows \(100 would do: 8 for the training part .*, 100 for the validation part/,
    )
    // (0.7 + 0.1) * 10 is below 8 in double, so that 10 rows have no validation part.
    expect(findTooFewRows(10, 1, { training: 0.7, validation: 0.1 })?.expected).toMatch(
      /^more rows \(11 would do: 3 for the training part .*, 11 for the validation part/,
    )
    expect(findTooFewRows(1, 1, { training: 0.5, validation: 0.25 })?.got).toBe('1 row')
    expect(findShortWindow(5, 6)).toEqual({
      expected: 'at least 6 rows, which the model looks back',
      got: '5 rows',
    })
    expect(findShortWindow(6, 6)).toBeUndefined()
  })

  it('are those with which a part is empty, and as many as told are enough', () => {
    const share = fc.double({ min: 0.001, max: 0.999, noNaN: true })
    const window = fc.integer({ min: 1, max: 400 })
    fc.assert(
      fc.property(fc.nat(2000), window, share, share, (rows, window, training, rest) => {
        const shares = { training, validation: rest * (1 - training) }
        fc.pre(training + shares.validation < 1)
        const parts = Object.values(splitByTime(rows, window, shares))
        const fault = findTooFewRows(rows, window, shares)
        expect(fault === undefined).toBe(parts.every(({ begin, end }) => begin < end))
        if (fault === undefined) return
        const enough = Number(/^more rows \((\d+) would do/.exec(fault.expected)![1])
        expect(enough).toBeGreaterThan(rows)
        for (const count of [enough, enough + 1, enough * 2 + 1]) {
          expect(findTooFewRows(count, window, shares)).toBeUndefined()
        }
      }),
      { seed },
    )
  })
})

it('ends a window on the day before', () => {
  const features = Float32Array.from({ length: 20 }, (_, i) => i)
  expect(windowBefore(features, 2, 3, 5)).toEqual(Float32Array.of(4, 5, 6, 7, 8, 9))
  expect(mapDays({ begin: 4, end: 6 }, (day) => day * day)).toEqual(Float64Array.of(16, 25))
})
