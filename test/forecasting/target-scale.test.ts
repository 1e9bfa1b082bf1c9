import {
  chooseDifference,
  suggestsLogarithm,
  type TrainingTrack,
} from '../../lib/forecasting/target-scale'
import { atOnce } from '../../lib/slices'
import { trackOfValues } from '../../lib/forecasting/tracks'
import { randomSource } from '../support/numbers'
import { seed } from '../support/random'

const ROWS = 240
const YEAR = 12

type Value = (row: number) => number

let draws = 0

/** Numbers between -1 and 1, others for each test. */
function noise(): Value {
  const random = randomSource(seed + ++draws)
  return () => 2 * random() - 1
}

const valuesOf = (value: Value, rows = ROWS): Float64Array =>
  Float64Array.from({ length: rows }, (_, row) => value(row))

const wave: Value = (row) => Math.sin((2 * Math.PI * row) / YEAR)

/** All origins of a training part with 12 rows after each. */
function trackWith(value: Value, rows = ROWS): TrainingTrack {
  const track = trackOfValues(valuesOf(value, rows))
  const origins = Array.from({ length: rows - 2 * YEAR }, (_, i) => i + YEAR - 1)
  return { track, end: rows, origins }
}

const chosen = (value: Value, season: number | undefined, rows = ROWS): string =>
  atOnce(chooseDifference([trackWith(value, rows)], YEAR, season))

describe('the difference', () => {
  test('is none where noise is around a season that stays', () => {
    const random = noise()
    expect(chosen((row) => 10 * wave(row) + random(row), YEAR)).toBe('none')
  })

  test('is seasonal where the level goes on from where it was, at the turn of each year', () => {
    const random = noise()
    let level = 0
    const value: Value = (row) => {
      // Always up, so that no draw is a level that stays.
      if (row % YEAR === 0) level += 3 + random(row)
      return 10 * wave(row) + level
    }
    expect(chosen(value, YEAR)).toMatch(/^seasonal/)
  })

  test('is that of a trend where a season grows ever faster', () => {
    expect(chosen((row) => 10 * wave(row) + row ** 2 / 100, YEAR)).toBe('seasonalTrend')
  })

  test('is none around a season that stays, in spite of one wrong value', () => {
    const random = noise()
    const right = valuesOf((row) => 10 * wave(row) + random(row))
    for (const wrong of [20, 100, 130, 200, 225]) {
      const value: Value = (row) => (row === wrong ? -1e6 : right[row]!)
      expect([wrong, chosen(value, YEAR)]).toEqual([wrong, 'none'])
    }
  })

  test.each([
    ['constant', (): number => 5, undefined, 'last'],
    ['growing', (row: number): number => 3 * row + wave(row), undefined, 'last'],
    [
      'seasonal',
      (row: number): number => 100 + 10 * wave(row) + row ** 2 / 100,
      YEAR,
      'seasonalTrend',
    ],
  ] as const)('of a %s series does not depend on one wrong value', (_, value, season, expected) => {
    for (const wrong of [20, 100, 130, 200, 225]) {
      const spoilt: Value = (row) => (row === wrong ? 1e6 : value(row))
      expect([wrong, chosen(spoilt, season)]).toEqual([wrong, expected])
    }
  })

  test('is the last value where a level stayed for long and then went away', () => {
    const random = noise()
    const value: Value = (row) => 5 * random(row) + Math.max(0, row - 0.6 * ROWS)
    expect(chosen(value, undefined)).toBe('last')
  })

  test('is judged on rows that it was not learnt from', () => {
    // Over all rows their mean is nearer than the last value. But the mean of the rows before the step is not, after it.
    const value: Value = (row) => 5 * Math.sin(row * row) + (row < 0.7 * ROWS ? 0 : 5)
    expect(chosen(value, undefined)).toBe('last')
  })

  test('is chosen on all forecasts of a series that has few at its end', () => {
    // At its end a straight line goes up: 'last' without a season, though no origin there has all its rows.
    expect(chosen((row) => row, undefined, 2 * YEAR + 5)).toBe('last')
    expect(chosen((row) => 10 * wave(row), YEAR, 2 * YEAR + 5)).not.toBe('last')
  })
})

describe('a logarithm is suggested', () => {
  test('where changes are in proportion to the level', () => {
    const random = noise()
    const value: Value = (row) => Math.exp(row / 60 + 0.1 * random(row) + 0.3 * wave(row))
    expect(suggestsLogarithm(valuesOf(value), YEAR)).toBe(true)
  })

  test('not where changes are the same at all levels', () => {
    const random = noise()
    const value: Value = (row) => 10 + row / 10 + random(row)
    expect(suggestsLogarithm(valuesOf(value), undefined)).toBe(false)
  })

  test('not where the level goes with changes only within the season', () => {
    // Half of each season is higher, and moves more. From season to season all rows change alike.
    const season = ROWS / 4
    const random = noise()
    const value: Value = (row) => (row % season < season / 2 ? 1 : 3) * (10 + 4 * wave(row))
    const values = valuesOf((row) => value(row) + random(row) / 10)
    expect(suggestsLogarithm(values, undefined)).toBe(true)
    expect(suggestsLogarithm(values, season)).toBe(false)
  })

  test('in spite of one wrong value', () => {
    const random = noise()
    const right = valuesOf((row) => Math.exp(row / 60 + 0.1 * random(row) + 0.3 * wave(row)))
    for (const wrong of [0, 50, 200, 239]) {
      const values = right.map((value, row) => (row === wrong ? 1e9 : value))
      expect([wrong, suggestsLogarithm(values, YEAR)]).toEqual([wrong, true])
    }
  })

  test('not for the sake of one wrong value', () => {
    const random = noise()
    const right = valuesOf((row) => 5 + wave(row) + random(row))
    for (const wrong of [0, 50, 200, 239]) {
      const values = right.map((value, row) => (row === wrong ? 1e6 : value))
      expect([wrong, suggestsLogarithm(values, YEAR)]).toEqual([wrong, false])
      expect([wrong, suggestsLogarithm(values, undefined)]).toEqual([wrong, false])
    }
  })
})
