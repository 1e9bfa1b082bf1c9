import * as path from 'node:path'
import { countFeatures, encodeRows, fitEncoding, fitScale } from '../../lib/cli/encoding'
import { readTable, type Columns, type Table } from '../../lib/cli/table'
import { newFolder, removeFolders, rowsOfDays, writeTable } from './harness'

afterAll(removeFolders)

const COLUMNS: Columns = { day: 'date', warmth: 'number', sky: 'category' }

async function tableOf(rows: readonly string[]): Promise<Table> {
  return readTable(writeTable(path.join(newFolder(), 'table.csv'), rows), COLUMNS)
}

const ROWS = ['2020-02-28,1,sun', '2020-02-29,3,rain', '2020-03-01,5,sun', '2020-03-02,99,rain']

it('scales numbers to mean 0 and deviation 1, and puts days on a circle', async () => {
  const table = await tableOf(ROWS)
  const encoding = fitEncoding(table, COLUMNS, 3)
  // Of 1, 3 and 5 alone: mean 3, variance 8/3.
  const deviation = Math.sqrt(8 / 3)
  expect(encoding).toEqual([
    { name: 'day', kind: 'date' },
    { name: 'warmth', kind: 'number', mean: 3, standardDeviation: deviation },
    { name: 'sky', kind: 'category', categories: ['rain', 'sun'] },
  ])
  expect(countFeatures(encoding)).toBe(5)
  // 29 February is the 60th day of its year, 2 March the 62nd.
  const angle = (day: number): number => (2 * Math.PI * day) / 365.25
  const expected = [
    [Math.sin(angle(60)), Math.cos(angle(60)), 0, 1, 0],
    [Math.sin(angle(61)), Math.cos(angle(61)), 2 / deviation, 0, 1],
    [Math.sin(angle(62)), Math.cos(angle(62)), 96 / deviation, 1, 0],
  ]
  expect(encodeRows(table, encoding, 1, 4)).toEqual(Float32Array.from(expected.flat()))
})

it('learns nothing from rows after the training part', async () => {
  const changed = [...ROWS.slice(0, 3), '2020-03-02,-5,hail']
  const [one, other] = [await tableOf(ROWS), await tableOf(changed)]
  expect(fitEncoding(other, COLUMNS, 3)).toEqual(fitEncoding(one, COLUMNS, 3))
})

it('names line, column and category where the training part did not have it', async () => {
  const table = await tableOf([...ROWS.slice(0, 3), '2020-03-02,4,hail'])
  const encoding = fitEncoding(table, COLUMNS, 3)
  expect(() => encodeRows(table, encoding, 0, 3)).not.toThrow()
  expect(() => encodeRows(table, encoding, 0, 4)).toThrow(
    'table.csv, line 5, column "sky": expected a category of the training part (rain, sun), got "hail"',
  )
})

it("names the file's line also after a field of several lines", async () => {
  const note = '2020-02-29,3,"rain\nand wind"'
  const missing = tableOf([ROWS[0]!, note, ROWS[3]!])
  await expect(missing).rejects.toThrow('table.csv, line 5, column "day"')
  const table = await tableOf([ROWS[0]!, note, '2020-03-01,5,hail'])
  expect(() => encodeRows(table, fitEncoding(table, COLUMNS, 2), 2, 3)).toThrow(
    'table.csv, line 5, column "sky"',
  )
})

it('leaves a constant column where it is', () => {
  expect(fitScale('t.csv', Float64Array.of(4, 4, 4))).toEqual({ mean: 4, standardDeviation: 1 })
})

it('refuses numbers too large for a variance', () => {
  expect(() => fitScale('t.csv, column "a"', Float64Array.of(0, 1e200))).toThrow(
    't.csv, column "a": expected a finite variance, got Infinity',
  )
})

it('refuses a table with a day missing, or one twice', async () => {
  const rows = rowsOfDays(10)
  await expect(tableOf([...rows.slice(0, 4), ...rows.slice(5)])).rejects.toThrow(
    'table.csv, line 6, column "day": expected the day after the row before, 2020-01-03, got 2020-01-04',
  )
  await expect(tableOf([...rows.slice(0, 4), ...rows.slice(3)])).rejects.toThrow(
    'table.csv, line 6, column "day"',
  )
})
