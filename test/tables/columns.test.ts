import { expectGruRejection } from '../support/errors'
import { temporaryFolder } from '../support/temporary-folder'
import type { Table } from '../../lib/tables/table'
import { dailyText, days, numbersOf, readText } from './small-tables'

const file = temporaryFolder()('table.csv')

const rows = (header: string, cells: (row: number) => string, count = 30): string => {
  const dates = days(count)
  return [header, ...dates.map((date, row) => `${date},${row},${cells(row)}`), ''].join('\n')
}
const namesOf = ({ columns }: Table): string[] => columns.map(({ name }) => name)

test('a column of words is of categories, with missing ones', async () => {
  const table = await readText(
    file,
    rows('date,value,sky', (row) => ['sun', 'rain', 'NA'][row % 3]!),
  )
  expect(table.columns).toEqual([
    { name: 'value', kind: 'number' },
    { name: 'sky', kind: 'category' },
  ])
  expect(table.series[0]!.categories.get('sky')!.slice(0, 4)).toEqual([
    'sun',
    'rain',
    undefined,
    'sun',
  ])
})

test('columns keep their order', async () => {
  const table = await readText(file, 'sky,b,date,a\nsun,1,2021-01-04,2\nsun,3,2021-01-05,4\n')
  expect(namesOf(table)).toEqual(['sky', 'b', 'a'])
})

describe('is left out with a warning', () => {
  test.each<[string, string, (row: number) => string, string]>([
    [
      'free text',
      'date,value,note',
      (row) => `text ${row}`,
      'column "note": expected numbers, or categories that repeat, got 30 different texts, as "text 0"; the column is left out',
    ],
    [
      'an empty column',
      'date,value,note',
      () => '',
      'column "note": expected a cell with a value, got none; the column is left out',
    ],
    [
      'columns without a name',
      'date,value,,',
      () => '5,',
      'expected columns with names of their own, got 2 without a name; they are left out',
    ],
    [
      'columns of one name',
      'date,value,n,n',
      () => '5,6',
      'expected columns with names of their own, got 2 of the name "n"; they are left out',
    ],
    [
      'a column of the name of the time',
      'date,value,date',
      () => '2021-02-01',
      'expected columns with names of their own, got 2 of the name "date"; the first is used, as time or series',
    ],
    [
      'a column of numbers and many texts',
      'date,value,note',
      (row) => (row % 10 < 3 ? `text ${row}` : String(row)),
      'column "note": expected numbers, or categories that repeat, got 9 different texts, as "text 0", and 21 numbers; the column is left out',
    ],
    [
      'a column with faults',
      'date,value,b',
      (row) => (row === 3 || row === 9 ? 'x' : '5'),
      'line 5, column "b": expected a number, or an empty cell where it is missing, got "x" (and 1 more row); the column is left out',
    ],
    [
      'a column with stray quotes',
      'date,value,b',
      () => '5" pipe',
      'line 2, column "b": expected quotes only around a whole field, and doubled within, got "5\\" pipe" (and 29 more rows); the column is left out',
    ],
  ])('%s', async (_, header, cells, warning) => {
    const table = await readText(file, rows(header, cells))
    expect(namesOf(table)).toEqual(['value'])
    const place = warning.startsWith('expected') ? `${file}: ` : `${file}, `
    expect(table.summary().split('\n').at(-1)).toBe(`warning: ${place}${warning}`)
  })

  test.each([',date,value', 'Unnamed: 0,date,value'])(
    'the index of a data frame: %s',
    async (header) => {
      for (const first of [0, 1]) {
        const lines = days(20).map((day, row) => `${row + first},${day},${row}`)
        const table = await readText(file, [header, ...lines, ''].join('\n'))
        expect(namesOf(table)).toEqual(['value'])
        expect(table.time.column).toBe('date')
        expect(table.warnings).toMatchObject([{ got: 'the index of a data frame' }])
      }
    },
  )
})

