import { type DetectedTimes, detectTimes, type TimeOptions } from '../../lib/tables/dates'
import type { DateOrder } from '../../lib/tables/date-forms'
import { expectGruError } from '../support/errors'
import { randomSource } from '../support/numbers'
import { seed } from '../support/random'

const MINUTE = 60_000
const DAY = 86_400_000
const random = randomSource(seed)
const below = (bound: number): number => Math.floor(random() * bound)
const two = (value: number): string => String(value).padStart(2, '0')

function detect(cells: readonly unknown[], options?: TimeOptions): DetectedTimes {
  const times = detectTimes(cells, options)
  if (times === undefined) throw new Error(`no times: ${String(cells)}`)
  return times
}

/** Instants as ISO 8601, without the part of the day if it is midnight. */
function isoOf({ instants }: DetectedTimes): string[] {
  return [...instants].map((instant) =>
    new Date(instant).toISOString().replace('T00:00:00.000Z', '').replace('.000Z', ''),
  )
}

describe('the form of dates', () => {
  test.each([
    ['yyyy-mm-dd', ['2021-01-04', '2021-1-5'], ['2021-01-04', '2021-01-05']],
    ['yyyy/mm/dd', ['2021/01/04 01:30', '2021/01/05'], ['2021-01-04T01:30:00', '2021-01-05']],
    ['yyyy.mm.dd', ['2021.01.04', '2021.12.31'], ['2021-01-04', '2021-12-31']],
    ['yyyymmdd', ['20210104', '20211231'], ['2021-01-04', '2021-12-31']],
    ['yyyymmdd', ['20210104T133000', '2021010423'], ['2021-01-04T13:30:00', '2021-01-04T23:00:00']],
    ['yyyymm', ['202101', '202112'], ['2021-01-01', '2021-12-01']],
    ['day/month/year', ['04/01/2021', '13/01/2021'], ['2021-01-04', '2021-01-13']],
    ['month/day/year', ['1/4/2021', '1/13/2021'], ['2021-01-04', '2021-01-13']],
    ['day.month.year', ['4. 1. 2021', '31. 12. 2021'], ['2021-01-04', '2021-12-31']],
    ['day-month-year', ['04-01-69', '31-01-70'], ['2069-01-04', '1970-01-31']],
    ['year-month-day', ['99-12-31', '00-01-01'], ['1999-12-31', '2000-01-01']],
    ['Month day, year', ['Jan 4, 2021', 'December 31 2021'], ['2021-01-04', '2021-12-31']],
    ['Month day, year', ['Mon, Jan 4th, 2021', 'Sept. 5, 2021'], ['2021-01-04', '2021-09-05']],
    [
      'day Month year',
      ['4 Jan 2021', '04-Jan-21', '4. may 2021'],
      ['2021-01-04', '2021-01-04', '2021-05-04'],
    ],
    ['day Month year', ['Mon, 04 Jan 2021 13:00:00 GMT'], ['2021-01-04T13:00:00']],
    ['year Month day', ['2021-Jan-04'], ['2021-01-04']],
    [
      'Month year',
      ['January 2021', 'Feb 2021', 'Mar-21'],
      ['2021-01-01', '2021-02-01', '2021-03-01'],
    ],
    ['year Month', ['2021 Jan'], ['2021-01-01']],
    ['yyyy-mm', ['2021-01', '2021-12'], ['2021-01-01', '2021-12-01']],
    ['yyyy.mm', ['2021.01', '2021.10'], ['2021-01-01', '2021-10-01']],
    ['yyyyMmm', ['2021M01', '2021M12'], ['2021-01-01', '2021-12-01']],
    ['mm/yyyy', ['01/2021', '12/2021'], ['2021-01-01', '2021-12-01']],
    ['yyyy-Qn', ['2021-Q1', '2021Q4', '2021:q2'], ['2021-01-01', '2021-10-01', '2021-04-01']],
    ['Qn yyyy', ['Q1 2021', 'Q4/21', "Q2 '21"], ['2021-01-01', '2021-10-01', '2021-04-01']],
    ['nQ yyyy', ['1Q21', '4Q 2021', '2. Quartal 2021'], ['2021-01-01', '2021-10-01', '2021-04-01']],
    ['Www yyyy', ['W01/2021', 'KW 2 2021'], ['2021-01-04', '2021-01-11']],
    [
      'Month year',
      ['März 2021', 'décembre 2021', 'ene-21'],
      ['2021-03-01', '2021-12-01', '2021-01-01'],
    ],
    [
      'day Month year',
      ['4 de enero de 2021', '31. Mai 2021', '1 août 2021', '2 mrt. 2021'],
      ['2021-01-04', '2021-05-31', '2021-08-01', '2021-03-02'],
    ],
    [
      'yyyy-Www',
      ['2020-W53', '2021-W01', '2021-W01-7'],
      ['2020-12-28', '2021-01-04', '2021-01-10'],
    ],
    ['year', ['1850', '1851'], ['1850-01-01', '1851-01-01']],
    [
      'year with its fraction',
      ['1949', '1949.08333333', '1949.917'],
      ['1949-01-01', '1949-02-01', '1949-12-01'],
    ],
    [
      'year with its fraction',
      ['1990', '1990.25', '1990.5', '1990.75'],
      ['1990-01-01', '1990-04-01', '1990-07-01', '1990-10-01'],
    ],
    [
      'seconds since 1970',
      ['1609718400', '1609718401.5'],
      ['2021-01-04', '2021-01-04T00:00:01.500Z'],
    ],
    ['milliseconds since 1970', ['1609718400000'], ['2021-01-04']],
    ['microseconds since 1970', [1609718400000000n], ['2021-01-04']],
    ['nanoseconds since 1970', ['1609718400123456789'], ['2021-01-04T00:00:00.123Z']],
    ['Date', [new Date(Date.UTC(2021, 0, 4))], ['2021-01-04']],
  ])('%s is found in %j', (form, cells, expected) => {
    const times = detect(cells)
    expect(times.form).toBe(form)
    expect(times.kind).toBe('instant')
    expect(times.faults).toEqual([])
    expect(times.ambiguity).toBeUndefined()
    expect(isoOf(times)).toEqual(expected)
  })

  test.each([
    ['13:05', '13:05:00'],
    ['T13:05:07', '13:05:07'],
    ['T13:05:07.25', '13:05:07.250Z'],
    ['13:05:07,123456', '13:05:07.123Z'],
    ['1:05 PM', '13:05:00'],
    ['12:05 a.m.', '00:05:00'],
    ['12:05PM', '12:05:00'],
    ['1 pm', '13:00:00'],
    ['T13', '13:00:00'],
  ])('has the time of day %s', (time, expected) => {
    const text = `2021-01-04${time.startsWith('T') ? '' : ' '}${time}`
    expect(isoOf(detect([text]))).toEqual([`2021-01-04T${expected}`])
  })

  test('takes 24:00 as the end of the day', () => {
    expect(isoOf(detect(['2021-01-04 24:00']))).toEqual(['2021-01-05'])
  })

  test.each([
    ['row number', ['0', '1', '2'], [0, 1, 2]],
    ['row number', [1, 2, 3], [1, 2, 3]],
    ['integer', ['10', '20', '30.0'], [10, 20, 30]],
    ['integer', [-5n, 7n], [-5, 7]],
  ])('is %s for %p', (form, cells, expected) => {
    const times = detect(cells)
    expect([times.kind, times.form, times.sure]).toEqual(['integer', form, false])
    expect([...times.instants]).toEqual(expected)
  })

  test.each([
    [['rain', 'sun', 'rain']],
    [['0.5', '1.25', '7.75']],
    [['', null, undefined, NaN]],
    [['10.0.0.1', '10.0.0.2']],
    [['1-2', '3-4']],
    [['1949.44', '1950.37', '1951.2']],
    [['Jan 01', 'Jan 02']],
    [[]],
  ])('is none for %j', (cells) => {
    expect(detectTimes(cells)).toBeUndefined()
  })

  test('leaves missing cells missing, without a fault', () => {
    const times = detect(['2021-01-04', '', undefined, null, '  ', '2021-01-05'])
    expect(times.faults).toEqual([])
    expect([...times.instants].map(Number.isNaN)).toEqual([false, true, true, true, true, false])
  })

  test('is sure for dates, and not for plain numbers', () => {
    expect(detect(['2021-01-04']).sure).toBe(true)
    expect(detect(['20210104']).sure).toBe(false)
  })
})

