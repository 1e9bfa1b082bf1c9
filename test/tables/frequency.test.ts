import { atOnce } from '../../lib/slices'
import { completeFrequency, inferFrequency, typicalStepOf } from '../../lib/tables/frequency'
import { describeFrequency, parseFrequency } from '../../lib/tables/frequency-names'
import type { Frequency, RegularFrequency } from '../../lib/tables/time-axis'
import { randomSource } from '../support/numbers'
import { seed } from '../support/random'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const random = randomSource(seed)
const below = (bound: number): number => Math.floor(random() * bound)

const series = (count: number, timeOf: (i: number) => number): Float64Array =>
  Float64Array.from({ length: count }, (_, i) => timeOf(i))
const infer = (times: Float64Array, timeZone = 'UTC'): Frequency =>
  atOnce(inferFrequency([times], 'instant', timeZone))
const days = (...texts: string[]): Float64Array =>
  Float64Array.from(texts, (text) => Date.parse(text))
const regular = (
  unit: RegularFrequency['unit'],
  count = 1,
  dayOfMonth?: number,
): RegularFrequency =>
  dayOfMonth === undefined
    ? { kind: 'regular', unit, count }
    : { kind: 'regular', unit, count, dayOfMonth }
const start = Date.UTC(2021, 0, 4)

/** Every day but Saturdays, Sundays and some others. */
function businessDays(count: number, isHoliday: (i: number) => boolean): Float64Array {
  const all = series(count, (i) => start + i * DAY)
  return all.filter((time, i) => ![0, 6].includes(new Date(time).getUTCDay()) && !isHoliday(i))
}

