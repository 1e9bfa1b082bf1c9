/**
 * What the decoder reads of the steps ahead.
 */
import { checkForecasterOptions } from '../../lib/forecasting/options'
import { futureGroups, futureWidth } from '../../lib/forecasting/future-features'
import { learn } from '../../lib/forecasting/learning'
import { FUTURE } from '../../lib/forecasting/network'
import { notesOf } from '../../lib/forecasting/notes'
import { inputsOf, prepareOrigins } from '../../lib/forecasting/samples'
import { dailyTable, noise } from '../support/tables'

it('is nothing of a target before its first value', async () => {
  const table = await dailyTable(200, (row) => ({
    value: 20 + noise(row),
    late: row < 60 ? null : 500 + noise(row + 7),
  }))
  const options = { target: ['value', 'late'], horizon: 2, window: 8, difference: 'none' } as const
  const { facts } = await learn(table, checkForecasterOptions(options))
  const part = [{ series: 0, origins: [30, 120] }]
  const [before, after] = await prepareOrigins(table, facts, part, undefined)
  const late = futureGroups(facts).filter(({ column }) => column === 'late')
  const width = futureWidth(facts)
  const valuesAt = (origin: typeof before): number[] => {
    const features = inputsOf(origin!, facts)[FUTURE]!
    return late.flatMap(({ begin, width: count }) =>
      [0, 1].flatMap((step) => [
        ...features.slice(step * width + begin, step * width + begin + count),
      ]),
    )
  }
  expect(valuesAt(after).some((value) => value !== 0)).toBe(true)
  expect(valuesAt(before).every((value) => value === 0)).toBe(true)
})

it.each([
  [100, [3, '2021-04-11']],
  [102, [1, '2021-04-13']],
  [103, []],
])('is told of where it is missing: a table of %d rows', async (rows, expected) => {
  const table = await dailyTable(rows, (row) => ({
    value: row < 100 ? 20 + noise(row) : null,
    holiday: row % 10 === 0 ? 'yes' : 'no',
    price: row % 3,
  }))
  for (const future of ['holiday', 'price']) {
    const options = { target: 'value', horizon: 3, window: 8, future: [future] }
    const { facts } = await learn(table, checkForecasterOptions(options))
    const found = `missing values of "${future}" in the steps that are forecast`
    const notes = notesOf(table, facts).filter((note) => note.found === found)
    expect(notes.flatMap(({ count, first }) => [count, first])).toEqual(expected)
  }
})
