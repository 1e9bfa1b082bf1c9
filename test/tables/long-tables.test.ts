import { atOnce, eachRow, inSlices, mapRows, numberRows } from '../../lib/slices'
import { Pauses } from '../../lib/pauses'
import { Table } from '../../lib/tables/table'
import { temporaryFolder } from '../support/temporary-folder'
import { numbersOf, readText } from './small-tables'

const inFolder = temporaryFolder()
const file = inFolder('table.csv')

/** Counts the turns of the event loop while something is awaited. */
async function countTurns(work: () => Promise<unknown>): Promise<number> {
  let turns = 0
  let next = setImmediate(function turn() {
    turns++
    next = setImmediate(turn)
  })
  await work()
  clearImmediate(next)
  return turns
}

const start = Date.UTC(2000, 0, 1)
const HOUR = 3_600_000

describe('slices', () => {
  test('visit each row once, in order, and stop in between', () => {
    const visited: number[] = []
    const work = eachRow(5000, (row) => visited.push(row))
    work.next()
    expect(visited.length).toBeGreaterThan(0)
    expect(visited.length).toBeLessThan(5000)
    atOnce(work)
    expect(visited).toEqual(Array.from({ length: 5000 }, (_, row) => row))
  })

  test('give the values of all rows, with pauses or without', async () => {
    const squares = Array.from({ length: 5000 }, (_, row) => row * row)
    expect(atOnce(mapRows(5000, (row) => row * row))).toEqual(squares)
    const numbers = await inSlices(
      numberRows(5000, (row) => row * row),
      new Pauses(undefined),
    )
    expect([...numbers]).toEqual(squares)
    expect(atOnce(mapRows(0, (row) => row))).toEqual([])
  })
})

test('the event loop has turns while a long table is read', async () => {
  const rows = Array.from({ length: 100_000 }, (_, i) => ({
    time: new Date(start + i * HOUR).toISOString(),
    value: String(i % 977),
  }))
  // Each turn waits until ten milliseconds are over, so that a faster computer has fewer.
  expect(await countTurns(() => Table.from(rows))).toBeGreaterThan(3)
})

test.each<[string, string, string]>([
  ['LF', '\n', '# by "a tool\n'],
  ['CR LF', '\r\n', ''],
  ['CR', '\r', ''],
])('a long file with quoted line ends is read in parts: %s', async (_, end, comment) => {
  const count = 9000
  const rows = Array.from({ length: count }, (_unused, i) => {
    const note = i % 3 === 0 ? `"a ""b""${end}${end}c, d"` : '"plain"'
    return `${new Date(start + i * HOUR).toISOString()},${note},${i}`
  })
  const table = await readText(file, `${comment}${['time,note,value', ...rows, ''].join(end)}`)
  expect(numbersOf(table, 'value')).toEqual(Array.from({ length: count }, (_unused, i) => i))
  const [{ lines, categories }] = table.series as [Table['series'][number]]
  expect(categories.get('note')![3]).toBe(`a "b"${end}${end}c, d`)
  const header = comment === '' ? 1 : 2
  // A record is named by its last line, and every third one has three.
  expect(lines.at(-1)).toBe(header + count + 2 * Math.ceil(count / 3))
})

test('a long file with a stray quote is read as a whole', async () => {
  const rows = Array.from({ length: 5000 }, (_, i) => {
    return `${new Date(start + i * HOUR).toISOString()},${i === 4000 ? '5" pipe' : '"plain"'},${i}`
  })
  const table = await readText(file, ['time,note,value', ...rows, ''].join('\n'))
  expect(table.warnings).toMatchObject([{ line: 4002, column: 'note', got: '"5\\" pipe"' }])
  expect(numbersOf(table, 'value')).toHaveLength(5000)
})
