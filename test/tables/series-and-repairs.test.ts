import * as fc from 'fast-check'
import { expectGruRejection } from '../support/errors'
import { seed } from '../support/random'
import { temporaryFolder } from '../support/temporary-folder'
import type { Table } from '../../lib/tables/table'
import { dailyText, days, numbersOf, readText } from './small-tables'

const file = temporaryFolder()('table.csv')
const counted = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i))
const daily = dailyText(counted(40)).trimEnd().split('\n')
const [header, ...lines] = daily as [string, ...string[]]
const textOf = (rows: readonly string[], head = header): string => [head, ...rows, ''].join('\n')

/** A row of each of three sites; one starts late, one ends early, in the order of time. */
function sites(): string[] {
  return days(20).flatMap((day, i) => [
    ...(i < 15 ? [`${day},north,${i}`] : []),
    ...(i >= 5 ? [`${day},south,${100 + i}`] : []),
    `${day},east,${200 + i}`,
  ])
}

describe('repairs are reported, and refused where strict', () => {
  test.each<[string, string[], string, number, string, string, number[]]>([
    [
      'newest first',
      [...lines].reverse(),
      'newest row first',
      40,
      'sorted by time',
      'line 2',
      counted(40).map(Number),
    ],
    [
      'two rows in the wrong order',
      lines.map((_, i) => lines[i === 5 ? 6 : i === 6 ? 5 : i]!),
      'rows out of order',
      1,
      'sorted by time',
      'line 8',
      counted(40).map(Number),
    ],
    [
      'a row twice',
      [...lines.slice(0, 6), lines[5]!, ...lines.slice(6)],
      'the same row twice',
      1,
      'dropped',
      'line 8',
      counted(40).map(Number),
    ],
    [
      'missing rows',
      [...lines.slice(0, 5), ...lines.slice(7)],
      'missing rows',
      2,
      'inserted with missing cells',
      '2021-01-09',
      counted(40).map((value, i) => (i === 5 || i === 6 ? NaN : Number(value))),
    ],
  ])('%s', async (_, rows, found, count, done, first, values) => {
    const table = await readText(file, textOf(rows))
    expect(table.repairs).toEqual([{ found, count, done, first }])
    expect(numbersOf(table, 'value')).toEqual(values)
    expect(table.series[0]!.times.every((time, i, times) => i === 0 || time > times[i - 1]!)).toBe(
      true,
    )
    const message = `${file}: expected a table without repairs, as the option strict says, got ${found}: ${count}, the first at ${first}`
    await expectGruRejection(
      readText(file, textOf(rows), { strict: true }),
      'ERR_GRU_FORMAT',
      message,
    )
  })

  test('several of them together', async () => {
    const rows = [...lines].reverse().filter((_, i) => i !== 30)
    const { repairs } = await readText(file, textOf(['', ...rows]))
    expect(repairs.map(({ found }) => found)).toEqual([
      'blank lines',
      'newest row first',
      'missing rows',
    ])
  })

  test('a good table passes as strict', async () => {
    await expect(readText(file, textOf(lines), { strict: true })).resolves.toHaveProperty(
      'repairs',
      [],
    )
  })

  test('rows in any order give the same series, each with its line; inserted ones have none', async () => {
    const kept = lines.filter((_, i) => i !== 3)
    const anyOrder = fc.shuffledSubarray(kept, { minLength: kept.length })
    await fc.assert(
      fc.asyncProperty(anyOrder, async (rows) => {
        const table = await readText(file, textOf(rows))
        const place = (line: string): number => rows.indexOf(line) + 2
        expect([...table.series[0]!.lines]).toEqual(
          lines.map((line, i) => (i === 3 ? 0 : place(line))),
        )
        expect(numbersOf(table, 'value')).toEqual(lines.map((_, i) => (i === 3 ? NaN : i)))
      }),
      { seed, numRuns: 20 },
    )
  })
})

