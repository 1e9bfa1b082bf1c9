/**
 * How people write numbers: decimal marks, thousands separators, units, minus signs and brackets, and missing ones.
 *
 * @module
 */
import { quote } from '../errors'
import { atOnce, eachRow, type Sliced } from '../slices'
import { isCurrency, mostCommonUnit, withoutUnit } from './units'

/** How the numbers of a column are written. */
export interface NumberStyle {
  readonly decimal: '.' | ','
  /** What every number has before or after it: '%', '$', 'kWh'; '' for nothing. The number is taken as it is: 5% is 5. */
  readonly unit: string
  /** Whether a number in brackets is negative, as accountants write it. */
  readonly brackets: boolean
}

/** What the cells of a column are, as counts. */
export interface NumeralCounts {
  /** Cells that are numbers in some style, bare, with a percent sign or with a currency. */
  numbers: number
  /** Numbers without a unit. */
  bare: number
  /** Numbers that need a decimal point, and those that need a decimal comma. */
  point: number
  comma: number
  /** Numbers that differ between both readings: as 1,234, and as 1.234. */
  eitherComma: number
  eitherPoint: number
  /** How many numbers have each unit. */
  readonly units: Map<string, number>
  /** Numbers in brackets, and those with a minus sign. */
  brackets: number
  minus: number
  /** The first cell of `eitherComma`; -1 if there is none. */
  firstEitherComma: number
}

const MISSING: ReadonlySet<string> = new Set([
  ...[
    '',
    'NA',
    'na',
    'N/A',
    'n/a',
    'N.A.',
    'n.a.',
    '#NA',
    '#N/A',
    '<NA>',
    'NaN',
    'nan',
    '-nan',
    'NaT',
  ],
  ...['null', 'Null', 'NULL', '\\N', 'None', '-', '--', '---', '\u2013', '\u2014', '.', '...', '?'],
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
const BRACKETS = /^\((.*)\)$/
const BARE = /^[\d.,]*$/

/** The parts of a text that may be a number. */
interface NumeralParts {
  /** Without sign, brackets and unit. */
  readonly body: string
  /** '' if it has none. */
  readonly sign: string
  readonly isBracketed: boolean
  readonly unit: string
}

/** Signs and brackets may be outside of a currency or inside. */
function partsOf(text: string): NumeralParts {
  let [body, sign, unit, isBracketed] = [text, '', '', false]
  // A pass for each of sign, brackets and unit, in any order.
  for (let pass = 0; pass < 3 && !BARE.test(body); pass++) {
    const inner = BRACKETS.exec(body)?.[1]
    if (sign === '' && SIGN.test(body)) [sign, body] = [body[0]!, body.slice(1)]
    else if (!isBracketed && inner !== undefined) [isBracketed, body] = [true, inner.trim()]
    else if (isNumeral(body) || unit !== '') break
    else ({ rest: body, unit } = withoutUnit(body))
  }
  return { body, sign, isBracketed, unit }
}

function isNumeral(body: string): boolean {
  return NUMERALS['.'].test(body) || NUMERALS[','].test(body)
}

/** Counts how the cells of a column write numbers. Numbers that are no text count as numbers of every style. */
export function countNumerals(cells: readonly unknown[]): NumeralCounts {
  return atOnce(countNumeralsInSlices(cells))
}

/** As {@link countNumerals}, in slices. */
export function* countNumeralsInSlices(cells: readonly unknown[]): Sliced<NumeralCounts> {
  const counts: NumeralCounts = {
    ...{ numbers: 0, bare: 0, point: 0, comma: 0, eitherComma: 0, eitherPoint: 0 },
    ...{ units: new Map<string, number>(), brackets: 0, minus: 0, firstEitherComma: -1 },
  }
  yield* eachRow(cells.length, (index) => {
    const cell = cells[index]
    if (typeof cell === 'string') countText(cell, index, counts)
    else if (typeof cell === 'bigint' || Number.isFinite(cell)) countBare(counts)
  })
  return counts
}

function countText(text: string, index: number, counts: NumeralCounts): void {
  if (INTEGER.test(text)) {
    countBare(counts)
    if (text.startsWith('-')) counts.minus++
    return
  }
  if (!/\d/.test(text)) return
  const { body, sign, isBracketed, unit } = partsOf(text)
  const [point, comma] = [NUMERALS['.'].test(body), NUMERALS[','].test(body)]
  if (!point && !comma) return
  if (unit === '') countBare(counts)
  else {
    counts.units.set(unit, (counts.units.get(unit) ?? 0) + 1)
    if (unit === '%' || isCurrency(unit)) counts.numbers++
  }
  if (isBracketed) counts.brackets++
  else if (sign !== '' && sign !== '+') counts.minus++
  if (point !== comma) counts[point ? 'point' : 'comma']++
  else if (EITHER.test(body)) countEither(body, index, counts)
}

/** How many cells of a column are numbers: also those with a unit of measurement, if it is one unit. */
export function countAllNumbers({ numbers, units }: NumeralCounts): number {
  const common = mostCommonUnit(units)
  if (common === undefined || common.unit === '%' || isCurrency(common.unit)) return numbers
  return numbers + common.count
}

function countBare(counts: NumeralCounts): void {
  counts.numbers++
  counts.bare++
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

/** The unit that most numbers of a column have; '' if more of them have none. */
export function shownUnit(counts: NumeralCounts): string {
  const common = mostCommonUnit(counts.units)
  return common !== undefined && common.count > counts.bare ? common.unit : ''
}

/** Both readings of a text such as "1,234", in words. */
export function bothReadings(text: string): string {
  const { unit } = partsOf(text)
  const [point, comma] = (['.', ','] as const).map((decimal) =>
    String(parseNumeral(text, { decimal, unit, brackets: true })),
  )
  return `${quote(text)}, which is ${point} with decimal points and ${comma} with decimal commas`
}

/** The number that a text is in a style; NaN if it is none, or not finite. */
export function parseNumeral(text: string, { decimal, unit, brackets }: NumberStyle): number {
  if (unit === '' && (INTEGER.test(text) || (decimal === '.' && PLAIN.test(text)))) {
    return Number(text)
  }
  const parts = partsOf(text)
  if (parts.unit !== unit || !NUMERALS[decimal].test(parts.body)) return NaN
  if (parts.isBracketed && (!brackets || parts.sign !== '')) return NaN
  const grouped = decimal === '.' ? parts.body : parts.body.replaceAll('.', '').replace(',', '.')
  const magnitude = Number(grouped.replaceAll(/[, \u00a0\u202f\u2009'\u2019]/g, ''))
  if (!Number.isFinite(magnitude)) return NaN
  const isNegative = parts.isBracketed || (parts.sign !== '' && parts.sign !== '+')
  return isNegative ? -magnitude : magnitude
}

/** What would make a text that is no number of its column one. */
export function expectedNumeral(text: string, style: NumberStyle): string {
  const reads = (other: Partial<NumberStyle>): boolean =>
    !Number.isNaN(parseNumeral(text, { ...style, ...other }))
  const { unit } = partsOf(text)
  if (reads({ unit })) {
    return `a number ${style.unit === '' ? `without ${unit}` : `with ${style.unit}`}, as in the other cells`
  }
  if (reads({ decimal: style.decimal === '.' ? ',' : '.' })) {
    return `a number with a decimal ${style.decimal === '.' ? 'point' : 'comma'}, as in the other cells`
  }
  if (reads({ brackets: true })) {
    return 'a number with a minus sign instead of brackets, as in the other cells'
  }
  return 'a number, or an empty cell where it is missing'
}
