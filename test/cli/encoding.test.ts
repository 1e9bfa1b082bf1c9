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

const SCALES = [1e-290, 1e-170, 1e-12, 1e-6, 1, 1e6, 1e12, 1e150]

it.each(SCALES)('takes a column that is constant but for rounding as constant, at %d', (scale) => {
  for (const factor of [36.6, 14.62, 0.1, 1 / 3, -98.7]) {
    for (const count of [2, 3, 7, 84, 1022, 10_000]) {
      const value = factor * scale
      const place = `${count} times ${value}`
      expect({ place, ...fitScale('t', new Float64Array(count).fill(value)) }).toEqual({
        place,
        mean: value,
        standardDeviation: 1,
      })
      // Each value off by half a unit in its last place, as after a computation.
      const rounded = Float64Array.from({ length: count }, (_, row) =>
        row % 3 === 1 ? value * (1 + Number.EPSILON) : value,
      )
      expect({ place, ...fitScale('t', rounded) }).toMatchObject({ place, standardDeviation: 1 })
    }
  }
})

it.each(SCALES)('keeps a deviation that is small beside the values but is one, at %d', (scale) => {
  for (const relative of [1e-13, 1e-10, 1e-3, 1]) {
    const low = 36.6 * scale
    const high = low * (1 + relative)
    // Of two values that are as frequent, the deviation is half of their distance.
    const values = Float64Array.from({ length: 1000 }, (_, row) => (row % 2 === 0 ? low : high))
    const { standardDeviation } = fitScale('t', values)
    const truth = (high - low) / 2
    expect(Math.abs(standardDeviation - truth)).toBeLessThanOrEqual(1e-12 * truth)
  }
})

it('encodes what follows a constant training part on a scale of 1', async () => {
  const rows = rowsOfDays(120).map((row, i) => row.replace(/,[^,]*,/, i < 84 ? ',36.6,' : ',37.1,'))
  const table = await tableOf(rows)
  const encoding = fitEncoding(table, COLUMNS, 84)
  const warmth = [...encodeRows(table, encoding, 83, 86)].filter((_, i) => i % 5 === 2)
  expect(warmth).toEqual([0, Math.fround(37.1 - 36.6), Math.fround(37.1 - 36.6)])
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
