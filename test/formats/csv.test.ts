import { expectTypeOf } from 'expect-type'
import * as fc from 'fast-check'
import { writeFileSync } from 'node:fs'
import * as path from 'node:path'
import { type CsvTable, readCsv } from '../../lib/formats/csv'
import { type CsvKind, dayOfYear } from '../../lib/formats/csv-values'
import { describeWarnings, faultsError } from '../../lib/formats/faults'
import { expectGruRejection } from '../support/errors'
import { seed } from '../support/random'
import { temporaryFolder } from '../support/temporary-folder'

// Read by its path, since the package exports only its code.
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

/** All faults of a file's columns, as its reader reports them. */
async function refusal(
  content: string | Uint8Array,
  kinds: Readonly<Record<string, CsvKind>>,
): Promise<string> {
  const { headerFaults, rowFaults } = await read(content, kinds)
  return faultsError(file, [...headerFaults, ...rowFaults.map(({ fault }) => fault)]).message
}

/** A table whose requested columns have no faults. */
async function goodTable<const K extends Readonly<Record<string, CsvKind>>>(
  content: string,
  kinds: K,
): Promise<CsvTable<K>> {
  const table = await read(content, kinds)
  expect(table).toMatchObject({ headerFaults: [], rowFaults: [] })
  return table
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
        high: [12.8, -10],
        kind: ['drizzle', 'rain, heavy'],
      },
      headerFaults: [],
      rowFaults: [],
      warnings: [],
    })
    expectTypeOf(table.columns.date).toEqualTypeOf<readonly (Date | undefined)[]>()
    expectTypeOf(table.columns.high).toEqualTypeOf<readonly (number | undefined)[]>()
    expectTypeOf(table.columns.kind).toEqualTypeOf<readonly (string | undefined)[]>()
  })

  test.each([
    ['Windows line ends', 'a,b\r\n1,2\r\n'],
    ['a byte order mark', '\ufeffa,b\n1,2\n'],
    ['a byte order mark before a quote', '\ufeff"a",b\n1,2\n'],
    ['no end of its last line', 'a,b\n1,2'],
    ['blank lines at its end', 'a,b\n1,2\n\n\n'],
    ['spaces around fields', ' a , b\n 1 , 2 \n'],
    ['spaces around quotes', ' "a" , "b"\n "1" ,"2" \n'],
    ['quotes', '"a","b"\n"1","2"\n'],
    ['the columns in another order', 'b,a\n2,1\n'],
  ])('may have %s', async (_, content) => {
    const table = await goodTable(content, { a: 'number', b: 'number' })
    expect(table).toMatchObject({ rows: 1, lines: [2], warnings: [] })
    expect(table.columns).toEqual({ a: [1], b: [2] })
  })

  test.each([
    ['1', 1],
    ['-0.5', -0.5],
    ['+2.', 2],
    ['.25', 0.25],
    ['1E-3', 0.001],
    ['007', 7],
  ])('may write numbers as %s', async (text, value) => {
    const table = await goodTable(`a\n${text}\n`, { a: 'number' })
    expect(table.columns.a).toEqual([value])
  })

  test('reads the daily weather of Seattle', async () => {
    const { rows, columns } = await readCsv(SEATTLE, {
      date: 'date',
      temp_max: 'number',
      weather: 'category',
    })
    expect(rows).toBe(1461)
    expect(columns.temp_max.slice(0, 3)).toEqual([12.8, 10.6, 11.7])
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
        const table = await goodTable(`value,kind\n${lines.join('')}`, {
          value: 'number',
          kind: 'category',
        })
        // Minus zero is written without a sign.
        expect(table.columns.value).toEqual(rows.map(([value]) => value + 0))
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

  test.each<[string, string]>([
    ['nothing', ''],
    ['only blank lines', '\n\n'],
  ])('%s', async (_, content) => {
    const message = `${file}: expected a header line, got an empty file`
    await expectGruRejection(read(content, kinds), 'ERR_GRU_FORMAT', message)
  })

  test.each<[string, string, string]>([
    [
      'a missing column',
      'date,kind\n2012-01-01,2\n',
      'line 1: expected a column "high", got the columns "date", "kind"',
    ],
    [
      'a column twice',
      'high,date,high,kind\n',
      'line 1, column "high": expected one column of this name, got 2',
    ],
    [
      'a name with a quote in it',
      'date,high,kind"\n',
      'line 1: expected a column "kind", got the columns "date", "high", "kind\\""',
    ],
    ['a short row', `${good}2012-01-02,1\n`, 'line 3: expected 3 fields, got 2'],
    ['a long row', `${good}2012-01-02,1,a,b\n`, 'line 3: expected 3 fields, got 4'],
    ['a blank line', `${good}\n2012-01-02,1,a\n`, 'line 3: expected 3 fields, got a blank line'],
    ['a gap', `${good}2012-01-02,,a\n`, 'line 3, column "high": expected a number, got a gap'],
    [
      'a gap of spaces',
      `${good}2012-01-02,1, \n`,
      'line 3, column "kind": expected a category, got a gap',
    ],
    ['no date', `${good},1,a\n`, `line 3, column "date": expected ${aDate}, got a gap`],
  ])('%s', async (_, content, rest) => {
    expect(await refusal(content, kinds)).toBe(`${file}, ${rest}`)
  })

  test.each(['warm', 'NaN', 'Infinity', '1e999', '0x10', '1.2.3', '1;5', '--1', '1 2', '.', 'e5'])(
    'the text %p where a number belongs',
    async (text) => {
      const message = `${file}, line 3, column "high": expected a number, got ${JSON.stringify(text)}`
      expect(await refusal(`${good}2012-01-02,${text},a\n`, kinds)).toBe(message)
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
    const message = `${file}, line 3, column "date": expected ${aDate}, got "${text}"`
    expect(await refusal(`${good}${text},1,a\n`, kinds)).toBe(message)
  })

  test('lines are those of the file, also after a field of several lines', async () => {
    const content = `${good}2012-01-02,1,"a\nb"\n2012-01-03,x,a\n`
    expect(await refusal(content, kinds)).toMatch(/line 5, column "high"/)
  })

  test.each<[string, string]>([
    ['a no-break space', '1\u00a02'],
    ['a zero-width space', '1\u200b2'],
    ['a byte order mark', '1\ufeff2'],
    ['an escape sequence', '\u001b[2J12'],
  ])('%s shows in the message', async (_, text) => {
    const shown = await refusal(`high\n${text}\n`, { high: 'number' })
    const escaped = text.replaceAll(
      /[^ -~]/g,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
    )
    expect(shown).toBe(`${file}, line 2, column "high": expected a number, got "${escaped}"`)
  })

  test('all faults are told together, by line, up to twenty', async () => {
    const days = Array.from({ length: 30 }, (_, i) => `2012-01-${String(i + 1).padStart(2, '0')}`)
    const content = `date,kind\n${days.map((day) => `${day},\n`).join('')}later,a,b\n`
    const lines = (await refusal(content, kinds)).split('\n')
    expect(lines).toHaveLength(21)
    expect(lines[0]).toBe(
      `${file}, line 1: expected a column "high", got the columns "date", "kind"`,
    )
    expect(lines.slice(1, 20)).toEqual(
      Array.from({ length: 19 }, (_, row) => {
        return `${file}, line ${row + 2}, column "kind": expected a category, got a gap`
      }),
    )
    // 30 gaps, a missing column and a row that is too long, minus the 20 shown.
    expect(lines[20]).toBe('and 12 more')
  })

  test('rows are not judged by a line that has none of the columns', async () => {
    const content = 'exported by a tool\ndate,high,kind\n2012-01-01,1,rain\n'
    expect((await refusal(content, kinds)).split('\n')).toHaveLength(3)
  })

  const quoteRule = 'quotes only around a whole field, and doubled within'

  test.each<[string, string, string]>([
    ['within a field', 'ra"in', '"ra\\"in"'],
    ['before the end of a field', '"ra"in', '"\\"ra\\"in"'],
  ])('a quote %s', async (_, text, shown) => {
    const message = `${file}, line 3, column "kind": expected ${quoteRule}, got ${shown}`
    expect(await refusal(`${good}2012-01-02,2,${text}\n`, kinds)).toBe(message)
  })

  test('a quote that may have swallowed rows, also of a column that is not used', async () => {
    const content = 'high,note\n1,"a\n2,"b\n3,c\n'
    const message = `${file}, line 3: expected ${quoteRule}, got "\\"a\\n2,\\"b"`
    expect(await refusal(content, { high: 'number' })).toBe(message)
    const header = 'high,"note\n1,a"b\n3,c\n'
    const place = `${file}, line 2: expected ${quoteRule}`
    expect(await refusal(header, { high: 'number' })).toContain(place)
  })

  test.each<[string, string, number]>([
    ['a field', 'date,high,kind\n2012-01-01,1,"rain\n2012-01-02,1,rain\n', 2],
    ['the first field of a line', 'date,high,kind\r\n2012-01-01,1,\u00e9\r\n"2012,1,a\r\n', 3],
    ['the header', '"date,high\n', 1],
  ])('a quote that opens %s and is not closed', async (_, content, line) => {
    const expected = 'a quote that closes each field that one opens'
    const message = `${file}, line ${line}: expected ${expected}, got none up to the end of the file`
    const error = await expectGruRejection(read(content, kinds), 'ERR_GRU_FORMAT', message)
    expect(error.cause).toHaveProperty('code')
  })
})

