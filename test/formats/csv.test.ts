import { expectTypeOf } from 'expect-type'
import * as fc from 'fast-check'
import { mkdirSync, writeFileSync } from 'node:fs'
import * as path from 'node:path'
import { type CsvKind, dayOfYear, readCsv } from '../../lib/formats/csv'
import { expectGruRejection } from '../support/errors'
import { seed } from '../support/random'
import { temporaryFolder } from '../support/temporary-folder'

// By its path, since the package exports its code alone.
const DATASETS = path.join(__dirname, '../../node_modules/vega-datasets/data')
const SEATTLE = path.join(DATASETS, 'seattle-weather.csv')

const inFolder = temporaryFolder()
const file = inFolder('days.csv')

function read<const K extends Readonly<Record<string, CsvKind>>>(
  content: string | Uint8Array,
  kinds: K,
): ReturnType<typeof readCsv<K>> {
  writeFileSync(file, content)
  return readCsv(file, kinds)
}

describe('a good file', () => {
  test('gives typed columns', async () => {
    const content =
      'date,high,kind,note\n2012-01-01,12.8,drizzle,\n2012/02/29,-1e1,"rain, heavy",x\n'
    const table = await read(content, { date: 'date', high: 'number', kind: 'category' })
    expect(table).toEqual({
      rows: 2,
      lines: [2, 3],
      columns: {
        date: [new Date('2012-01-01T00:00:00Z'), new Date('2012-02-29T00:00:00Z')],
        high: Float64Array.of(12.8, -10),
        kind: ['drizzle', 'rain, heavy'],
      },
    })
    expectTypeOf(table.columns.date).toEqualTypeOf<Date[]>()
    expectTypeOf(table.columns.high).toEqualTypeOf<Float64Array>()
    expectTypeOf(table.columns.kind).toEqualTypeOf<string[]>()
  })

  test.each([
    ['Windows line ends', 'a,b\r\n1,2\r\n'],
    ['a byte order mark', '\ufeffa,b\n1,2\n'],
    ['a byte order mark before a quote', '\ufeff"a",b\n1,2\n'],
    ['no end of its last line', 'a,b\n1,2'],
    ['blank lines at its end', 'a,b\n1,2\n\n\n'],
    ['spaces around fields', ' a , b\n 1 , 2 \n'],
    ['quotes', '"a","b"\n"1","2"\n'],
    ['the columns in another order', 'b,a\n2,1\n'],
  ])('may have %s', async (_, content) => {
    const table = await read(content, { a: 'number', b: 'number' })
    expect(table.rows).toBe(1)
    expect(table.lines).toEqual([2])
    expect(table.columns).toEqual({ a: Float64Array.of(1), b: Float64Array.of(2) })
  })

  test.each([
    ['1', 1],
    ['-0.5', -0.5],
    ['+2.', 2],
    ['.25', 0.25],
    ['1E-3', 0.001],
    ['007', 7],
  ])('may write numbers as %s', async (text, value) => {
    const table = await read(`a\n${text}\n`, { a: 'number' })
    expect(table.columns.a).toEqual(Float64Array.of(value))
  })

  test('reads the daily weather of Seattle', async () => {
    const { rows, columns } = await readCsv(SEATTLE, {
      date: 'date',
      temp_max: 'number',
      weather: 'category',
    })
    expect(rows).toBe(1461)
    expect(columns.temp_max.slice(0, 3)).toEqual(Float64Array.of(12.8, 10.6, 11.7))
    expect(columns.date.at(-1)).toEqual(new Date('2015-12-31T00:00:00Z'))
    expect(new Set(columns.weather)).toEqual(new Set(['drizzle', 'rain', 'sun', 'snow', 'fog']))
  })

  test('gives back any numbers and texts', async () => {
    const text = fc
      .string({ unit: 'grapheme', minLength: 1 })
      .filter((value) => value === value.trim() && !value.startsWith('\ufeff'))
    const row = fc.tuple(fc.double({ noNaN: true, noDefaultInfinity: true }), text)
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 8 }), async (rows) => {
        const lines = rows.map(([value, kind]) => `${value},"${kind.replaceAll('"', '""')}"\n`)
        const table = await read(`value,kind\n${lines.join('')}`, {
          value: 'number',
          kind: 'category',
        })
        // Minus zero has no sign as text.
        expect([...table.columns.value]).toEqual(rows.map(([value]) => value + 0))
        expect(table.columns.kind).toEqual(rows.map(([, kind]) => kind))
      }),
      { seed },
    )
  })
})

