import { calendarOf, formatTime, timeAfter } from '../../lib/tables/calendar'
import { seasonsOf } from '../../lib/tables/season-lengths'
import { parseFrequency } from '../../lib/tables/frequency-names'
import type { Frequency, TimeAxis } from '../../lib/tables/time-axis'
import { randomSource } from '../support/numbers'
import { seed } from '../support/random'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const random = randomSource(seed)
const below = (bound: number): number => Math.floor(random() * bound)

function axisOf(words: string, more: Partial<TimeAxis & { dayOfMonth: number }> = {}): TimeAxis {
  const { dayOfMonth, ...others } = more
  const parsed = parseFrequency(words)!
  const frequency: Frequency =
    dayOfMonth === undefined || parsed.kind === 'irregular' ? parsed : { ...parsed, dayOfMonth }
  return { column: 'date', kind: 'instant', frequency, timeZone: 'UTC', ...others }
}

/** The time after one in words, as an ISO date, with the time of day if it is not midnight. */
function after(text: string, axis: TimeAxis, steps: number): string {
  const time = new Date(timeAfter(Date.parse(text), axis, steps)).toISOString()
  return time.replace('T00:00:00.000Z', '').replace(':00.000Z', '')
}

describe('the fields of the calendar', () => {
  test('are those of a literal time', () => {
    const time = Date.UTC(2020, 11, 31, 13, 5, 7, 250)
    expect(calendarOf(time, { timeZone: 'UTC' })).toEqual({
      ...{ year: 2020, month: 12, day: 31, hour: 13, minute: 5, second: 7.25 },
      ...{ weekday: 3, dayOfYear: 366, week: 53, quarter: 4 },
    })
  })

  test.each([
    ['2021-01-03', 53],
    ['2021-01-04', 1],
    ['2018-12-31', 1],
    ['2016-01-01', 53],
    ['2024-12-29', 52],
  ])('give %s the ISO week %d', (date, week) => {
    expect(calendarOf(Date.parse(date), { timeZone: 'UTC' }).week).toBe(week)
  })

  test.each([
    'UTC',
    'Europe/Berlin',
    'America/New_York',
    'Australia/Lord_Howe',
    'Asia/Kolkata',
    'Africa/Casablanca',
    'America/Sao_Paulo',
    '-03:30',
  ])('in %s are those of Intl at random times', (timeZone) => {
    const format = new Intl.DateTimeFormat('en-GB', {
      // Old versions of Intl do not know fixed offsets: UTC, of a time that is shifted by hand.
      timeZone: timeZone === '-03:30' ? 'UTC' : timeZone,
      ...{ hourCycle: 'h23', weekday: 'long', year: 'numeric', month: 'numeric' },
      ...{ day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' },
    })
    const weekdays = 'Monday Tuesday Wednesday Thursday Friday Saturday Sunday'.split(' ')
    for (let i = 0; i < 500; i++) {
      const time = Date.UTC(1950 + below(100), 0, 1) + below(365 * DAY)
      const shift = timeZone === '-03:30' ? -3.5 * HOUR : 0
      const parts = Object.fromEntries(
        format.formatToParts(time + shift).map(({ type, value }) => [type, value]),
      )
      const { year, month, day, hour, minute, second, weekday } = calendarOf(time, { timeZone })
      expect({ time, year, month, day, hour, minute, second: Math.floor(second), weekday }).toEqual(
        {
          time,
          ...{ year: Number(parts['year']), month: Number(parts['month']) },
          ...{ day: Number(parts['day']), hour: Number(parts['hour']) },
          ...{ minute: Number(parts['minute']), second: Number(parts['second']) },
          weekday: weekdays.indexOf(parts['weekday']!),
        },
      )
    }
  })

  test('number the days of every year without a gap', () => {
    for (let time = Date.UTC(1896, 0, 1), day = 0; time < Date.UTC(1905, 0, 1); time += DAY) {
      const fields = calendarOf(time, { timeZone: 'UTC' })
      day = fields.month === 1 && fields.day === 1 ? 1 : day + 1
      expect(fields.dayOfYear).toBe(day)
    }
  })
})

describe('the time some steps after', () => {
  test.each([
    ['15 minutes', '2021-01-04T23:45Z', 1, '2021-01-05'],
    ['hour', '2021-01-04', -1, '2021-01-03T23:00'],
    ['day', '2021-02-28', 1, '2021-03-01'],
    ['day', '2021-01-01T06:00Z', -1, '2020-12-31T06:00'],
    ['2 weeks', '2021-01-04', 3, '2021-02-15'],
    ['business day', '2021-01-08', 1, '2021-01-11'],
    ['business day', '2021-01-11', -1, '2021-01-08'],
    ['business day', '2021-01-08', 11, '2021-01-25'],
    ['business day', '2021-01-09', 1, '2021-01-11'],
    ['business day', '2021-01-09', -1, '2021-01-08'],
    ['business day', '2021-01-10', 0, '2021-01-08'],
    ['month', '2020-12-01', 2, '2021-02-01'],
    ['month end', '2021-01-31', 1, '2021-02-28'],
    ['month end', '2021-02-28', 1, '2021-03-31'],
    ['month end', '2021-03-31', -13, '2020-02-29'],
    ['quarter', '2021-10-01', 1, '2022-01-01'],
    ['quarter end', '2021-06-30', 1, '2021-09-30'],
    ['year', '1850-01-01', 150, '2000-01-01'],
  ])('of a %s from %s on is, %d steps on, %s', (words, text, steps, expected) => {
    const dayOfMonth = /^(month|quarter|year)$/.test(words) ? { dayOfMonth: 1 } : {}
    expect(after(text, axisOf(words, dayOfMonth), steps)).toBe(expected)
  })

  test('keeps day 30 of the month, where there is one', () => {
    const axis = axisOf('month', { dayOfMonth: 30 })
    expect(after('2021-01-30', axis, 1)).toBe('2021-02-28')
    expect(after('2021-02-28', axis, 1)).toBe('2021-03-30')
  })

  test('is on the wall for days, and a length of time for hours', () => {
    const timeZone = 'Europe/Berlin'
    // The clocks are put forward at 01:00 UTC of 27 March, and back at 01:00 UTC of 30 October.
    expect(after('2022-03-26T11:00Z', axisOf('day', { timeZone }), 1)).toBe('2022-03-27T10:00')
    expect(after('2022-03-26T11:00Z', axisOf('24 hours', { timeZone }), 1)).toBe('2022-03-27T11:00')
    expect(after('2022-10-29T10:00Z', axisOf('day', { timeZone }), 1)).toBe('2022-10-30T11:00')
    expect(after('2022-10-30T00:00Z', axisOf('hour', { timeZone }), 1)).toBe('2022-10-30T01:00')
    expect(after('2022-02-28T23:00Z', axisOf('month', { timeZone, dayOfMonth: 1 }), 1)).toBe(
      '2022-03-31T22:00',
    )
  })

  test('is after the change where clocks skip it, and the first where they repeat it', () => {
    const timeZone = 'Europe/Berlin'
    expect(after('2022-03-26T01:30Z', axisOf('day', { timeZone }), 1)).toBe('2022-03-27T01:30')
    expect(after('2022-10-29T00:30Z', axisOf('day', { timeZone }), 1)).toBe('2022-10-30T00:30')
    expect(after('2022-10-31T01:30Z', axisOf('day', { timeZone }), -1)).toBe('2022-10-30T00:30')
  })

  test('is some typical steps away for irregular times', () => {
    const axis: TimeAxis = {
      ...axisOf('irregular'),
      frequency: { kind: 'irregular', typicalStep: 90 },
    }
    expect(timeAfter(1000, axis, 2)).toBe(1180)
  })

  test('counts integers', () => {
    expect(timeAfter(30, axisOf('10 steps', { kind: 'integer' }), -2)).toBe(10)
  })

  test('comes back after as many steps back, at random', () => {
    const words = ['minute', '6 hours', 'day', 'business day', 'week', 'month end', 'quarter end']
    for (let i = 0; i < 500; i++) {
      const frequency = words[below(words.length)]!
      const timeZone = ['UTC', 'America/New_York', 'Asia/Tokyo'][below(3)]!
      const axis = axisOf(frequency, { timeZone })
      // A step from any day, at noon in UTC: no clock is changed then.
      const time = timeAfter(
        Date.UTC(2000 + below(40), below(12), 1, 12) + below(31) * DAY,
        axis,
        0,
      )
      const steps = below(2000) - 1000
      expect({
        frequency,
        time,
        steps,
        back: timeAfter(timeAfter(time, axis, steps), axis, -steps),
      }).toEqual({ frequency, time, steps, back: time })
    }
  })
})

describe('a time in words', () => {
  const time = Date.UTC(2021, 0, 4, 13, 5, 7, 250)

  test.each([
    ['second', '2021-01-04 13:05:07.250'],
    ['15 minutes', '2021-01-04 13:05'],
    ['hour', '2021-01-04 13:05'],
    ['day', '2021-01-04'],
    ['business day', '2021-01-04'],
    ['week', '2021-01-04'],
    ['month', '2021-01'],
    ['month end', '2021-01'],
    ['quarter', '2021-Q1'],
    ['year', '2021'],
    ['irregular', '2021-01-04 13:05:07.250'],
  ])('of a %s is %s', (words, expected) => {
    expect(formatTime(time, axisOf(words))).toBe(expected)
  })

  test('is on the wall', () => {
    const axis = axisOf('hour', { timeZone: 'America/New_York' })
    expect(formatTime(Date.UTC(2021, 0, 1, 2), axis)).toBe('2020-12-31 21:00')
  })

  test('of irregular times is as short as the times allow', () => {
    const irregular = (typicalStep: number): TimeAxis => ({
      ...axisOf('irregular'),
      frequency: { kind: 'irregular', typicalStep },
    })
    expect(formatTime(Date.UTC(2021, 0, 4), irregular(3 * DAY))).toBe('2021-01-04')
    expect(formatTime(Date.UTC(2021, 0, 4), irregular(HOUR))).toBe('2021-01-04 00:00')
    expect(formatTime(Date.UTC(2021, 0, 4, 1, 0, 2), irregular(HOUR))).toBe('2021-01-04 01:00:02')
  })

  test('of integers is the integer, and the row where there is no column', () => {
    expect(formatTime(17, axisOf('step', { kind: 'integer' }))).toBe('17')
    expect(formatTime(17, axisOf('step', { kind: 'integer', column: undefined }))).toBe('row 17')
  })
})

describe('the seasons', () => {
  test.each([
    ['second', { minute: 60, hour: 3600, day: 86_400, week: 604_800 }],
    ['minute', { hour: 60, day: 1440, week: 10_080 }],
    ['5 minutes', { hour: 12, day: 288, week: 2016 }],
    ['15 minutes', { day: 96, week: 672 }],
    ['hour', { day: 24, week: 168 }],
    ['7 hours', { week: 24 }],
    ['24 hours', { week: 7 }],
    ['day', { week: 7, year: 365 }],
    ['2 days', { year: 183 }],
    ['business day', { week: 5, year: 261 }],
    ['week', { year: 52 }],
    ['2 weeks', { year: 26 }],
    ['month', { year: 12 }],
    ['month end', { year: 12 }],
    ['3 months', { year: 4 }],
    ['5 months', {}],
    ['quarter', { year: 4 }],
    ['year', {}],
    ['step', {}],
    ['irregular', {}],
  ])('of a %s are %p', (words, expected) => {
    const seasons = seasonsOf(parseFrequency(words)!)
    expect(Object.fromEntries(seasons.map(({ name, steps }) => [name, steps]))).toEqual(expected)
    const lengths = seasons.map(({ steps }) => steps)
    expect(lengths).toEqual([...lengths].sort((a, b) => a - b))
  })
})
