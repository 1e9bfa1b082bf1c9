import { findCommonSeasons, type Season } from '../../lib/forecasting/seasons'
import { atOnce } from '../../lib/slices'
import { randomSource } from '../support/numbers'

const WEEK: Season = { steps: 7, name: 'week' }
const YEAR: Season = { steps: 365, name: 'year' }
const DAY: Season = { steps: 24, name: 'day' }
const WEEK_OF_HOURS: Season = { steps: 168, name: 'week' }
const YEAR_OF_MONTHS: Season = { steps: 12, name: 'year' }

const commonSeasons = (parts: readonly Float64Array[], candidates: readonly Season[]): Season[] =>
  atOnce(findCommonSeasons(parts, candidates))

type Value = (row: number) => number

/** Noise from a fixed seed, since a test of significance fails for some of many draws: normally distributed. */
function noise(seed: number, deviation: number): Value {
  const random = randomSource(seed)
  const uniforms = (): number => Array.from({ length: 12 }, random).reduce((a, b) => a + b)
  return () => deviation * (uniforms() - 6)
}

function series(rows: number, ...parts: readonly Value[]): Float64Array {
  return Float64Array.from({ length: rows }, (_, row) =>
    parts.reduce((sum, part) => sum + part(row), 0),
  )
}

const wave =
  (period: number, height = 1): Value =>
  (row) =>
    height * Math.sin((2 * Math.PI * row) / period)
const weekend: Value = (row) => (row % 7 >= 5 ? 1 : 0)
const walk = (seed: number): Value => {
  const step = noise(seed, 1)
  let value = 0
  return () => (value += step(0))
}

describe('seasons are found', () => {
  it.each<[string, Float64Array, readonly Season[], readonly string[]]>([
    ['in an exact one', series(48, wave(12)), [YEAR_OF_MONTHS], ['year']],
    ['of two steps', series(20, (row) => row % 2), [{ steps: 2, name: 'pair' }], ['pair']],
    ['with two whole seasons', series(24, wave(12), noise(1, 0.1)), [YEAR_OF_MONTHS], ['year']],
    ['in noise', series(300, weekend, noise(2, 0.4)), [WEEK, YEAR], ['week']],
    ['with a straight trend', series(60, wave(12), (row) => row), [YEAR_OF_MONTHS], ['year']],
    [
      'with a growing trend',
      series(120, wave(12), (row) => row ** 2 / 50),
      [YEAR_OF_MONTHS],
      ['year'],
    ],
    ['that grow', series(144, (row) => (1 + row / 50) * wave(12)(row)), [YEAR_OF_MONTHS], ['year']],
    ['on a random walk', series(700, wave(24, 6), walk(3)), [DAY, WEEK_OF_HOURS], ['day']],
    [
      'beside each other, the stronger first',
      series(1500, (row) => 0.5 * weekend(row), wave(365, 2), noise(4, 0.2)),
      [WEEK, YEAR],
      ['year', 'week'],
    ],
    [
      'inside each other',
      series(2000, wave(24, 2), (row) => weekend(Math.floor(row / 24)), noise(5, 0.3)),
      [DAY, WEEK_OF_HOURS],
      ['day', 'week'],
    ],
  ])('%s', (_, values, candidates, names) => {
    expect(commonSeasons([values], candidates).map(({ name }) => name)).toEqual(names)
  })

  it('where values are missing', () => {
    const random = randomSource(6)
    const values = series(400, weekend, noise(7, 0.3)).map((value) =>
      random() < 0.3 ? NaN : value,
    )
    values.fill(NaN, 0, 20).fill(NaN, 100, 150).fill(NaN, 390)
    expect(commonSeasons([values], [WEEK])).toEqual([WEEK])
  })

  it.each([1e-300, 1e-12, 1e12, 1e300])('in values of any size: %d', (unit) => {
    const values = series(60, wave(12), (row) => row / 10, noise(8, 0.2)).map((x) => x * unit)
    expect(commonSeasons([values], [YEAR_OF_MONTHS])).toEqual([YEAR_OF_MONTHS])
  })

  it('in small changes of large values', () => {
    const values = series(60, wave(12), () => 1e8)
    expect(commonSeasons([values], [YEAR_OF_MONTHS])).toEqual([YEAR_OF_MONTHS])
  })
})

describe('no season is found', () => {
  const all = [WEEK, YEAR_OF_MONTHS, DAY, WEEK_OF_HOURS, YEAR]

  it.each<[string, Float64Array]>([
    ['no values', series(0)],
    ['missing values alone', series(100, () => NaN)],
    ['one value', series(1, () => 3)],
    ['a constant', series(1000, () => 0.1)],
    ['a straight line', series(1000, (row) => 0.1 * row)],
    ['a parabola', series(1000, (row) => row ** 2)],
    ['growth by a share', series(1000, (row) => Math.exp(row / 200))],
    ['a slow wave', series(1000, wave(1500))],
    ['a wave of another length', series(1000, wave(30))],
    ['one high value', series(1000, (row) => (row === 500 ? 1 : 0))],
    ['one step', series(1000, (row) => (row < 500 ? 1 : 0))],
    ['less than two whole seasons', series(13, weekend)],
  ])('in %s', (_, values) => {
    expect(commonSeasons([values], all)).toEqual([])
  })

  it.each<[string, (seed: number) => Value]>([
    ['noise', (seed) => noise(seed, 1)],
    ['a random walk', walk],
  ])('in %s, except by chance', (_, valueOf) => {
    const seeds = Array.from({ length: 25 }, (_, i) => i + 1)
    const found = seeds.flatMap((seed) => commonSeasons([series(200, valueOf(seed))], all))
    // Of 75 candidates that are short enough.
    expect(found.length).toBeLessThanOrEqual(3)
  })
})

describe('common seasons', () => {
  const weekly = (seed: number) => series(200, weekend, noise(seed, 0.3))
  const other = (seed: number) => series(200, noise(seed, 1))

  it('are those of at least half of the series', () => {
    expect(commonSeasons([weekly(1), weekly(2), other(3), other(4)], [WEEK])).toEqual([WEEK])
    expect(commonSeasons([weekly(1), other(2), other(3)], [WEEK])).toEqual([])
  })

  it('do not depend on series that are too short, nor on the unit of one', () => {
    const short = Float64Array.of(1, 2, 3)
    expect(commonSeasons([short, short, short, weekly(1)], [WEEK])).toEqual([WEEK])
    const both = series(1500, weekend, wave(365, 2), noise(1, 0.2))
    const large = series(1500, (row) => 1e9 * weekend(row), noise(2, 1e8))
    expect(commonSeasons([both, both, large], [WEEK, YEAR])).toEqual([YEAR, WEEK])
  })

  it('do not exist without series', () => {
    expect(commonSeasons([], [WEEK])).toEqual([])
  })
})
