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
  ['a currency before', ['$19.96', '-$1,234.50', '$-7'], [19.96, -1234.5, -7]],
  ['a currency after', ['19,96 €', '1.234,5 €', '−7€'], [19.96, 1234.5, -7]],
  ['a currency in letters', ["CHF 19'647.50", 'CHF 5.5', 'CHF -3'], [19647.5, 5.5, -3]],
  ['a unit of measurement', ['12.5 kWh', '7 kWh', '1e3 kWh'], [12.5, 7, 1000]],
  ['another unit', ['19.5°C', '-3°C', '4°C'], [19.5, -3, 4]],
  ['negative numbers in brackets', ['7.2', '(7.20)', '(1,072.5)'], [7.2, -7.2, -1072.5]],
  ['brackets and a currency', ['$7.2', '($7.20)', '$(3)'], [7.2, -7.2, -3]],
  ['very small ones', ['1e-12', '2.5e-300', '0.000001'], [1e-12, 2.5e-300, 1e-6]],
])('a column with %s is read', async (_, values, numbers) => {
  const table = await readText(file, dailyText(quoted(values)))
  expect(numbersOf(table, 'value')).toEqual(numbers)
})

test.each([
  ...['', 'NA', 'N/A', '#N/A', 'NaN', 'nan', 'null', 'NULL', 'None', '-', '\u2013', '.', '?'],
  ...['na', 'n.a.', '#NA', '-nan', 'Null', '\\N', '--', '---', '...'],
])('the cell %p is missing', async (cell) => {
  const table = await readText(file, dailyText(['1.5', cell, '2.5', cell]))
  expect(numbersOf(table, 'value')).toEqual([1.5, NaN, 2.5, NaN])
  expect(table.repairs).toEqual([])
})

test('1,234 alone may be two numbers, and is refused with both', async () => {
  const content = dailyText(quoted(['12', '1,234', '5,678']))
  const got = '"1,234", which is 1234 with decimal points and 1.234 with decimal commas'
  const expected = 'the option decimal, "." or ",", since the numbers do not show it'
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
  ['a currency', '$5', 'a number without $, as in the other cells'],
  ['a decimal comma', '"5,5"', 'a number with a decimal point, as in the other cells'],
  ['an infinite number', 'inf', 'a number, or an empty cell where it is missing'],
  ['a number that is too large', '1e999', 'a number, or an empty cell where it is missing'],
])('%s in one cell of a column is refused', async (_, cell, expected) => {
  const values = ['1.5', '2.5', '3.5', '4.5', '5.5', cell, '7.5']
  const got = JSON.stringify(cell.replaceAll('"', ''))
  const message = `${file}, line 7, column "value": expected ${expected}, got ${got}`
  await expectGruRejection(readText(file, dailyText(values)), 'ERR_GRU_FORMAT', message)
})

test.each<[string, string[], string, string]>([
  ['another unit', ['1 kW', '2 kW', '3 MW', '4 kW', '5 kW'], 'a number with kW', '3 MW'],
  ['two currencies', ['$1', '$2', '€3', '$4', '€5', '€6'], 'a number with $', '€3'],
  ['no unit', ['$1', '$2', '3', '$4', '$5'], 'a number with $', '3'],
  ['another currency', ['$1', '$2', '€3', '$4', '€5'], 'a number with $', '€3'],
  [
    'brackets among minus signs',
    ['-1', '2', '(3)', '4', '5'],
    'a number with a minus sign instead of brackets',
    '(3)',
  ],
])('%s in a column is refused', async (_, values, expected, got) => {
  const message = `line 4, column "value": expected ${expected}, as in the other cells, got "${got}"`
  await expect(readText(file, dailyText(values))).rejects.toThrow(message)
})

test.each<[string, string[]]>([
  ['codes', ['1a', '2b', '3a', '1b', '2a', '3b', '1a']],
  ['codes with one letter before', ['A1', 'A2', 'A3', 'A1', 'A2', 'A3', 'A1']],
  ['codes like currencies', ['SKU1', 'SKU2', 'SKU1', 'SKU2', 'SKU1', 'SKU2', 'SKU1']],
])('%s are categories', async (_, values) => {
  const rows = values.map((value, i) => `${value},${i}`)
  const table = await readText(file, ['code,value', ...rows, ''].join('\n'))
  expect(table.columns[0]).toEqual({ name: 'code', kind: 'category' })
})

test('the summary names units and brackets', async () => {
  const rows = ['$5,7 kWh,(3)', '$6,8 kWh,4', '']
  const table = await readText(file, ['price,load,balance', ...rows].join('\n'))
  expect(table.facts()).toContainEqual(['units', 'price in $, load in kWh'])
  expect(table.facts()).toContainEqual(['brackets', 'balance ((5) is read as -5)'])
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
  const point = { decimal: '.', unit: '', brackets: false } as const
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
        expect([text, parseNumeral(text, { ...point, decimal })]).toEqual([text, amount + 0])
      }
    }),
    { seed },
  )
})
