/**
 * Times that are plain numbers: years, seconds since 1970, steps.
 *
 * @module
 */
import { dayInMonth } from './steps'
import { DAY } from './civil'
import type { TimeAxis } from './time-axis'

/** A kind of numbers that are times. */
export interface NumberForm {
  /** In words: 'milliseconds since 1970'. */
  readonly name: string
  readonly kind: TimeAxis['kind']
  /** The time of a cell: on the wall for years, in UTC for counts since 1970, or an integer. NaN: it has none. */
  readonly read: (text: string) => number
  /** What every cell should be. */
  readonly expected: string
  /** Whether times are on the wall's clock. */
  readonly isWall: boolean
}

const NUMBER = /^[+-]?\d+(?:\.\d*)?(?:e[+-]?\d+)?$/i
const INTEGER = /^[+-]?\d+(?:\.0*)?$/

const asNumber = (text: string): number => (NUMBER.test(text) ? Number(text) : NaN)

/** The years that plain integers stand for. */
const [FIRST_YEAR, LAST_YEAR] = [1500, 2200]

const isYear = (value: number): boolean => value >= FIRST_YEAR && value < LAST_YEAR + 1

const YEARS: NumberForm = {
  name: 'year',
  kind: 'instant',
  read: (text) => {
    const year = asNumber(text)
    return Number.isInteger(year) && isYear(year) ? dayInMonth(year * 12, 1) * DAY : NaN
  },
  expected: `a year from ${FIRST_YEAR} to ${LAST_YEAR}, as in the other rows`,
  isWall: true,
}

/** A month's number by its part of the year may be written with two digits only: 1949.08 is February. */
const MONTH_TOLERANCE = 0.07

const FRACTIONAL_YEARS: NumberForm = {
  name: 'year with its fraction',
  kind: 'instant',
  read: (text) => {
    const months = asNumber(text) * 12
    const month = Math.round(months)
    const isMonth = isYear(month / 12) && Math.abs(months - month) <= MONTH_TOLERANCE
    return isMonth ? dayInMonth(month, 1) * DAY : NaN
  },
  expected: 'a year and a twelfth part of it, such as 1949.083 for February, as in the other rows',
  isWall: true,
}

const INTEGERS: NumberForm = {
  name: 'integer',
  kind: 'integer',
  read: (text) => {
    const value = INTEGER.test(text) ? Number(text) : NaN
    return Number.isSafeInteger(value) ? value : NaN
  },
  expected: 'an integer, as in the other rows',
  isWall: false,
}

const ROW_NUMBERS: NumberForm = { ...INTEGERS, name: 'row number' }

/** Counts since 1970: what they count, how many are a millisecond, and the least size of one, which is in 1973. */
const EPOCHS = [
  { unit: 'seconds', perMillisecond: 1e-3, least: 1e8 },
  { unit: 'milliseconds', perMillisecond: 1, least: 1e11 },
  { unit: 'microseconds', perMillisecond: 1e3, least: 1e14 },
  { unit: 'nanoseconds', perMillisecond: 1e6, least: 1e17 },
] as const

/** Above this multiple of their least size, counts are those of the next unit, or none. It is in 2128. */
const EPOCH_RANGE = 50

function epochForm({ unit, perMillisecond }: (typeof EPOCHS)[number]): NumberForm {
  return {
    name: `${unit} since 1970`,
    kind: 'instant',
    read: (text) => {
      // A count of nanoseconds has more digits than a double.
      if (perMillisecond > 1 && /^\d+$/.test(text)) {
        return Number(BigInt(text) / BigInt(perMillisecond))
      }
      const count = asNumber(text)
      return perMillisecond < 1 ? Math.round(count * 1000) : Math.floor(count / perMillisecond)
    },
    expected: `a number of ${unit} since 1970, as in the other rows`,
    isWall: false,
  }
}

/**
 * The form of a column of numbers.
 *
 * @param texts - the cells that are not missing, and of which nearly all are numbers
 * @returns undefined if they are no times, such as numbers with decimals
 */
export function findNumberForm(texts: readonly string[]): NumberForm | undefined {
  const numbers = texts.filter((text) => NUMBER.test(text))
  const readsAll = ({ read }: NumberForm): boolean =>
    numbers.every((text) => !Number.isNaN(read(text)))
  if (readsAll(YEARS)) return YEARS
  if (readsAll(FRACTIONAL_YEARS)) return FRACTIONAL_YEARS
  const sorted = Float64Array.from(numbers, Number).sort()
  const median = sorted[Math.floor(sorted.length / 2)]!
  const epoch = EPOCHS.find(({ least }) => median >= least && median < least * EPOCH_RANGE)
  if (epoch !== undefined) return epochForm(epoch)
  const whole = numbers.filter((text) => !Number.isNaN(INTEGERS.read(text)))
  if (whole.length < 0.75 * numbers.length) return undefined
  return countsRows(numbers) ? ROW_NUMBERS : INTEGERS
}

/** Whether the numbers are 0, 1, 2, ... or 1, 2, 3, ... */
function countsRows(texts: readonly string[]): boolean {
  const first = Number(texts[0])
  return (first === 0 || first === 1) && texts.every((text, row) => Number(text) === first + row)
}

/** Whether a text is a plain number. */
export function isNumber(text: string): boolean {
  return NUMBER.test(text)
}