describe('the order of day and month', () => {
  test('is refused with both readings if no cell decides it', () => {
    const { ambiguity } = detect(['01/01/2012', '', '01/02/2012', '02/02/2012'])
    expect(ambiguity).toEqual({
      index: 2,
      expected:
        "the option dateForm to say which: 'day/month/year' (1 February 2012) or 'month/day/year' (2 January 2012)",
      got: '"01/02/2012"',
      readings: ['day/month/year', 'month/day/year'],
    })
  })

  test.each<[DateOrder, string]>([
    ['day/month/year', '2012-02-01'],
    ['month/day/year', '2012-01-02'],
  ])('is %s where the caller says so', (dateForm, expected) => {
    const times = detect(['01/02/2012'], { dateForm })
    expect(times.ambiguity).toBeUndefined()
    expect(isoOf(times)).toEqual([expected])
  })

  test('is decided by the last cell', () => {
    const cells = [...Array<string>(1000).fill('01/02/2012'), '13/02/2012']
    expect(isoOf(detect(cells))[0]).toBe('2012-02-01')
  })

  test('does not matter where both readings agree', () => {
    expect(detect(['01/01/2012', '01/01/2013', '05/05/2013']).ambiguity).toBeUndefined()
  })

  test('of two-digit years follows the number that changes least', () => {
    const days = Array.from({ length: 100 }, (_, i) => new Date(Date.UTC(2021, 0, 4 + i)))
    const parts = days.map((day) => day.toISOString().slice(2, 10).split('-'))
    const expected = days.map((day) => day.toISOString().slice(0, 10))
    for (const separator of ['-', '.', '/']) {
      const yearFirst = parts.map((part) => part.join(separator))
      const dayFirst = parts.map((part) => [...part].reverse().join(separator))
      expect(isoOf(detect(yearFirst))).toEqual(expected)
      expect(isoOf(detect(dayFirst))).toEqual(expected)
    }
  })

  test('of two-digit years in one month is open with hyphens', () => {
    expect(detect(['21-01-04', '21-01-05']).ambiguity?.readings).toEqual([
      'day/month/year',
      'year/month/day',
    ])
  })
})

