import * as fc from 'fast-check'
import { type CsvRecord, eachCsvRecord } from '../../lib/formats/csv-records'
import { atOnce } from '../../lib/slices'
import { inferSyntax } from '../../lib/tables/dialect'
import { expectGruRejection } from '../support/errors'
import { seed } from '../support/random'
import { temporaryFolder } from '../support/temporary-folder'
import { numbersOf, readText } from './small-tables'

const file = temporaryFolder()('table.csv')

const plain = 'date,value\n2021-01-04,19.65\n2021-01-05,20.5\n2021-01-06,21.25\n'
const withLine = (line: string): string => `${plain}${line}\n2021-01-07,1.5\n`

test.each<[string, string | Buffer]>([
  ['commas', plain],
  ['semicolons', plain.replaceAll(',', ';')],
  ['tabs', plain.replaceAll(',', '\t')],
  ['vertical bars', plain.replaceAll(',', '|')],
  ['semicolons and decimal commas', plain.replaceAll(',', ';').replaceAll('.', ',')],
  ['a byte-order mark', `\ufeff${plain}`],
  ['UTF-16 and a mark', Buffer.from(`\ufeff${plain}`, 'utf16le')],
  ['UTF-16 and a mark, the other way', Buffer.from(`\ufeff${plain}`, 'utf16le').swap16()],
  ['CR LF', plain.replaceAll('\n', '\r\n')],
  ['CR', plain.replaceAll('\n', '\r')],
  ['quotes', plain.replaceAll(/[^,\n]+/g, '"$&"')],
  ['quotes and CR LF', plain.replaceAll(/[^,\n]+/g, '"$&"').replaceAll('\n', '\r\n')],
  ['spaces around fields', plain.replaceAll(',', ' , ')],
  ['a comma after each row', plain.replaceAll(/(?<=\d)\n/g, ',\n')],
  ['commas after each line', plain.replaceAll('\n', ',,\n')],
  ['a line that names the delimiter', `sep=;\n${plain.replaceAll(',', ';')}`],
  ['the same in quotes', `"sep=;"\r\n${plain.replaceAll(',', ';')}`],
  ['blank lines at its end', `${plain}\n\n`],
  ['rows of empty cells at its end', `${plain},\n,\n`],
])('a table with %s is read', async (_, content) => {
  const table = await readText(file, content)
  expect(table.columns).toEqual([{ name: 'value', kind: 'number' }])
  expect(table.repairs).toEqual([])
  expect(numbersOf(table, 'value')).toEqual([19.65, 20.5, 21.25])
  expect(table.series[0]!.times[2]).toBe(Date.UTC(2021, 0, 6))
})

test.each<[string, string, string, number, string]>([
  ['blank lines', withLine(''), 'blank lines', 1, 'line 5'],
  ['comment lines', `# by a tool, "x\n${withLine('# 12')}`, 'comment lines', 2, 'line 1'],
  [
    'comment lines among quotes',
    withLine('# a "quote').replace('19.65', '"19.65"'),
    'comment lines',
    1,
    'line 5',
  ],
  ['rows without a value', withLine(','), 'rows without a value', 1, 'line 5'],
])('%s are passed over and reported', async (_, content, found, count, first) => {
  const table = await readText(file, content)
  expect(table.repairs).toEqual([{ found, count, done: 'passed over', first }])
  expect(numbersOf(table, 'value')).toEqual([19.65, 20.5, 21.25, 1.5])
  const message = `${file}: expected a table without repairs, as the option strict says, got ${found}: ${count}, the first at ${first}`
  await expectGruRejection(readText(file, content, { strict: true }), 'ERR_GRU_FORMAT', message)
})

test('a cell that a spreadsheet could not compute begins no comment', async () => {
  const table = await readText(file, 'value,other\n1,2\n#N/A,3\n4,5\n')
  expect(numbersOf(table, 'value')).toEqual([1, NaN, 4])
  const failed = readText(file, 'value,other\n1,2\n2,2\n3,2\n4,2\n#DIV/0!,3\n4,5\n')
  await expect(failed.then(({ columns }) => columns)).resolves.toEqual([
    { name: 'other', kind: 'number' },
  ])
})

