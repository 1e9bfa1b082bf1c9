import { atOnce } from '../../lib/slices'
import { inferFrequency } from '../../lib/tables/frequency'
import { parseFrequency } from '../../lib/tables/frequency-names'
import { type Placement, placeOnGrid } from '../../lib/tables/grid'
import { expectGruError } from '../support/errors'
import { randomSource } from '../support/numbers'
import { seed } from '../support/random'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const random = randomSource(seed)
const below = (bound: number): number => Math.floor(random() * bound)

const place = (texts: readonly string[], words: string, timeZone = 'UTC'): Placement =>
  atOnce(
    placeOnGrid(
      Float64Array.from(texts, (text) => Date.parse(text)),
      { frequency: parseFrequency(words)!, timeZone },
    ),
  )
const daysOf = ({ times }: Placement): string[] =>
  [...times].map((time) => new Date(time).toISOString().slice(0, 10))

describe('the grid', () => {
  test('has a step for each missing row', () => {
    const placed = place(['2021-01-04', '2021-01-05', '2021-01-08'], 'day')
    expect(daysOf(placed)).toEqual([
      '2021-01-04',
      '2021-01-05',
      '2021-01-06',
      '2021-01-07',
      '2021-01-08',
    ])
    expect([...placed.rowOf]).toEqual([0, 1, -1, -1, 2])
    expect(placed).toMatchObject({ duplicates: [], order: 'ascending', offGrid: [], moved: [] })
  })

  test('of business days has no weekend, and no place for its rows', () => {
    const placed = place(['2021-01-07', '2021-01-09', '2021-01-12'], 'business day')
    expect(daysOf(placed)).toEqual(['2021-01-07', '2021-01-08', '2021-01-11', '2021-01-12'])
    expect([...placed.rowOf]).toEqual([0, -1, -1, 2])
    expect(placed.offGrid).toEqual([1])
  })

  test('of month ends has the last day of each month', () => {
    const placed = place(['2020-11-30', '2021-02-28', '2021-03-30'], 'month end')
    expect(daysOf(placed)).toEqual(['2020-11-30', '2020-12-31', '2021-01-31', '2021-02-28'])
    expect(placed.offGrid).toEqual([2])
  })

  test('of months without a day has the first of each, for rows of any day', () => {
    const placed = place(['2021-01-29', '2021-02-26', '2021-04-30'], 'month')
    expect(daysOf(placed)).toEqual(['2021-01-01', '2021-02-01', '2021-03-01', '2021-04-01'])
    expect([...placed.rowOf]).toEqual([0, 1, -1, 2])
    expect(placed.moved).toEqual([0, 1, 2])
  })

  test('reports the rows of one step, and takes the first', () => {
    const placed = place(['2021-01-05', '2021-01-04', '2021-01-05', '2021-01-05'], 'day')
    expect([...placed.rowOf]).toEqual([1, 0])
    expect(placed.duplicates).toEqual([
      [0, 2],
      [0, 3],
    ])
  })

  test('takes a time near a step for it, and reports it', () => {
    const texts = ['2021-01-04T00:00Z', '2021-01-04T00:15:30Z', '2021-01-04T00:32Z']
    const placed = place(texts, '15 minutes')
    expect([...placed.times].map((time) => (time - Date.parse(texts[0]!)) / 60_000)).toEqual([
      0, 15,
    ])
    expect(placed).toMatchObject({ moved: [1], offGrid: [2] })
  })

  test('of days is on the wall', () => {
    const texts = [
      '2022-03-25T23:00Z',
      '2022-03-26T23:00Z',
      '2022-03-27T22:00Z',
      '2022-03-29T22:00Z',
    ]
    const placed = place(texts, 'day', 'Europe/Berlin')
    expect([...placed.rowOf]).toEqual([0, 1, 2, -1, 3])
    expect(placed.times[3]).toBe(Date.parse('2022-03-28T22:00Z'))
    expect(placed.moved).toEqual([])
  })

  test('of irregular times has the distinct times', () => {
    const placed = place(['2021-01-09', '2021-01-04', '2021-01-09', '2021-01-05'], 'irregular')
    expect(daysOf(placed)).toEqual(['2021-01-04', '2021-01-05', '2021-01-09'])
    expect([...placed.rowOf]).toEqual([1, 3, 0])
    expect(placed).toMatchObject({ duplicates: [[0, 2]], order: 'mixed', offGrid: [] })
  })

  test('of integers has every step', () => {
    const axis = { frequency: parseFrequency('10 steps')!, timeZone: 'UTC' }
    const placed = atOnce(placeOnGrid(Float64Array.of(50, 20, 25), axis))
    expect([...placed.times]).toEqual([20, 30, 40, 50])
    expect([...placed.rowOf]).toEqual([1, -1, -1, 0])
    expect(placed.offGrid).toEqual([2])
  })

  test('has no place for missing times', () => {
    const axis = { frequency: parseFrequency('step')!, timeZone: 'UTC' }
    expect([...atOnce(placeOnGrid(Float64Array.of(NaN, 1, NaN, 0), axis)).rowOf]).toEqual([3, 1])
    const none = atOnce(placeOnGrid(Float64Array.of(NaN), axis))
    expect(none.times).toHaveLength(0)
    expect(none.offGrid).toEqual([])
  })

  test('is empty if no row belongs to a step', () => {
    const placed = place(['2021-01-30'], 'month end')
    expect(placed.times).toHaveLength(0)
    expect(placed.offGrid).toEqual([0])
  })

  test.each([
    [['2021-01-04', '2021-01-05', '2021-01-05'], 'ascending'],
    [['2021-01-05', '2021-01-05', '2021-01-04'], 'descending'],
    [['2021-01-05', '2021-01-04', '2021-01-06'], 'mixed'],
    [['2021-01-05'], 'ascending'],
  ])('of %j says that they are %s', (texts, order) => {
    expect(place(texts, 'day').order).toBe(order)
  })

  test('is refused if it has far too many steps', () => {
    expectGruError(
      () => place(['2021-01-04', '2021-01-08'], 'second'),
      'ERR_GRU_VALUE',
      'frequency: expected a frequency that is near the distance of the rows, got second, 345601 steps for 2 rows',
    )
  })
})