describe('a fault', () => {
  test.each([
    ['2021-13-04', 'a month from 1 to 12'],
    ['2021-02-30', 'a day from 1 to 28 in February 2021'],
    ['2020-02-30', 'a day from 1 to 29 in February 2020'],
    ['2021-01-04 25:00', 'an hour from 0 to 23'],
    ['2021-01-04 24:01', 'an hour from 0 to 23, or 24:00'],
    ['2021-01-04 13:00 pm', 'an hour from 1 to 12 before AM or PM'],
    ['2021-01-04 12:60', 'a minute from 0 to 59'],
    ['2021-01-04 12:00:61', 'a second from 0 to 59'],
    ['yesterday', 'a date of the form yyyy-mm-dd, as in the other rows'],
    ['2021-01-04T12:00Z', 'a time without an offset from UTC, as in the other rows'],
  ])('of %s says what would mend it', (cell, expected) => {
    const good = ['2021-01-01', '2021-01-02', '2021-01-03']
    const { faults, instants } = detect([...good, cell])
    expect(faults).toEqual([{ index: 3, expected, got: JSON.stringify(cell) }])
    expect(instants[3]).toBeNaN()
  })

  test.each([
    [['2021-Q1', '2021-Q2', '2021-Q3', '2021-Q5'], 'a quarter from 1 to 4'],
    [['2021-W01', '2021-W02', '2021-W03', '2021-W53'], 'a week from 1 to 52 in 2021'],
    [
      ['2021-01-04T00:00Z', '2021-01-05T00:00Z', '2021-01-06T00:00Z', '2021-01-07T00:00'],
      'an offset from UTC, such as Z or +01:00, as in the other rows',
    ],
    [['10', '20', '30', '4x'], 'an integer, as in the other rows'],
    [['2001', '2002', '2003', '2oo4'], 'a year from 1500 to 2200, as in the other rows'],
  ])('in %j is the last', (cells, expected) => {
    expect(detect(cells).faults).toEqual([{ index: 3, expected, got: JSON.stringify(cells[3]) }])
  })

  test('is reported for every cell, in the order of the rows', () => {
    const good = Array<string>(10).fill('31/01/2021')
    const { faults } = detect(['31/02/2021', ...good, '04/13/2021', '?'])
    expect(faults.map(({ index }) => index)).toEqual([0, 11, 12])
  })
})