test.each<[string, string, string]>([
  ['nothing', '', ': expected a header line, got an empty file'],
  ['a blank line', '\n', ': expected a header line, got an empty file'],
  ['a header alone', 'date,value\n', ': expected rows, got none'],
  [
    'a row before the header',
    '2021-01-04,1.5\n2021-01-05,2\n',
    ', line 1: expected a header line with the names of the columns, got "2021-01-04", "1.5"',
  ],
  [
    'a header in a comment',
    '#date,value\n2021-01-04,1.5\n',
    ', line 2: expected a header line with the names of the columns (a line that begins with # is a comment), got "2021-01-04", "1.5"',
  ],
  [
    'a title before the header',
    `Temperatures\n\n${plain}`,
    ', line 1: expected a header line with 2 fields, as the rows have (remove the lines before it, or say the option delimiter), got "Temperatures"',
  ],
  [
    'a short row at the end',
    `${plain}Source: Office\n`,
    ', line 5: expected 2 fields (or remove the line if it is a footer), got 1',
  ],
  [
    'another delimiter',
    'date~value\n2021-01-04~1\n2021-01-05~2\n',
    ', line 1: expected more than one column, or the option delimiter "~", got "date~value"',
  ],
  [
    'a page',
    '<!DOCTYPE html>\n<p>1,2\n',
    ': expected CSV, JSON lines, a JSON array or Parquet, got HTML',
  ],
  ['a short row', withLine('2021-01-07'), ', line 5: expected 2 fields, got 1'],
  ['a long row', withLine('2021-01-07,1,5'), ', line 5: expected 2 fields, got 3'],
  [
    'a quote that swallows rows',
    'date,value,note\n2021-01-04,1,"a\n2021-01-05,2,"b\n2021-01-06,3,c\n',
    ', line 3: expected quotes only around a whole field, and doubled within, got "\\"a\\n2021-01-05,2,\\"b"',
  ],
  [
    'a quote that is not closed',
    'date,value\n2021-01-04,"1\n2021-01-05,2\n',
    ', line 2: expected a quote that closes each field that one opens, got none up to the end of the file',
  ],
])('%s is refused', async (_, content, rest) => {
  await expectGruRejection(readText(file, content), 'ERR_GRU_FORMAT', `${file}${rest}`)
})

test('lines are those of the file, with quoted line ends, comments and a line that names the delimiter', async () => {
  const content = 'sep=,\n# a\nvalue,note\n1,"a\r\nb"\n# c\n2,"x"\n\n3,"y\n\nz"\n'
  const table = await readText(file, content)
  expect([...table.series[0]!.lines]).toEqual([5, 7, 11])
})

test('lines are those of the file, also where quotes are stray', async () => {
  const content = 'sep=,\n# a\nvalue,note\n1,5" pipe\n# c\n2,6" pipe\n'
  const { series, warnings } = await readText(file, content)
  expect([...series[0]!.lines]).toEqual([4, 6])
  const expected = 'quotes only around a whole field, and doubled within'
  expect(warnings).toEqual([
    {
      line: 4,
      column: 'note',
      expected,
      got: '"5\\" pipe"',
      more: 1,
      outcome: 'the column is left out',
    },
  ])
})

test('the delimiter may be said', async () => {
  const table = await readText(file, 'a b\n1 2\n3 4\n', { delimiter: ' ' })
  expect([numbersOf(table, 'a'), numbersOf(table, 'b')]).toEqual([
    [1, 3],
    [2, 4],
  ])
})

test('a delimiter is not taken from sentences', () => {
  expect(inferSyntax('a;b\n"x, y, z";1\nx, y;2\n', undefined).delimiter).toBe(';')
  expect(inferSyntax('a,b\nx; y; z,1\nx,2\n', undefined).delimiter).toBe(',')
  expect(inferSyntax('a;b, in EUR\n1;2,5\n', undefined).delimiter).toBe(';')
})

test('text is split without the parser as the parser splits it', () => {
  const field = fc.constantFrom('', 'a', '1.5', ' b ', 'x y', '#', '\u00e9')
  const line = fc.array(field, { minLength: 1, maxLength: 4 }).map((fields) => fields.join(';'))
  const lines = fc.array(line, { minLength: 1, maxLength: 8 })
  const end = fc.constantFrom('\n', '\r\n', '\r')
  const recordsOf = (text: string, comments: boolean): CsvRecord[] => {
    const records: CsvRecord[] = []
    const syntax = { delimiter: ';', comments, fromLine: 1 }
    atOnce(eachCsvRecord(text, 'text', syntax, (record) => records.push(record)))
    return records
  }
  fc.assert(
    fc.property(lines, end, fc.boolean(), (content, newline, comments) => {
      const text = ['first', ...content, ''].join(newline)
      const quoted = text.replace('first', '"first"')
      expect(recordsOf(text, comments)).toEqual(recordsOf(quoted, comments))
    }),
    { seed },
  )
})