describe('the frequency of regular rows', () => {
  test.each([
    ['seconds', regular('second'), series(50, (i) => start + i * SECOND)],
    ['parts of a second', regular('second', 0.25), series(50, (i) => start + i * 250)],
    ['ten seconds', regular('second', 10), series(50, (i) => start + i * 10 * SECOND)],
    ['minutes', regular('minute'), series(50, (i) => start + i * MINUTE)],
    ['quarters of an hour', regular('minute', 15), series(50, (i) => start + i * 15 * MINUTE)],
    ['hours', regular('hour'), series(50, (i) => start + HOUR / 2 + i * HOUR)],
    ['six hours', regular('hour', 6), series(50, (i) => start + i * 6 * HOUR)],
    ['days', regular('day'), series(50, (i) => start + 6 * HOUR + i * DAY)],
    ['ten days', regular('day', 10), series(50, (i) => start + i * 10 * DAY)],
    ['business days', regular('businessDay'), businessDays(60, () => false)],
    ['business days with holidays', regular('businessDay'), businessDays(60, (i) => i % 11 === 8)],
    ['Tuesdays', regular('week'), series(50, (i) => start + DAY + i * 7 * DAY)],
    ['every second Sunday', regular('week', 2), series(50, (i) => start - DAY + i * 14 * DAY)],
    ['months', regular('month', 1, 1), series(50, (i) => Date.UTC(2021, i, 1))],
    ['mid-months', regular('month', 1, 15), series(50, (i) => Date.UTC(2021, i, 15))],
    ['ends of months', regular('month', 1, 31), series(50, (i) => Date.UTC(2021, i + 1, 0))],
    ['every second month', regular('month', 2, 1), series(50, (i) => Date.UTC(2021, 2 * i, 1))],
    ['half years', regular('month', 6, 1), series(50, (i) => Date.UTC(2021, 6 * i, 1))],
    ['quarters', regular('quarter', 1, 1), series(50, (i) => Date.UTC(2021, 3 * i, 1))],
    ['ends of quarters', regular('quarter', 1, 31), series(50, (i) => Date.UTC(2021, 3 * i, 0))],
    ['years', regular('year', 1, 1), series(50, (i) => Date.UTC(1850 + i, 0, 1))],
    ['years in July', regular('year', 1, 4), series(50, (i) => Date.UTC(1850 + i, 6, 4))],
    ['ten years', regular('year', 10, 1), series(12, (i) => Date.UTC(1850 + 10 * i, 0, 1))],
  ])('is found for %s', (_, expected, times) => {
    expect(infer(times)).toEqual(expected)
  })

  test.each([
    [30, ['2021-01-30', '2021-02-28', '2021-03-30', '2021-04-30', '2021-05-30']],
    [31, ['2021-01-31', '2021-02-28', '2021-03-31', '2021-04-30', '2021-05-31']],
    [28, ['2021-01-28', '2021-02-28', '2021-03-28', '2021-04-28', '2021-05-28']],
    [31, ['2019-02-28', '2019-04-30', '2019-05-31', '2019-06-30']],
    [28, ['2019-02-28', '2020-02-28', '2021-02-28']],
  ])('has the day %d of the month for %j', (dayOfMonth, texts) => {
    expect(infer(days(...texts))).toMatchObject({ dayOfMonth })
  })

  test('of months is found at the first and last business days, with no day of the month', () => {
    const last = [
      '2021-01-29',
      '2021-02-26',
      '2021-03-31',
      '2021-04-30',
      '2021-05-28',
      '2021-06-30',
    ]
    const first = [
      '2021-01-04',
      '2021-02-01',
      '2021-03-01',
      '2021-04-01',
      '2021-05-03',
      '2021-06-01',
    ]
    expect(infer(days(...last))).toEqual(regular('month'))
    expect(infer(days(...first))).toEqual(regular('month'))
  })

  test.each(['Europe/Berlin', 'America/New_York', 'Australia/Sydney'])(
    'of days on the wall of %s is found over changes of the clocks',
    (timeZone) => {
      const hours = new Intl.DateTimeFormat('en', { timeZone, hour: 'numeric', hourCycle: 'h23' })
      const midnights = series(24 * 400, (i) => start + i * HOUR).filter(
        (time) => Number(hours.format(time)) === 0,
      )
      expect(new Set(midnights.subarray(1).map((time, i) => time - midnights[i]!)).size).toBe(3)
      expect(infer(midnights, timeZone)).toEqual(regular('day'))
    },
  )

  test.each([
    ['one gap', (i: number) => i !== 20],
    ['half of the rows missing', (i: number) => i % 4 < 2 || i === 49],
  ])('is found with %s', (_, isThere) => {
    const all = series(50, (i) => start + i * HOUR)
    expect(infer(all.filter((_time, i) => isThere(i)))).toEqual(regular('hour'))
  })

  test('of days needs a missing weekend to be one of business days', () => {
    expect(infer(series(5, (i) => start + i * DAY))).toEqual(regular('day'))
    expect(infer(days('2021-01-08', '2021-01-11'))).toEqual(regular('businessDay'))
  })

  test('is one for all series', () => {
    const hours = series(20, (i) => start + i * HOUR)
    const others = series(20, (i) => start + 1000 * HOUR + i * HOUR)
    expect(atOnce(inferFrequency([hours, others], 'instant', 'UTC'))).toEqual(regular('hour'))
    const twoHours = series(20, (i) => start + i * 2 * HOUR)
    expect(atOnce(inferFrequency([hours, twoHours], 'instant', 'UTC'))).toEqual(regular('hour'))
  })

  test.each([
    [[0, 1, 2, 3], 1],
    [[10, 20, 30, 50], 10],
    [[1850, 1851, 1853], 1],
  ])('of the integers %j is %d', (integers, count) => {
    const found = atOnce(inferFrequency([Float64Array.from(integers)], 'integer', 'UTC'))
    expect(found).toEqual(regular('step', count))
  })

  test('comes back from random rows of which some are missing', () => {
    const units = { second: SECOND, minute: MINUTE, hour: HOUR }
    for (let round = 0; round < 200; round++) {
      const unit = (['second', 'minute', 'hour'] as const)[below(3)]!
      const count = 1 + below(unit === 'hour' ? 11 : 29)
      const first = Date.UTC(2000 + below(30), below(12), 1 + below(28)) + below(DAY)
      const rows = series(100, (i) => first + i * count * units[unit])
      const kept = rows.filter((_, i) => i < 3 || random() < 0.8)
      expect({ round, ...infer(kept) }).toEqual({ round, ...regular(unit, count) })
    }
  })
})

describe('rows whose clock is read a little late', () => {
  const jittered = (step: number, jitter: number): Float64Array =>
    series(100, (i) => start + i * step + (i === 0 ? 0 : below(jitter)))

  test.each([
    ['15 minutes', 15 * MINUTE, 80 * SECOND],
    ['hour', HOUR, 5 * MINUTE],
    ['minute', MINUTE, 5 * SECOND],
    ['day', DAY, 2 * HOUR],
    ['week', 7 * DAY, 2 * HOUR],
  ])('are regular up to a tenth: %s', (name, step, jitter) => {
    expect(describeFrequency(infer(jittered(step, jitter)))).toBe(name)
  })

  test('are irregular if one of them is later than that', () => {
    const times = jittered(15 * MINUTE, SECOND)
    times[50]! += 100 * SECOND
    expect(infer(times).kind).toBe('irregular')
  })
})

