import { expectTypeOf } from 'expect-type'
import { Table } from '../../lib/tables/table'
import type { TableData } from '../../lib/tables/series'
import { temporaryFolder } from '../support/temporary-folder'
import { days, readText } from './small-tables'

const file = temporaryFolder()('table.csv')

test('a table is what a forecaster reads', () => {
  expectTypeOf<Table>().toExtend<TableData>()
})

test('the summary says what was inferred, repaired and left out', async () => {
  const rows = days(12).flatMap((day, i) => [
    ...(i === 6 ? [] : [`${day};north;${i},5;${i}%;${i % 2 ? 'sun' : 'rain'};`]),
    ...(i > 2 ? [`${day};south;${i === 5 ? 'NA' : '7,5'};${i}%;sun;`] : []),
  ])
  const content = `\ufeff# a tool\ndate;site;value;share;sky;empty\n${rows.join('\n')}\n`
  const table = await readText(file, content)
  expect(table.summary().split('\n')).toEqual([
    `table          ${file}`,
    'format         CSV',
    'encoding       UTF-8',
    'delimiter      semicolons',
    'form of times  yyyy-mm-dd',
    'decimal mark   comma',
    'percentages    share (5% is read as 5)',
    'rows           21',
    'time           date, 2021-01-04 to 2021-01-15',
    'frequency      day',
    'series         2 by site: north (12), south (9)',
    'columns        value (number, 2 missing), share (number, 1 missing), sky (category, 1 missing)',
    'repaired       comment lines: 1, passed over; the first at line 1',
    'repaired       missing rows: 1, inserted with missing cells; the first at 2021-01-10 of north',
    `warning: ${file}, column "empty": expected a cell with a value, got none; the column is left out`,
  ])
  expect(table.facts()).toContainEqual(['frequency', 'day'])
})

test('rows without times are steps', async () => {
  const { facts } = { facts: (await readText(file, 'value\n1\n2\n')).facts() }
  expect(facts).toContainEqual(['time', 'no column: the rows are steps'])
})

test('characters that a terminal executes are made visible', async () => {
  const table = await readText(file, 'va\u001b[2Jlue,b\u202e\n1,sun\n2,rain\n')
  expect(table.summary()).not.toMatch(/\p{Cc}(?<!\n)|\p{Cf}/u)
  expect(table.summary()).toContain('va\\u001b[2Jlue (number), b\\u202e (category)')
})