describe('offsets', () => {
  test('give instants, and the zone whose clocks have them', () => {
    const times = detect(['2022-03-27T01:00:00+01:00', '2022-03-27T03:00:00+02:00'])
    expect(isoOf(times)).toEqual(['2022-03-27', '2022-03-27T01:00:00'])
    expect([...times.offsets!]).toEqual([60, 120])
    expect(times.timeZone).toBe('Europe/Berlin')
  })

  test.each([
    ['Z', 'UTC'],
    ['+0530', '+05:30'],
    ['-03:30', '-03:30'],
    [' UTC', 'UTC'],
    [' GMT+0100 (Central European Standard Time)', '+01:00'],
  ])('of %s alone are the zone %s', (offset, timeZone) => {
    expect(detect([`2021-01-04 12:00${offset}`]).timeZone).toBe(timeZone)
  })

  test('of New York are found over years', () => {
    const format = new Intl.DateTimeFormat('en', {
      timeZone: 'America/New_York',
      timeZoneName: 'longOffset',
    })
    const instants = Array.from({ length: 900 }, (_, i) => Date.UTC(2019, 5, 1, 17) + i * DAY)
    const cells = instants.map((instant) => {
      const offset = format.format(instant).slice(-6)
      const sign = offset.startsWith('-') ? -1 : 1
      const minutes = sign * (Number(offset.slice(1, 3)) * 60 + Number(offset.slice(4)))
      return new Date(instant + minutes * MINUTE).toISOString().slice(0, 19) + offset
    })
    const times = detect(cells)
    expect(times.timeZone).toBe('America/New_York')
    expect([...times.instants]).toEqual(instants)
  })

  test('that no zone has stand for UTC', () => {
    expect(detect(['2021-01-04T00:00+01:07', '2021-01-05T00:00+03:41']).timeZone).toBe('UTC')
  })
})

describe('a zone that the caller names', () => {
  const timeZone = 'Europe/Berlin'

  test('gives local times their instants', () => {
    const times = detect(['2022-01-01 12:00', '2022-07-01 12:00'], { timeZone })
    expect(isoOf(times)).toEqual(['2022-01-01T11:00:00', '2022-07-01T10:00:00'])
    expect(times.timeZone).toBe(timeZone)
  })

  test('does not move counts since 1970', () => {
    expect(isoOf(detect(['1609718400'], { timeZone }))).toEqual(['2021-01-04'])
  })

  test('makes a fault of a time that its clocks skip', () => {
    const { faults } = detect(['2022-03-27 01:30', '2022-03-27 02:30'], { timeZone })
    expect(faults).toEqual([
      {
        index: 1,
        expected:
          'a time that clocks in Europe/Berlin show on 2022-03-27, when they are put forward, or another zone by the option timeZone',
        got: '"2022-03-27 02:30"',
      },
    ])
  })

  const repeated = ['01:00', '01:30', '02:00', '02:30', '02:00', '02:30', '03:00']
  const local = repeated.map((time) => `2022-10-30 ${time}`)
  const expected = [
    '29T23:00',
    '29T23:30',
    '30T00:00',
    '30T00:30',
    '30T01:00',
    '30T01:30',
    '30T02:00',
  ].map((time) => Date.parse(`2022-10-${time}Z`))

  test('tells the hour that its clocks repeat apart, by the order of the rows', () => {
    expect([...detect(local, { timeZone }).instants]).toEqual(expected)
  })

  test('does so with the newest row first', () => {
    const times = detect([...local].reverse(), { timeZone })
    expect([...times.instants]).toEqual([...expected].reverse())
  })

  test('does so for each series', () => {
    const groups = local.flatMap(() => ['a', 'b'])
    const times = detect(
      local.flatMap((time) => [time, time]),
      { timeZone, groups },
    )
    expect([...times.instants]).toEqual(expected.flatMap((instant) => [instant, instant]))
  })

  test('is refused if it is unknown', () => {
    expectGruError(
      () => detectTimes(['2021-01-04'], { timeZone: 'Mars/Base' }),
      'ERR_GRU_VALUE',
      /^timeZone: expected a time zone such as 'Europe\/Berlin', 'UTC' or '\+01:00', got "Mars\/Base"$/,
    )
  })
})

describe('random times', () => {
  /** Writes a date in a form, from what Date says of it. */
  const writers: Record<string, (date: Date) => string> = {
    'yyyy-mm-dd': (date) => date.toISOString(),
    'day/month/year': (date) =>
      `${two(date.getUTCDate())}/${two(date.getUTCMonth() + 1)}/${date.getUTCFullYear()} ${date.toISOString().slice(11, 23)}`,
    'month/day/year': (date) =>
      `${date.getUTCMonth() + 1}/${date.getUTCDate()}/${date.getUTCFullYear()} ${date.toISOString().slice(11, 23)}`,
    'day Month year': (date) => date.toUTCString().replace('GMT', '').trim(),
    'milliseconds since 1970': (date) => String(date.getTime()),
  }

  test.each(Object.keys(writers))('in the form %s come back', (form) => {
    const whole = form === 'day Month year'
    const dates = Array.from({ length: 300 }, () => {
      const instant = Date.UTC(1980 + below(100), 0, 1) + below(365 * DAY)
      return new Date(whole ? Math.floor(instant / 1000) * 1000 : instant)
    })
    const times = detect(dates.map(writers[form]!))
    expect(times.form).toBe(form)
    expect([...times.instants]).toEqual(dates.map((date) => date.getTime()))
  })
})