describe('faults of required columns are errors', () => {
  const faulty = rows('date,value,b,c', (row) => (row === 3 ? 'x,y' : '5,6'))

  test('only of these', async () => {
    const table = await readText(file, faulty, { required: ['value'] })
    expect(table.warnings.map(({ column }) => column)).toEqual(['b', 'c'])
    const message = `${file}, line 5, column "b": expected a number, or an empty cell where it is missing, got "x"`
    await expectGruRejection(readText(file, faulty, { required: ['b'] }), 'ERR_GRU_FORMAT', message)
    await expectGruRejection(readText(file, faulty, { columns: ['b'] }), 'ERR_GRU_FORMAT', message)
  })

  test('names that are not there, or twice', async () => {
    const required = readText(
      file,
      rows('date,value,n,n', () => '5,6'),
      { required: ['m', 'n'] },
    )
    const error = await expectGruRejection(required, 'ERR_GRU_FORMAT', /./)
    expect(error.message.split('\n')).toEqual([
      `${file}: expected a column "m", got the columns "date", "value", "n", "n"`,
      `${file}, column "n": expected one column of this name, got 2`,
    ])
  })

  test('all of all columns and of the times are told together, by line, up to twenty', async () => {
    const lines = days(200).map((day, row) => {
      if (row === 2) return `soon,1,1`
      return `${day},${row % 10 === 4 ? 'x' : '1'},${row === 7 ? '5%' : '1'}`
    })
    const content = ['date,a,b', ...lines, ''].join('\n')
    const reading = readText(file, content, { required: ['a', 'b'] })
    const error = await expectGruRejection(reading, 'ERR_GRU_FORMAT', /./)
    const shown = error.message.split('\n')
    expect(shown).toHaveLength(21)
    expect(shown[0]).toMatch(
      /line 4, column "date": expected a date of the form yyyy-mm-dd.*got "soon"$/,
    )
    expect(shown[1]).toMatch(/line 6, column "a": .*got "x"$/)
    expect(shown[2]).toMatch(/line 9, column "b": expected a number without %.*got "5%"$/)
    expect(shown[20]).toBe('and 2 more')
  })

  test('faults of the only column are errors too, since nothing else is left', async () => {
    const message = /line 4, column "value": .*got "x"$/
    const content = dailyText(['1', '2', 'x', '4', '5', '6'])
    await expectGruRejection(readText(file, content), 'ERR_GRU_FORMAT', message)
  })

  test('names are told that leave all columns out', async () => {
    const message = `${file}: expected columns with names of their own, got 2 of the name "v"`
    await expectGruRejection(
      readText(file, 'date,v,v\n2021-01-04,1,2\n'),
      'ERR_GRU_FORMAT',
      message,
    )
  })

  test('a table of times alone is refused', async () => {
    const message = `${file}: expected a column beside time and series, got none that can be used`
    await expectGruRejection(readText(file, 'date\n2021-01-04\n'), 'ERR_GRU_FORMAT', message)
  })
})

test('columns may be chosen, with their kinds', async () => {
  const content = rows('date,value,code,note', (row) => `${row % 4},text ${row}`)
  expect(namesOf(await readText(file, content, { columns: ['date', 'code'] }))).toEqual(['code'])
  const table = await readText(file, content, { columns: { code: 'category', note: 'category' } })
  expect(table.columns).toEqual([
    { name: 'code', kind: 'category' },
    { name: 'note', kind: 'category' },
  ])
  expect(table.series[0]!.categories.get('code')!.slice(0, 5)).toEqual(['0', '1', '2', '3', '0'])
  expect(table.warnings).toEqual([])
})

test('a column of a stated kind may be empty: its values are still to come', async () => {
  const content = rows('date,value,later', () => '')
  const table = await readText(file, content, { columns: { value: 'number', later: 'number' } })
  expect(numbersOf(table, 'later').every(Number.isNaN)).toBe(true)
})

test.each<[string, unknown, RegExp]>([
  [
    'an unknown name',
    { columms: [] },
    /^options: expected only the keys .* \(did you mean columns\?\)$/,
  ],
  [
    'a kind',
    { columns: { a: 'date' } },
    /^options.columns.a: expected one of "number", "category"/,
  ],
  ['a decimal mark', { decimal: ';' }, /^options.decimal: expected one of "\.", ","/],
  [
    'a form of dates',
    { dateForm: 'dd/mm' },
    /^options.dateForm: expected one of "day\/month\/year"/,
  ],
  ['a zone', { timeZone: 'Mars/Olympus' }, /^options.timeZone: expected the name of a time zone/],
  ['a frequency', { frequency: 'often' }, /^options.frequency: expected 'day', '15 minutes'/],
  ['a name', { series: '' }, /^options.series: expected a string that is not empty/],
])('an invalid option is refused: %s', async (_, options, message) => {
  await expectGruRejection(
    readText(file, dailyText(['1']), options as object),
    'ERR_GRU_VALUE',
    message,
  )
})
