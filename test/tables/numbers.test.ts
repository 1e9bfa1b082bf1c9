import * as fc from 'fast-check'
import { parseNumeral } from '../../lib/tables/numerals'
import { expectGruRejection } from '../support/errors'
import { seed } from '../support/random'
import { temporaryFolder } from '../support/temporary-folder'
import { dailyText, numbersOf, readText } from './small-tables'

const file = temporaryFolder()('table.csv')
const quoted = (values: readonly string[]): string[] => values.map((value) => `"${value}"`)

test.each<[string, string[], number[]]>([
  ['integers', ['1', '-2', '007'], [1, -2, 7]],
  ['decimal points', ['1.5', '.5', '2.'], [1.5, 0.5, 2]],
  ['three decimals', ['1.234', '5.678', '9.012'], [1.234, 5.678, 9.012]],
  ['exponents', ['1.5e3', '2E-2', '+1e+1'], [1500, 0.02, 10]],
  ['decimal commas', ['1,5', '-12,25', '7'], [1.5, -12.25, 7]],
  ['thousands', ['19,647.7', '1,234', '1,234,567.5'], [19647.7, 1234, 1234567.5]],
  ['thousands, decimal commas', ['19.647,7', '1.234', '1.234.567,5'], [19647.7, 1234, 1234567.5]],
  [
    'spaces between thousands',
    ['19 647,5', '1\u00a0234', '1\u202f234\u2009567'],
    [19647.5, 1234, 1234567],
  ],
  ['apostrophes between thousands', ["19'647.5", '1\u2019234', '5'], [19647.5, 1234, 5]],
  ['lakhs and crores', ['1,23,456', '12,34,567.5', '1,000'], [123456, 1234567.5, 1000]],
  ['typographic minus signs', ['\u221219.5', '\u22123', '4'], [-19.5, -3, 4]],
  ['percent signs', ['19.6%', '21 %', '-3%'], [19.6, 21, -3]],
  ['very small ones', ['1e-12', '2.5e-300', '0.000001'], [1e-12, 2.5e-300, 1e-6]],
])('a column with %s is read', async (_, values, numbers) => {
  const table = await readText(file, dailyText(quoted(values)))
  expect(numbersOf(table, 'value')).toEqual(numbers)
})

test.each([
  ...['', 'NA', 'N/A', '#N/A', 'NaN', 'nan', 'null', 'NULL', 'None', '-', '\u2013', '.', '?'],
])('the cell %p is missing', async (cell) => {
  const table = await readText(file, dailyText(['1.5', cell, '2.5', cell]))
  expect(numbersOf(table, 'value')).toEqual([1.5, NaN, 2.5, NaN])
  expect(table.repairs).toEqual([])
})

test('1,234 alone may be two numbers, and is refused with both', async () => {
  const content = dailyText(quoted(['12', '1,234', '5,678']))
  const got = '"1,234", which is 1234 with decimal points and 1.234 with decimal commas'
  const expected = 'decimal: "." or "," to be said, since the numbers do not show it'
  const message = `${file}, line 3, column "value": expected ${expected}, got ${got}`
  await expectGruRejection(readText(file, content), 'ERR_GRU_FORMAT', message)
  const read = async (decimal: '.' | ','): Promise<number[]> =>
    numbersOf(await readText(file, content, { decimal }), 'value')
  expect(await read('.')).toEqual([12, 1234, 5678])
  expect(await read(',')).toEqual([12, 1.234, 5.678])
})

test.each<[string, string, number]>([
  ['a point', '0.5', 1234],
  ['a comma', '"0,5"', 1.234],
])('another column tells which it is: %s', async (_, other, value) => {
  const table = await readText(file, `value,other\n"1,234",${other}\n"5,678",${other}\n`)
  expect(numbersOf(table, 'value')[0]).toBe(value)
})

test.each<[string, string, string]>([
  ['text', 'broken', 'a number, or an empty cell where it is missing'],
  ['a percentage', '5%', 'a number without %, as in the other cells'],
  ['a currency', '$5', 'a number, or an empty cell where it is missing'],
  ['a decimal comma', '"5,5"', 'a number with a decimal point, as in the other cells'],
  ['an infinite number', 'inf', 'a number, or an empty cell where it is missing'],
  ['a number that is too large', '1e999', 'a number, or an empty cell where it is missing'],
])('%s in one cell of a column is refused', async (_, cell, expected) => {
  const values = ['1.5', '2.5', '3.5', '4.5', '5.5', cell, '7.5']
  const got = JSON.stringify(cell.replaceAll('"', ''))
  const message = `${file}, line 7, column "value": expected ${expected}, got ${got}`
  await expectGruRejection(readText(file, dailyText(values)), 'ERR_GRU_FORMAT', message)
})

test('a number without percent sign is refused among percentages', async () => {
  const values = ['1%', '2%', '3%', '4%', '5', '6%']
  const message =
    /line 6, column "value": expected a number with %, as in the other cells, got "5"$/
  await expectGruRejection(readText(file, dailyText(values)), 'ERR_GRU_FORMAT', message)
})

test('any number is read back from what is written of it', () => {
  const number = fc.double({ noNaN: true, noDefaultInfinity: true })
  const grouped = fc.integer({ min: -1e9, max: 1e9 }).map((cents) => cents / 100)
  const point = { decimal: '.', percent: false } as const
  fc.assert(
    fc.property(number, grouped, (any, amount) => {
      expect(parseNumeral(String(any), point)).toBe(any + 0)
      for (const [locale, decimal] of [
        ['en', '.'],
        ['de', ','],
        ['fr', ','],
        ['de-CH', '.'],
        ['en-IN', '.'],
      ] as const) {
        const text = amount.toLocaleString(locale, { maximumFractionDigits: 2 })
        expect([text, parseNumeral(text, { decimal, percent: false })]).toEqual([text, amount + 0])
      }
    }),
    { seed },
  )
})
