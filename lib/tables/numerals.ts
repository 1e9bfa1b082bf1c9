/**
 * How people write numbers: decimal marks, thousands separators, percentages, minus signs, and missing ones.
 *
 * @module
 */
import { quote } from '../errors'

/** How the numbers of a column are written. */
export interface NumberStyle {
  readonly decimal: '.' | ','
  /** Whether every number has a percent sign. The number is taken as it is written: 5% is 5. */
  readonly percent: boolean
}

/** What the cells of a column are, as counts. */
export interface NumeralCounts {
  /** Cells that are numbers in some style. */
  numbers: number
  /** Numbers that need a decimal point, and those that need a decimal comma. */
  point: number
  comma: number
  /** Numbers that differ between both readings: as 1,234, and as 1.234. */
  eitherComma: number
  eitherPoint: number
  percent: number
  /** The first cell of `eitherComma`; -1 if there is none. */
  firstEitherComma: number
}

const MISSING: ReadonlySet<string> = new Set([
  ...['', 'NA', 'N/A', 'n/a', '#N/A', '<NA>', 'NaN', 'nan', 'NaT', 'null', 'NULL', 'None'],
  ...['-', '\u2013', '\u2014', '.', '?'],
])

/** Whether a cell says that it has no value. */
export function isMissing(cell: unknown): boolean {
  if (typeof cell === 'string') return cell.length < 5 && MISSING.has(cell)
  return cell === null || cell === undefined || Number.isNaN(cell)
}

// The usual cases first: they decide most cells with one short pattern.
const INTEGER = /^-?\d+$/
const PLAIN = /^-?\d+\.\d+$/
const EITHER = /^[1-9]\d{0,2}[.,]\d{3}$/

const GROUPS_OF_THREE = "(?:[ \\u00a0\\u202f\\u2009'\\u2019]\\d{3})+"
const numeral = (decimal: string, separator: string): RegExp =>
  new RegExp(
    `^(?=[${decimal}]?\\d)(?:\\d+|[1-9]\\d{0,2}(?:(?:${separator}\\d{2,3})*${separator}\\d{3}|${GROUPS_OF_THREE}))?` +
      `(?:${decimal}\\d*)?(?:e[+-]?\\d+)?$`,
    'i',
  )
const NUMERALS = { '.': numeral('\\.', ','), ',': numeral(',', '\\.') } as const

const SIGN = /^[+\-\u2212\u2013]/
const PERCENT = /[ \u00a0\u202f]?%$/

/** A text without sign and percent sign. */
function bodyOf(text: string): string {
  const begin = SIGN.test(text) ? 1 : 0
  return text.endsWith('%') ? text.slice(begin).replace(PERCENT, '') : text.slice(begin)
}

/** Counts how the cells of a column write numbers. Numbers that are no text count as numbers of every style. */
export function countNumerals(cells: readonly unknown[]): NumeralCounts {
  const counts: NumeralCounts = {
    ...{ numbers: 0, point: 0, comma: 0, eitherComma: 0, eitherPoint: 0, percent: 0 },
    firstEitherComma: -1,
  }
  for (const [index, cell] of cells.entries()) {
    if (typeof cell === 'string') countText(cell, index, counts)
    else if (typeof cell === 'bigint' || Number.isFinite(cell)) counts.numbers++
  }
  return counts
}

function countText(text: string, index: number, counts: NumeralCounts): void {
  if (INTEGER.test(text)) {
    counts.numbers++
    return
  }
  const body = bodyOf(text)
  const [point, comma] = [NUMERALS['.'].test(body), NUMERALS[','].test(body)]
  if (!point && !comma) return
  counts.numbers++
  if (text.endsWith('%')) counts.percent++
  if (point !== comma) counts[point ? 'point' : 'comma']++
  else if (EITHER.test(body)) countEither(body, index, counts)
}

function countEither(body: string, index: number, counts: NumeralCounts): void {
  if (!body.includes(',')) {
    counts.eitherPoint++
    return
  }
  if (counts.eitherComma === 0) counts.firstEitherComma = index
  counts.eitherComma++
}

/** The decimal mark that a column shows by itself; undefined if it shows none. */
export function shownDecimal({ point, comma }: NumeralCounts): '.' | ',' | undefined {
  if (point === 0 && comma === 0) return undefined
  return point >= comma ? '.' : ','
}

/** Both readings of a text such as "1,234", in words. */
export function bothReadings(text: string): string {
  const [point, comma] = (['.', ','] as const).map((decimal) =>
    String(parseNumeral(text, { decimal, percent: text.endsWith('%') })),
  )
  return `${quote(text)}, which is ${point} with decimal points and ${comma} with decimal commas`
}

/** The number that a text is in a style; NaN if it is none, or not finite. */
export function parseNumeral(text: string, { decimal, percent }: NumberStyle): number {
  if (!percent && (INTEGER.test(text) || (decimal === '.' && PLAIN.test(text)))) {
    return Number(text)
  }
  const body = bodyOf(text)
  if (text.endsWith('%') !== percent || !NUMERALS[decimal].test(body)) return NaN
  const grouped = decimal === '.' ? body : body.replaceAll('.', '').replace(',', '.')
  const magnitude = Number(grouped.replaceAll(/[, \u00a0\u202f\u2009'\u2019]/g, ''))
  if (!Number.isFinite(magnitude)) return NaN
  return SIGN.test(text) && !text.startsWith('+') ? -magnitude : magnitude
}

/** What would make a text that is no number of its column one. */
export function expectedNumeral(text: string, { decimal, percent }: NumberStyle): string {
  const reads = (style: NumberStyle): boolean => !Number.isNaN(parseNumeral(text, style))
  if (reads({ decimal, percent: !percent })) {
    return `a number ${percent ? 'with' : 'without'} %, as in the other cells`
  }
  if (reads({ decimal: decimal === '.' ? ',' : '.', percent })) {
    return `a number with a decimal ${decimal === '.' ? 'point' : 'comma'}, as in the other cells`
  }
  return 'a number, or an empty cell where it is missing'
}