describe('is refused', () => {
  test('one time with two values', async () => {
    const rows = [...lines.slice(0, 6), lines[5]!.replace(/\d+$/, '99'), ...lines.slice(6)]
    const message = `${file}, line 8, column "date": expected one row for each time (remove one, or say which columns name the series, by the option series), got "2021-01-09" again, with another value of "value": see line 7`
    await expectGruRejection(readText(file, textOf(rows)), 'ERR_GRU_FORMAT', message)
  })

  test('a row without a time', async () => {
    const message = `${file}, line 4, column "date": expected a time of the form yyyy-mm-dd, got an empty cell`
    await expectGruRejection(
      readText(file, textOf(lines.map((line, i) => (i === 2 ? ',2' : line)))),
      'ERR_GRU_FORMAT',
      message,
    )
  })

  test.each<[string, string[], RegExp]>([
    [
      'a total',
      ['Total,780'],
      /line 42, column "date".* \(or remove the line if it is a footer\), got "Total"$/,
    ],
    [
      'a total without text',
      [',780'],
      /line 42.* \(or remove the line if it is a footer\), got an empty cell$/,
    ],
    [
      'two of them',
      ['Mean,19.5', 'Total,780'],
      /line 43.* \(or remove the line if it is a footer\), got "Total"$/,
    ],
  ])('a footer, with the remedy: %s', async (_, footer, message) => {
    await expectGruRejection(
      readText(file, textOf([...lines, ...footer])),
      'ERR_GRU_FORMAT',
      message,
    )
    const amid = readText(file, textOf([...footer, ...lines]))
    await expectGruRejection(amid, 'ERR_GRU_FORMAT', /^(?!.*footer)/)
  })

  test.each<[string, string, string[], boolean]>([
    ['in Berlin', '2021-10-31', ['01:30', '02:00', '02:30', '02:00', '02:30', '03:00'], true],
    ['in New York', '2021-11-07', ['00:30', '01:00', '01:30', '01:00', '01:30', '02:00'], true],
    ['on another day', '2021-10-30', ['01:30', '02:00', '02:30', '02:00', '02:30', '03:00'], false],
    ['in UTC', '2021-10-31', ['01:30Z', '02:00Z', '02:30Z', '02:00Z', '02:30Z', '03:00Z'], false],
  ])(
    'an hour twice, with timeZone as remedy if clocks do so: %s',
    async (_, day, times, isTold) => {
      const rows = times.map((time, i) => `${day}T${time},${i}`)
      const error = await expectGruRejection(
        readText(file, textOf(rows)),
        'ERR_GRU_FORMAT',
        /twice|again/,
      )
      const zone =
        /\(remove one, or say which columns name the series, by the option series, or say the option timeZone, such as '[A-Z]/
      expect(error.message.split('\n').map((line) => zone.test(line))).toEqual([isTold, isTold])
    },
  )

  test('01/02/2012, with both readings', async () => {
    const dates = Array.from({ length: 9 }, (_, i) => `0${i + 1}/02/2012,${i}`)
    const message = /line 2, column "date": .*1 February 2012.*2 January 2012.*got "01\/02\/2012"$/
    await expectGruRejection(readText(file, textOf(dates)), 'ERR_GRU_FORMAT', message)
    const first = async (dateForm: 'day/month/year' | 'month/day/year'): Promise<number> =>
      (await readText(file, textOf(dates), { dateForm })).series[0]!.times[0]!
    expect(await first('day/month/year')).toBe(Date.UTC(2012, 1, 1))
    expect(await first('month/day/year')).toBe(Date.UTC(2012, 0, 2))
  })

  test.each<[string, object, RegExp]>([
    [
      'a column of times that is not there',
      { time: 'when' },
      /: expected a column "when", got the columns "date", "value", "note"$/,
    ],
    [
      'a column of times without times',
      { time: 'note' },
      /line 2, column "note": expected times of one form, such as .*, got "a"$/,
    ],
    [
      'a column of series that is not there',
      { series: 'shop' },
      /: expected a column "shop", got the columns/,
    ],
    [
      'a frequency of times without a column of times',
      { time: null, frequency: 'day' },
      /: expected times that can have the frequency day, got the columns/,
    ],
    [
      'a frequency that the times do not have',
      { frequency: 'week' },
      /line 3, column "date": expected a time on the steps of the frequency week, got "2021-01-05"/,
    ],
  ])('%s', async (_, options, message) => {
    const content = textOf(
      lines.map((line) => `${line},a`),
      'date,value,note',
    )
    await expectGruRejection(readText(file, content, options), 'ERR_GRU_FORMAT', message)
  })
})

describe('several series', () => {
  const shape = ({ series }: Table): unknown =>
    series.map(({ name, rows, numbers }) => [name, rows, numbers.get('value')![0]])
  const expected = [
    ['north', 15, 0],
    ['east', 20, 200],
    ['south', 15, 105],
  ]

  test.each<[string, string[]]>([
    ['by time', sites()],
    ['by site', [...sites()].sort((a, b) => a.split(',')[1]!.localeCompare(b.split(',')[1]!))],
  ])('are told apart by the column that does so, sorted %s', async (order, rows) => {
    const table = await readText(file, textOf(rows, 'date,site,value'))
    expect(table).toMatchObject({ seriesColumn: 'site', repairs: [], warnings: [] })
    expect(table.columns).toEqual([{ name: 'value', kind: 'number' }])
    const sorted = [...expected].sort((a, b) => String(a[0]).localeCompare(String(b[0])))
    expect(shape(table)).toEqual(order === 'by time' ? expected : sorted)
  })

  test('by a column that the caller says, of any kind', async () => {
    const rows = sites().map((row) =>
      row.replace('north', '1').replace('south', '2').replace('east', '3'),
    )
    const table = await readText(file, textOf(rows, 'date,zone,value'), { series: 'zone' })
    expect(table.seriesColumn).toBe('zone')
    expect(table.series.map(({ name }) => name)).toEqual(['1', '3', '2'])
  })

  test('by the column with the fewest names that does it, and by no text that is new in each row', async () => {
    const rows = sites().map((row, i) => `note ${i},${row},${row.split(',')[1]}-${i % 2}`)
    const table = await readText(file, textOf(rows, 'note,date,site,value,half'))
    expect(table.seriesColumn).toBe('site')
  })

  test('not by a category that differs where one row is twice by mistake', async () => {
    const rows = lines.map((line, i) => `${line},${i % 2 ? 'sun' : 'rain'}`)
    const twice = [...rows, rows[7]!.replace('sun', 'rain')]
    const message = /line 42, column "date": expected one row for each time/
    await expectGruRejection(
      readText(file, textOf(twice, 'date,value,sky')),
      'ERR_GRU_FORMAT',
      message,
    )
  })

  test('not by a text that is new in each row', async () => {
    const rows = sites().map((row, i) => row.replace(/north|south|east/, `note ${i}`))
    const message = /column "date": expected one row for each time/
    await expectGruRejection(
      readText(file, textOf(rows, 'date,note,value')),
      'ERR_GRU_FORMAT',
      message,
    )
  })

  test('each has its own missing rows, and a row without a name is refused', async () => {
    const rows = sites().filter((row) => row !== '2021-01-14,south,110')
    const table = await readText(file, textOf(rows, 'date,site,value'))
    expect(table.repairs).toEqual([
      {
        found: 'missing rows',
        count: 1,
        done: 'inserted with missing cells',
        first: '2021-01-14 of south',
      },
    ])
    const [, , south] = table.series
    expect([south!.rows, south!.numbers.get('value')![5], south!.lines[5]]).toEqual([15, NaN, 0])
    const unnamed = [...rows, '2021-01-30,,5']
    const message = /column "site": expected the name of a series, got an empty cell$/
    const reading = readText(file, textOf(unnamed, 'date,site,value'), { series: 'site' })
    await expectGruRejection(reading, 'ERR_GRU_FORMAT', message)
  })

  test('may be named by two columns together, inferred or said', async () => {
    const rows = ['a', 'b'].flatMap((store) =>
      ['x', 'y', 'z'].flatMap((item, place) =>
        Array.from({ length: 12 }, (_, day) => {
          return `2021-01-${String(day + 1).padStart(2, '0')},${store},${item},${100 * place + day}`
        }),
      ),
    )
    const text = textOf(rows, 'date,store,item,value')
    for (const options of [{}, { series: 'store, item' }, { series: 'store,item' }]) {
      const table = await readText(file, text, options)
      expect(table.seriesColumn).toBe('store, item')
      expect(table.columns).toEqual([{ name: 'value', kind: 'number' }])
      expect(shape(table)).toEqual([
        ...[
          ['a, x', 12, 0],
          ['a, y', 12, 100],
          ['a, z', 12, 200],
        ],
        ...[
          ['b, x', 12, 0],
          ['b, y', 12, 100],
          ['b, z', 12, 200],
        ],
      ])
    }
    await expect(readText(file, text, { series: 'store, shop' })).rejects.toThrow('"shop"')
  })

  test('without times, rows are steps of each series', async () => {
    const rows = ['a,1', 'b,2', 'a,3', 'b,4', 'b,5']
    const table = await readText(file, textOf(rows, 'site,value'), { series: 'site' })
    expect(table.series.map(({ times }) => [...times])).toEqual([
      [0, 1],
      [0, 1, 2],
    ])
  })
})

describe('the column of times', () => {
  test.each<[string, string, string[]]>([
    ['by its cells, whatever its name', 'moment', ['value,moment', '1,2021-01-04', '2,2021-01-05']],
    ['by its cells, without a name', '', [',value', '2021-01-04,1', '2021-01-05,2']],
    [
      'by its name, of two',
      'Order Date',
      ['shipped,Order Date,value', '2021-02-04,2021-01-04,1', '2021-02-05,2021-01-05,2'],
    ],
    ['by its name, of numbers', 'year', ['value,year', '1850,1990', '1851,1991', '1852,1992']],
    ['by its name, of steps', 't', ['t,value', '5,1', '6,2', '7,3']],
  ])('is found %s', async (_, name, rows) => {
    expect((await readText(file, `${rows.join('\n')}\n`)).time.column).toBe(name)
  })

  test.each<[string, string[]]>([
    ['numbers that could be months', ['value,rate', '1,1.2015', '2,1.2016', '3,1.2021']],
    ['numbers that could be years', ['value,other', '1850,1', '1851,2', '1852,3']],
    [
      'numbers in no order',
      ['time,value', ...Array.from({ length: 20 }, (_, i) => `${(i * 7) % 20},1`)],
    ],
  ])('is none of %s: rows are steps', async (_, rows) => {
    const { time } = await readText(file, `${rows.join('\n')}\n`)
    expect(time).toEqual({
      ...{ column: undefined, kind: 'integer', timeZone: 'UTC' },
      frequency: { kind: 'regular', unit: 'step', count: 1 },
    })
  })

  const months = [
    'Jan',
    'Feb',
    'Mar',
    'Apr',
    'May',
    'Jun',
    'Jul',
    'Aug',
    'Sep',
    'Oct',
    'Nov',
    'Dec',
  ]
  const yearly = [1949, 1950, 1951]

  test.each<[string, string, string[], string, number]>([
    [
      'months',
      'year,month',
      yearly.flatMap((y) => months.map((_, m) => `${y},${m + 1}`)),
      'month',
      Date.UTC(1949, 1, 1),
    ],
    [
      'names of months',
      'Year,Month',
      yearly.flatMap((y) => months.map((m) => `${y},${m}`)),
      'month',
      Date.UTC(1949, 1, 1),
    ],
    [
      'quarters',
      'year,quarter',
      yearly.flatMap((y) => [1, 2, 3, 4].map((q) => `${y},${q}`)),
      'quarter',
      Date.UTC(1949, 3, 1),
    ],
    [
      'weeks',
      'year,week',
      Array.from({ length: 30 }, (_, w) => `2021,${w + 1}`),
      'week',
      Date.UTC(2021, 0, 11),
    ],
    [
      'days',
      'year,month,day',
      Array.from({ length: 30 }, (_, d) => `2021,1,${d + 1}`),
      'day',
      Date.UTC(2021, 0, 2),
    ],
    [
      'hours',
      'year,month,day,hour',
      Array.from({ length: 24 }, (_, h) => `2021,1,1,${h}`),
      'hour',
      Date.UTC(2021, 0, 1, 1),
    ],
  ])('may be in parts: years and %s', async (_, names, rows, unit, second) => {
    const content = textOf(
      rows.map((row, i) => `${row},${i}`),
      `${names},value`,
    )
    const name = names.replaceAll(',', ', ')
    for (const options of [{}, { time: name }]) {
      const table = await readText(file, content, options)
      expect(table.time).toMatchObject({ column: name, frequency: { unit, count: 1 } })
      expect(table.columns).toEqual([{ name: 'value', kind: 'number' }])
      expect(table.series.map(({ times }) => times[1])).toEqual([second])
    }
  })

  test.each<[string, string, string[], string]>([
    [
      'a time of day',
      'Date,Time',
      ['04/01/2021,22:30', '04/01/2021,23:00', '13/01/2021,00:00'],
      '2021-01-04T23:00:00.000Z',
    ],
    [
      'an hour',
      'date,hour',
      ['2021-01-04,22', '2021-01-04,23', '2021-01-05,0'],
      '2021-01-04T23:00:00.000Z',
    ],
  ])('may be a date and %s', async (_, names, rows, second) => {
    const values = rows.map((row, i) => `${row},${i}`)
    const { time, columns, series } = await readText(file, textOf(values, `${names},value`))
    expect(time.column).toBe(names.replace(',', ', '))
    expect(columns).toEqual([{ name: 'value', kind: 'number' }])
    expect(new Date(series[0]!.times[1]!).toISOString()).toBe(second)
  })

  test('in an unknown form is told: its rows are steps', async () => {
    const rows = days(9).map((day, i) => `${day} at noon,${i}`)
    const { time, warnings } = await readText(file, textOf(rows))
    expect(time.column).toBeUndefined()
    expect(warnings).toMatchObject([
      {
        line: 2,
        column: 'date',
        got: '"2021-01-04 at noon"',
        outcome: 'the rows are taken as steps in their order',
      },
    ])
    const { warnings: denied } = await readText(file, textOf(rows), { time: null })
    expect(denied).toEqual([])
  })

  test('is not made of parts if there are whole times, or the caller uses a part', async () => {
    const rows = lines.map((line, i) => `${line},2021,${1 + (i % 3)}`)
    const content = textOf(rows, 'date,value,year,month')
    expect((await readText(file, content)).time.column).toBe('date')
    const { time } = await readText(file, textOf(['2001,1', '2002,1', '2003,2'], 'year,month'), {
      columns: ['month'],
    })
    expect(time.column).toBe('year')
  })

  test('may be denied', async () => {
    const { time, columns } = await readText(file, textOf(lines), {
      time: null,
      columns: ['value'],
    })
    expect([time.column, columns.length]).toEqual([undefined, 1])
  })

  test('is in the zone that is said, and an hour that the clocks repeat belongs to each series twice', async () => {
    const hours = ['00:00', '01:00', '02:00', '02:00', '03:00']
    const rows = hours.flatMap((hour, i) =>
      ['a', 'b'].map((site) => `2021-10-31 ${hour},${site},${i}`),
    )
    const options = { timeZone: 'Europe/Berlin', series: 'site' }
    const { series, repairs } = await readText(file, textOf(rows, 'time,site,value'), options)
    const start = Date.UTC(2021, 9, 30, 22)
    const times = hours.map((_, i) => start + i * 3_600_000)
    expect(series.map((each) => [...each.times])).toEqual([times, times])
    expect(repairs).toEqual([])
  })
})