test('random rows in any order come to the places that they were drawn from', () => {
  for (let round = 0; round < 100; round++) {
    const timeZone = ['UTC', 'Europe/Berlin', 'America/New_York'][below(3)]!
    const step = [HOUR, 15 * 60_000, 6 * HOUR, 1000][below(4)]!
    const first = Date.UTC(2000 + below(30), below(12), 1 + below(28), below(24))
    const count = 50 + below(200)
    // The first and the last are there, and more than half of the others.
    const there = Array.from(
      { length: count },
      (_, i) => i < 2 || i === count - 1 || random() < 0.9,
    )
    const indices = [...there.keys()].filter((i) => there[i])
    const rows = indices.map((index) => ({ index, key: random() })).sort((a, b) => a.key - b.key)
    const times = Float64Array.from(rows, ({ index }) => first + index * step)
    const frequency = atOnce(inferFrequency([times.slice().sort()], 'instant', timeZone))
    const placed = atOnce(placeOnGrid(times, { frequency, timeZone }))
    expect(placed.times).toEqual(Float64Array.from(there, (_, i) => first + i * step))
    expect([...placed.rowOf]).toEqual(
      [...there.keys()].map((i) => rows.findIndex(({ index }) => index === i)),
    )
  }
})

test('random days come to the places that they were drawn from, over changes of the clocks', () => {
  const timeZone = 'America/New_York'
  const hours = new Intl.DateTimeFormat('en', { timeZone, hour: 'numeric', hourCycle: 'h23' })
  const start = Date.UTC(2015 + below(15), below(12), 1)
  const midnights = Array.from({ length: 24 * 500 }, (_, i) => start + i * HOUR).filter(
    (time) => Number(hours.format(time)) === 0,
  )
  const rows = midnights.filter((_, i) => i === 0 || random() < 0.7)
  const frequency = atOnce(inferFrequency([Float64Array.from(rows)], 'instant', timeZone))
  const placed = atOnce(placeOnGrid(Float64Array.from(rows), { frequency, timeZone }))
  const last = rows.at(-1)!
  expect([...placed.times]).toEqual(midnights.filter((time) => time <= last))
  expect([...placed.rowOf].filter((row) => row >= 0)).toEqual([...rows.keys()])
  expect(placed.moved).toEqual([])
  expect(Math.max(...placed.times.subarray(1).map((time, i) => time - placed.times[i]!))).toBe(
    DAY + HOUR,
  )
})