describe('irregular rows', () => {
  test('have the median step', () => {
    const times = Float64Array.from([0, 3, 4, 11, 13, 40], (hours) => start + hours * HOUR + hours)
    expect(infer(times)).toEqual({ kind: 'irregular', typicalStep: 3 * HOUR + 3 })
  })

  test('are those that fill less than half of a grid', () => {
    const times = series(60, (i) => start + i * HOUR).filter((_, i) => i % 5 === 0 || i % 7 === 0)
    expect(infer(times).kind).toBe('irregular')
    const integers = Float64Array.from([0, 1, 10, 30])
    expect(atOnce(inferFrequency([integers], 'integer', 'UTC'))).toEqual({
      kind: 'irregular',
      typicalStep: 9,
    })
  })

  test('are also single rows and none', () => {
    expect(infer(series(1, () => start))).toEqual({ kind: 'irregular', typicalStep: 0 })
    expect(atOnce(inferFrequency([], 'instant', 'UTC'))).toEqual({
      kind: 'irregular',
      typicalStep: 0,
    })
  })

  test('have the typical step of all series together', () => {
    expect(
      typicalStepOf([Float64Array.of(0, 1, 2), Float64Array.of(0, 5), Float64Array.of(9)]),
    ).toBe(1)
  })
})

describe('a frequency in words', () => {
  test.each<[string, Frequency]>([
    ['day', regular('day')],
    ['15 minutes', regular('minute', 15)],
    ['250 milliseconds', regular('second', 0.25)],
    ['business day', regular('businessDay')],
    ['2 weeks', regular('week', 2)],
    ['month', regular('month')],
    ['month end', regular('month', 1, 31)],
    ['2 quarter ends', regular('quarter', 2, 31)],
    ['year', regular('year')],
    ['10 steps', regular('step', 10)],
    ['irregular', { kind: 'irregular', typicalStep: 0 }],
  ])('is %s, and is read again', (text, frequency) => {
    expect(describeFrequency(frequency)).toBe(text)
    expect(parseFrequency(text)).toEqual(frequency)
  })

  test('names the typical step of irregular times', () => {
    const describe = (typicalStep: number): string =>
      describeFrequency({ kind: 'irregular', typicalStep })
    expect(describe(3 * HOUR)).toBe('irregular, typically 3 hours')
    expect(describe(DAY)).toBe('irregular, typically 1 day')
    expect(describe(100 * SECOND)).toBe('irregular, typically 1.7 minutes')
    expect(describeFrequency({ kind: 'irregular', typicalStep: 40 }, 'integer')).toBe(
      'irregular, typically 40',
    )
  })

  test.each([
    ['Daily', regular('day')],
    ['D', regular('day')],
    ['B', regular('businessDay')],
    ['15min', regular('minute', 15)],
    ['2 h', regular('hour', 2)],
    ['business_days', regular('businessDay')],
    ['monthly', regular('month')],
    ['ME', regular('month', 1, 31)],
    ['annual', regular('year')],
  ])('may be %s', (text, expected) => {
    expect(parseFrequency(text)).toEqual(expected)
  })

  test.each(['', 'often', '0 days', '1.5 days', '-1 day', '0.0001 seconds', 'days 3'])(
    'is not %j',
    (text) => {
      expect(parseFrequency(text)).toBeUndefined()
    },
  )
})

describe('a stated frequency', () => {
  test('gets the day of the month of the rows', () => {
    const times = [days('2021-01-31', '2021-02-28', '2021-04-30')]
    expect(atOnce(completeFrequency(regular('month'), times, 'UTC'))).toEqual(
      regular('month', 1, 31),
    )
  })

  test('gets none if the rows have several', () => {
    const times = [days('2021-01-31', '2021-02-03', '2021-04-30')]
    expect(atOnce(completeFrequency(regular('month'), times, 'UTC'))).toEqual(regular('month'))
  })

  test('gets the typical step of irregular times', () => {
    const stated: Frequency = { kind: 'irregular', typicalStep: 0 }
    expect(atOnce(completeFrequency(stated, [Float64Array.of(0, 5, 10)], 'UTC')).kind).toBe(
      'irregular',
    )
    expect(atOnce(completeFrequency(stated, [Float64Array.of(0, 5, 10)], 'UTC'))).toMatchObject({
      typicalStep: 5,
    })
  })
})
