import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import * as path from 'node:path'
import { Table } from '../../lib/tables/table'
import { expectGruRejection } from '../support/errors'
import { libraryProcess } from '../support/library-process'
import { temporaryFolder } from '../support/temporary-folder'
import { numbersOf, readText } from './small-tables'

const inFolder = temporaryFolder()
const file = inFolder('table')

const ROWS = [
  { date: '2021-01-04', value: 1.5, sky: 'sun' },
  { date: '2021-01-05', value: null, sky: 'rain' },
  { date: '2021-01-06', sky: 'sun', value: '2.5' },
]
const EXPECTED = {
  columns: [
    { name: 'value', kind: 'number' },
    { name: 'sky', kind: 'category' },
  ],
  numbers: [1.5, NaN, 2.5],
  sky: ['sun', 'rain', 'sun'],
  times: [4, 5, 6].map((day) => Date.UTC(2021, 0, day)),
}

function shown(table: Table): typeof EXPECTED {
  const [{ times, categories }] = table.series as [Table['series'][number]]
  return {
    columns: [...table.columns],
    numbers: numbersOf(table, 'value'),
    sky: categories.get('sky') as string[],
    times: [...times],
  }
}

test.each<[string, string, number[]]>([
  ['JSON lines', ROWS.map((row) => `${JSON.stringify(row)}\n`).join('\n'), [1, 3, 5]],
  ['a JSON array', JSON.stringify(ROWS, undefined, 2), [1, 2, 3]],
  ['a JSON array after a byte-order mark', `\ufeff${JSON.stringify(ROWS)}`, [1, 2, 3]],
])('%s is read', async (_, content, places) => {
  const table = await readText(file, content)
  expect(shown(table)).toEqual(EXPECTED)
  expect([...table.series[0]!.lines]).toEqual(places)
})

test('faults of JSON lines are told together', async () => {
  const content = '{"value": 1}\n{"value": 2\n[3]\n{"value": 4, "value": 5}\n'
  const error = await expectGruRejection(readText(file, content), 'ERR_GRU_FORMAT', /./)
  expect(error.message.split('\n')).toEqual([
    `${file}, line 2: expected one JSON object in the line, got "{\\"value\\": 2"`,
    `${file}, line 3: expected an object with the cells of a row, got an Array of 1`,
    `${file}, line 4: expected each key once, got "value" twice`,
  ])
})

test('one JSON object over several lines is one fault', async () => {
  const content = JSON.stringify({ data: [{ value: 1 }] }, undefined, 2)
  const expected = 'one JSON object in each line, or an array of objects'
  const message = `${file}: expected ${expected}, got one object with the keys "data"`
  await expectGruRejection(readText(file, content), 'ERR_GRU_FORMAT', message)
})

test('rows of an array are numbered in messages', async () => {
  const rows = [1, 2, 3, 4, 'x', 6].map((value) => ({ value }))
  const message = `${file}, row 5, column "value": expected a number, or an empty cell where it is missing, got "x"`
  await expectGruRejection(readText(file, JSON.stringify(rows)), 'ERR_GRU_FORMAT', message)
})

