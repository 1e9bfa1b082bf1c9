import * as path from 'node:path'
import { countFeatures, encodeRows, fitEncoding, fitScale } from '../../lib/cli/encoding'
import { findOtherCategories, warnOfOtherCategories } from '../../lib/cli/other-categories'
import { readTable, type Columns, type Table } from '../../lib/cli/table'
import { describeWarnings, type Fault } from '../../lib/formats/faults'
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
  // The training part has only 1, 3 and 5: mean 3, variance 8/3.
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

it('makes a category that the training part did not have other, which is all zeros', async () => {
  const rows = ['2020-03-02,4,hail', '2020-03-03,4,rain', '2020-03-04,4,snow', '2020-03-05,4,hail']
  const table = await tableOf([...ROWS.slice(0, 3), ...rows])
  const encoding = fitEncoding(table, COLUMNS, 3)
  const skies = Array.from({ length: 4 }, (_, i) => {
    return [...encodeRows(table, encoding, 3 + i, 4 + i).slice(3)]
  })
  expect(skies).toEqual([
    [0, 0],
    [1, 0],
    [0, 0],
    [0, 0],
  ])
  const known = ['rain', 'sun']
  expect(findOtherCategories(table, encoding)).toEqual([
    { column: 'sky', category: 'hail', rows: [3, 6], known },
    { column: 'sky', category: 'snow', rows: [5], known },
  ])
  const what = 'expected a category of the training part ("rain", "sun")'
  expect(describeWarnings('t.csv', warnOfOtherCategories(table, encoding))).toEqual([
    `t.csv, line 5, column "sky": ${what}, got "hail" (and 1 more row); it counts as other`,
    `t.csv, line 7, column "sky": ${what}, got "snow"; it counts as other`,
  ])
  expect(warnOfOtherCategories(await tableOf(ROWS), encoding)).toEqual([])
})

it("names the file's line also after a field of several lines", async () => {
  const note = '2020-02-29,3,"rain\nand wind"'
  const missing = tableOf([ROWS[0]!, note, ROWS[3]!])
  await expect(missing).rejects.toThrow('table.csv, line 5, column "day"')
  const table = await tableOf([ROWS[0]!, note, '2020-03-01,5,hail'])
  const warnings = warnOfOtherCategories(table, fitEncoding(table, COLUMNS, 2))
  expect(warnings).toMatchObject([{ line: 5, column: 'sky' }])
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
      // Each value has an error of half a unit in its last place, as after a computation.
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
    // For two equally frequent values, the deviation is half of their distance.
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

describe('a table of the last rows alone', () => {
  const rows = rowsOfDays(20)
  const broken = [
    ...rows.slice(0, 3),
    rows[3]!.replace(/,[^,]*,/, ',mild,'),
    rows[4]!.replace(/,[^,]*,/, ',,'),
    `${rows[5]!},`,
    `${rows[6]!},x`,
    ...rows.slice(9),
  ]
  const read = async (last: number): Promise<Table> => {
    return readTable(writeTable(path.join(newFolder(), 'table.csv'), broken), COLUMNS, { last })
  }

  it('holds them, and warns of what is wrong before them', async () => {
    // The first row that is read is the first after the gap.
    const table = await read(11)
    expect(table.rows).toBe(11)
    expect(table.lines[0]).toBe(9)
    expect(table.dates.map((day) => day.toISOString().slice(0, 10))).toEqual(
      rows.slice(9).map((row) => row.slice(0, 10)),
    )
    expect(table.numbers.get('warmth')).toHaveLength(11)
    expect(table.categories.get('sky')).toHaveLength(11)
    expect(describeWarnings('t.csv', table.warnings)).toEqual([
      't.csv, line 5, column "warmth": expected a number, got "mild" (and 1 more row); the rows before line 9 are not used',
      't.csv, line 7: expected 3 fields, got 4, the last of them empty; these are passed over',
      't.csv, line 8: expected 3 fields, got 4; the rows before line 9 are not used',
    ])
  })

  it('may begin after a gap in time, and not before it', async () => {
    const days = [...rows.slice(0, 4), ...rows.slice(9)]
    const file = writeTable(path.join(newFolder(), 'table.csv'), days)
    const { warnings } = await readTable(file, COLUMNS, { last: 11 })
    expect(describeWarnings('t.csv', warnings)).toEqual([
      't.csv, line 6, column "day": expected the day after the row before, 2020-01-03, got 2020-01-08; the rows before line 6 are not used',
    ])
    await expect(readTable(file, COLUMNS, { last: 12 })).rejects.toThrow('line 6, column "day"')
  })

  it('is refused for what is wrong in them, and for too few, all together', async () => {
    const file = writeTable(path.join(newFolder(), 'table.csv'), broken)
    const findTooFew = (count: number): Fault => ({ expected: '99 rows', got: String(count) })
    const error: unknown = await readTable(file, COLUMNS, { last: 14, findTooFew }).catch(
      (reason: unknown) => reason,
    )
    expect((error as Error).message.split('\n')).toEqual([
      `${file}, line 6, column "warmth": expected a number, got a gap`,
      `${file}, line 8: expected 3 fields, got 4`,
      `${file}: expected 99 rows, got 18`,
    ])
  })
})
