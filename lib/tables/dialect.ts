/**
 * How a CSV text is written: its delimiter, its comment lines, and a line that names the delimiter.
 *
 * @module
 */
import type { CsvSyntax } from '../formats/csv-records'

/** Delimiters, the most telling first: commas are also decimal marks, and stand in sentences. */
const DELIMITERS = ['\t', ';', '|', ',']

const SAMPLE_LINES = 100

/** A spreadsheet's first line, which names the delimiter and belongs to no table. */
const SEPARATOR_LINE = /^"?sep=(\t|[^\r\n"])"?[ \t;,]*(?=\r|\n|$)/i

// A cell of a spreadsheet that could not be computed begins with '#' too.
const COMMENT = /(?:^|[\r\n])#(?!N\/A|NA\b|DIV\/0!|VALUE!|REF!|NUM!|NAME\?|NULL!)/

/** Infers the syntax of a CSV text. A delimiter that the caller names is used in any case. */
export function inferSyntax(text: string, named: string | undefined): CsvSyntax {
  const separator = SEPARATOR_LINE.exec(text)?.[1]
  const fromLine = separator === undefined ? 1 : 2
  // Most texts have no such character, which is found faster than its place.
  const comments = text.includes('#') && COMMENT.test(text)
  const delimiter = named ?? separator ?? inferDelimiter(sampleLines(text, comments))
  return { delimiter, comments, fromLine }
}

/** The first lines that are neither blank nor comments. A line that ends within quotes is joined to the next ones. */
function sampleLines(text: string, comments: boolean): readonly string[] {
  const sample: string[] = []
  const ends = /\r\n?|\n/g
  let begin = 0
  while (begin < text.length && sample.length < SAMPLE_LINES) {
    let end = ends.exec(text)
    while (end !== null && hasOpenQuote(text.slice(begin, end.index))) end = ends.exec(text)
    const line = text.slice(begin, end?.index)
    begin = end === null ? text.length : ends.lastIndex
    if (line.trim() !== '' && !(comments && line.startsWith('#'))) sample.push(line)
  }
  return sample
}

const MAX_QUOTED = 10_000

function hasOpenQuote(line: string): boolean {
  return line.length < MAX_QUOTED && (line.split('"').length - 1) % 2 === 1
}

/** The delimiter with which most lines have as many fields as the header; of two such ones, that of more fields. */
function inferDelimiter(lines: readonly string[]): string {
  let best = { delimiter: ',', share: 0, fields: 1 }
  for (const delimiter of DELIMITERS) {
    const [header = 1, ...counts] = lines.map((line) => countFields(line, delimiter))
    if (header === 1) continue
    const share = counts.filter((count) => count === header).length / Math.max(1, counts.length)
    const isBetter = share > best.share || (share === best.share && header > best.fields)
    if (isBetter) best = { delimiter, share, fields: header }
  }
  return best.delimiter
}

/** The number of fields in a line without the empty ones at its end. */
function countFields(line: string, delimiter: string): number {
  const fields = line.replaceAll(/"[^"]*"/g, 'quoted').split(delimiter)
  while (fields.length > 1 && fields.at(-1)!.trim() === '') fields.pop()
  return fields.length
}

const DELIMITER_NAMES: ReadonlyMap<string, string> = new Map([
  ['\t', 'tabs'],
  [';', 'semicolons'],
  ['|', 'vertical bars'],
  [',', 'commas'],
  [' ', 'spaces'],
])

/** A delimiter in words. */
export function describeDelimiter(delimiter: string): string {
  return DELIMITER_NAMES.get(delimiter) ?? JSON.stringify(delimiter)
}