describe('a bad file is refused by line and column', () => {
  const kinds = { date: 'date', high: 'number', kind: 'category' } as const
  const good = 'date,high,kind\n2012-01-01,1,rain\n'
  const aDate = 'a date as yyyy-mm-dd or yyyy/mm/dd'

  test.each<[string, string, string]>([
    ['', '', 'a header line, got an empty file'],
    ['only blank lines', '\n\n', 'a header line, got an empty file'],
    ['only a header', 'date,high,kind\n', 'rows after the header, got none'],
    ['a missing column', 'date,kind\n1,2\n', 'a column "high", got the columns "date", "kind"'],
  ])('%s', async (_, content, rest) => {
    const message = `${file}: expected ${rest}`
    await expectGruRejection(read(content, kinds), 'ERR_GRU_FORMAT', message)
  })

  test.each<[string, string, string]>([
    ['a column twice', 'high,date,high\n', 'line 1: expected each column once, got "high" twice'],
    ['a short row', `${good}2012-01-02,1\n`, 'line 3: expected 3 fields, got 2'],
    ['a long row', `${good}2012-01-02,1,a,b\n`, 'line 3: expected 3 fields, got 4'],
    ['a blank line', `${good}\n${good}`, 'line 3: expected 3 fields, got 1'],
    ['a gap', `${good}2012-01-02,,a\n`, 'line 3, column "high": expected a number, got a gap'],
    ['a gap of spaces', `${good}2012-01-02,1, \n`, 'column "kind": expected a category, got a gap'],
    ['no date', `${good},1,a\n`, `line 3, column "date": expected ${aDate}, got a gap`],
  ])('%s', async (_, content, rest) => {
    const error = await expectGruRejection(read(content, kinds), 'ERR_GRU_FORMAT', /^/)
    expect(error.message.startsWith(`${file}, line `)).toBe(true)
    expect(error.message.endsWith(rest)).toBe(true)
  })

  test.each(['warm', 'NaN', 'Infinity', '1e999', '0x10', '1.2.3', '1;5', '--1', '1 2', '.', 'e5'])(
    'the text %p where a number belongs',
    async (text) => {
      const content = `${good}2012-01-02,${text},a\n`
      const message = `${file}, line 3, column "high": expected a number, got ${JSON.stringify(text)}`
      await expectGruRejection(read(content, kinds), 'ERR_GRU_FORMAT', message)
    },
  )

  test.each([
    '2013-02-29',
    '2012-13-01',
    '2012-00-10',
    '2012-01-00',
    '2012-04-31',
    '2012-1-1',
    '2012-01/01',
    '01.02.2012',
    'yesterday',
    '2012-01-01T00:00',
  ])('the text %p where a date belongs', async (text) => {
    const content = `${good}${text},1,a\n`
    const message = `${file}, line 3, column "date": expected ${aDate}, got "${text}"`
    await expectGruRejection(read(content, kinds), 'ERR_GRU_FORMAT', message)
  })

  test('lines are those of the file, also after a field of several lines', async () => {
    const content = `${good}2012-01-02,1,"a\nb"\n2012-01-03,x,a\n`
    await expectGruRejection(read(content, kinds), 'ERR_GRU_FORMAT', /line 5, column "high"/)
  })

  test.each([
    ['a quote that is not closed', 'date,high,kind\n2012-01-01,1,"rain\n'],
    ['a quote within a field', 'date,high,kind\n2012-01-01,1,ra"in\n'],
  ])('%s', async (_, content) => {
    const pattern = /days\.csv: expected well-formed CSV, got .*line 2/
    const error = await expectGruRejection(read(content, kinds), 'ERR_GRU_FORMAT', pattern)
    expect(error.cause).toHaveProperty('code')
  })

  test('bytes that are not UTF-8', async () => {
    const message = `${file}: expected text in UTF-8, got other bytes`
    const latin1 = Buffer.from('a\nné\n', 'latin1')
    await expectGruRejection(read(latin1, { a: 'category' }), 'ERR_GRU_FORMAT', message)
  })

  test('a file that is not there, and a folder', async () => {
    const missing = inFolder('missing.csv')
    const error = await expectGruRejection(readCsv(missing, kinds), 'ERR_GRU_FORMAT', /ENOENT/)
    expect(error.message).toContain(`${missing}: expected a file that can be read`)
    expect(error.cause).toMatchObject({ code: 'ENOENT' })
    mkdirSync(inFolder('folder'))
    await expectGruRejection(readCsv(inFolder('folder'), kinds), 'ERR_GRU_FORMAT', /EISDIR/)
    await expectGruRejection(readCsv('', kinds), 'ERR_GRU_VALUE', /^path: /)
  })
})

test('without csv-parse it says what to install', async () => {
  jest.doMock('csv-parse/sync', () => {
    throw new Error("Cannot find module 'csv-parse/sync'")
  })
  try {
    const message = 'reading CSV needs the package csv-parse: npm install csv-parse'
    await expectGruRejection(read('a\n1\n', { a: 'number' }), 'ERR_GRU_LOAD', message)
  } finally {
    jest.dontMock('csv-parse/sync')
    jest.resetModules()
  }
})

test('dayOfYear counts from 1, in UTC', () => {
  const day = (text: string): number => dayOfYear(new Date(text))
  expect(day('2015-01-01')).toBe(1)
  expect(day('2015-12-31')).toBe(365)
  expect(day('2016-12-31')).toBe(366)
  expect(day('2015-03-01')).toBe(60)
  expect(day('2016-03-01')).toBe(61)
  expect(day('2016-02-29T23:59:59.999Z')).toBe(60)
})