describe('rows of a program', () => {
  const day = (n: number): Date => new Date(Date.UTC(2021, 0, n))
  const typed = [
    { date: day(4), value: 15n, sky: true },
    { date: day(5), value: undefined, sky: false },
    { date: day(6), value: 25, sky: true, late: 1 },
  ]
  const expected = {
    ...EXPECTED,
    columns: [...EXPECTED.columns, { name: 'late', kind: 'number' }],
    numbers: [15, NaN, 25],
    sky: ['true', 'false', 'true'],
  }

  async function* slowly(): AsyncGenerator<object> {
    for (const row of typed) {
      await new Promise(setImmediate)
      yield row
    }
  }

  test.each<[string, () => Iterable<object> | AsyncIterable<object>]>([
    ['an array', () => typed],
    ['a generator', () => new Set(typed).values()],
    ['an asynchronous generator', slowly],
  ])('are taken from %s', async (_, rows) => {
    const table = await Table.from(rows())
    expect(shown(table)).toEqual(expected)
    expect(numbersOf(table, 'late')).toEqual([NaN, NaN, 1])
    expect(table.path).toBe('rows')
  })

  test('each is taken as it comes, and may be changed afterwards', async () => {
    const row = { value: 0 }
    const table = await Table.from(
      (function* () {
        for (row.value = 1; row.value < 5; row.value++) yield row
      })(),
    )
    expect(numbersOf(table, 'value')).toEqual([1, 2, 3, 4])
  })

  test('an error of the iterable passes', async () => {
    const failure = new Error('connection lost')
    // eslint-disable-next-line require-yield
    const rows = (function* (): Generator<object> {
      throw failure
    })()
    await expect(Table.from(rows)).rejects.toBe(failure)
  })

  test.each<[string, unknown, RegExp]>([
    [
      'nothing',
      undefined,
      /^rows: expected an iterable or async iterable of objects, got undefined$/,
    ],
    ['text', 'a,b', /^rows: expected an iterable .*, got "a,b"$/],
    ['an object', { value: 1 }, /^rows: expected an iterable .*, got an object$/],
  ])('are not %s', async (_, rows, message) => {
    await expectGruRejection(Table.from(rows as object[]), 'ERR_GRU_TYPE', message)
  })

  test('of other types are refused by row and column', async () => {
    const rows = [{ a: 1 }, { a: 2 }, { a: 3 }, { a: 4 }, { a: {} }, { a: Infinity }, { a: 7 }]
    const reading = Table.from([...rows, ...rows.slice(0, 4)])
    const error = await expectGruRejection(reading, 'ERR_GRU_FORMAT', /./)
    const expectedCell = 'expected a finite number, or null where it is missing'
    expect(error.message.split('\n')).toEqual([
      `rows, row 5, column "a": ${expectedCell}, got an object`,
      `rows, row 6, column "a": ${expectedCell}, got Infinity`,
    ])
    const invalid = [day(4), day(5), new Date(NaN), day(7)].map((date) => ({ date, value: 1 }))
    const noDate =
      'rows, row 3, column "date": expected a time of the form Date, got an invalid Date'
    await expectGruRejection(Table.from(invalid), 'ERR_GRU_FORMAT', noDate)
    const noObject = Table.from([7 as unknown as object])
    const message = 'rows, row 1: expected an object with the cells of a row, got 7'
    await expectGruRejection(noObject, 'ERR_GRU_FORMAT', message)
    await expectGruRejection(Table.from([]), 'ERR_GRU_FORMAT', 'rows: expected rows, got none')
  })
})

// The reader of Parquet files is an ES module, which is not loaded in here: a process of its own reads them.
describe('a Parquet file', () => {
  const root = path.join(__dirname, '..', '..')
  const project = inFolder('project')
  mkdirSync(project)
  symlinkSync(path.join(root, 'node_modules'), path.join(project, 'node_modules'))
  const run = libraryProcess(path.join(project, 'library'))
  const parquet = inFolder('table.parquet')
  const script = `
    gru.Table.read(${JSON.stringify(parquet)}).then(
      ({ columns, series: [{ times, numbers, categories, lines }] }) => console.log(JSON.stringify({
        columns, times: [...times], lines: [...lines],
        value: [...numbers.get('value')], count: [...numbers.get('count')],
        sky: categories.get('sky'),
      })),
      ({ code, message }) => console.log(code + ' ' + message))`

  beforeAll(() => {
    const writer = `
      import { parquetWriteFile } from 'hyparquet-writer'
      parquetWriteFile({
        filename: process.argv[1],
        rowGroupSize: 2,
        columnData: [
          { name: 'day', data: [4, 5, 6].map((n) => new Date(Date.UTC(2021, 0, n))), type: 'TIMESTAMP' },
          { name: 'value', data: [1.5, null, 2.5], type: 'DOUBLE' },
          { name: 'count', data: [7n, 8n, 9n], type: 'INT64' },
          { name: 'sky', data: ['sun', 'rain', 'sun'], type: 'STRING' },
        ],
      })`
    execFileSync(process.execPath, ['--input-type=module', '-e', writer, parquet], { cwd: root })
  })

  test('is read with its types', () => {
    const { output } = run(script)
    expect(JSON.parse(output)).toEqual({
      columns: [
        { name: 'value', kind: 'number' },
        { name: 'count', kind: 'number' },
        { name: 'sky', kind: 'category' },
      ],
      ...{ times: EXPECTED.times, lines: [1, 2, 3] },
      ...{ value: [1.5, null, 2.5], count: [7, 8, 9], sky: EXPECTED.sky },
    })
  })

  test('that is cut short is refused', () => {
    writeFileSync(parquet, readFileSync(parquet).subarray(0, -20))
    const { output } = run(script)
    expect(output).toMatch(
      /^ERR_GRU_FORMAT .*table\.parquet: expected a Parquet file that hyparquet can read, got /,
    )
  })

  test('says what to install where the package is missing', () => {
    const { output } = libraryProcess(inFolder('alone'))(script)
    const message = 'reading Parquet files needs the package hyparquet: npm install hyparquet'
    expect(output).toBe(`ERR_GRU_LOAD ${message}\n`)
  })
})