describe('what nobody asked for is warned of, and does no harm', () => {
  test.each<[string, string, string[]]>([
    ['one column without a name', ',a,kind\n0,1,"""x"" y"\n1,2,z\n', []],
    [
      'columns without names',
      'a,kind,,\n1,"""x"" y",,\n2,z,,\n',
      ['line 1: expected columns with names of their own, got 2 without a name; they are not used'],
    ],
    [
      'columns of one name',
      'a,n,kind,n,n\n1,,"""x"" y",,\n2,,z,,\n',
      [
        'line 1: expected columns with names of their own, got 3 of the name "n"; they are not used',
      ],
    ],
    [
      'empty fields after the last column',
      'a,kind\n1,"""x"" y"\n2,z,,\n',
      ['line 3: expected 2 fields, got 4, the last of them empty; these are passed over'],
    ],
    ['cells of any form', 'a,kind,n\n1,"""x"" y",\n2,z,\u0000\n', []],
  ])('%s', async (_, content, expected) => {
    const { warnings, columns } = await goodTable(content, { a: 'number', kind: 'category' })
    expect(columns).toEqual({ a: [1, 2], kind: ['"x" y', 'z'] })
    expect(describeWarnings('t.csv', warnings)).toEqual(expected.map((text) => `t.csv, ${text}`))
  })

  test('stray quotes, one warning for each column', async () => {
    const content = 'a,kind,size,"le"ngth\n1,z,5" pipe,"6" or so\n2,y,7" pipe,8\n'
    const table = await goodTable(content, { a: 'number', kind: 'category' })
    expect(table.columns).toEqual({ a: [1, 2], kind: ['z', 'y'] })
    const rule = 'expected quotes only around a whole field, and doubled within'
    const rest = '(and 1 more row); the column is not used'
    expect(describeWarnings('t.csv', table.warnings)).toEqual([
      `t.csv, line 1, column "\\"le\\"ngth": ${rule}, got "\\"le\\"ngth" ${rest}`,
      `t.csv, line 2, column "size": ${rule}, got "5\\" pipe" ${rest}`,
    ])
  })

  test('no more warnings than one can read', () => {
    const warning = { expected: 'a', got: 'b', more: 0, outcome: 'c' }
    const warnings = Array.from({ length: 25 }, (_, i) => ({ ...warning, line: 25 - i }))
    const lines = describeWarnings('t.csv', warnings)
    expect(lines).toHaveLength(21)
    expect(lines[0]).toBe('t.csv, line 1: expected a, got b; c')
    expect(lines[20]).toBe('and 5 more')
  })
})

test('without csv-parse it says what to install for quotes', async () => {
  jest.doMock('csv-parse/sync', () => {
    throw new Error("Cannot find module 'csv-parse/sync'")
  })
  try {
    const message = 'reading CSV needs the package csv-parse: npm install csv-parse'
    await expectGruRejection(read('a\n"1"\n', { a: 'number' }), 'ERR_GRU_LOAD', message)
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
