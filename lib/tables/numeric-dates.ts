/**
 * Dates of three numbers whose order only the whole column can tell: 04/01/2021, 04.01.21.
 *
 * @module
 */
import { quote } from '../errors'
import { dateOfDay, dayOfWall } from './civil'
import { type DateForm, type DateOrder, type DateSeparator, numericForm } from './date-forms'
import { MONTH_NAMES } from './month-names'
import { eachRow, numberRows, type Sliced } from '../slices'
import { isUnreadable } from './times-of-day'

/** A column of dates that can be read in two ways. */
export interface Ambiguity {
  /** The first cell that the readings read differently. */
  readonly index: number
  /** What would mend it, with both readings. */
  readonly expected: string
  readonly got: string
  readonly readings: readonly [DateOrder, DateOrder]
}

/** The form of a column. If it is ambiguous, the form is the first reading's. */
export interface NumericDates {
  readonly form: DateForm
  readonly ambiguity: Ambiguity | undefined
}

const ORDERS: readonly DateOrder[] = ['day/month/year', 'month/day/year', 'year/month/day']

/** A column as one order reads it. */
interface Reading {
  readonly order: DateOrder
  readonly form: DateForm
  /** NaN: not readable. */
  readonly walls: Float64Array
  readonly readable: number
}

/**
 * The form that reads the most cells. It is decided by all cells.
 *
 * @param texts - undefined: missing
 * @param separator - what stands between the numbers
 * @param order - the order that the caller stated
 */
export function* findNumericDates(
  texts: readonly (string | undefined)[],
  separator: DateSeparator,
  order: DateOrder | undefined,
): Sliced<NumericDates> {
  const orders = order === undefined ? ORDERS : [order]
  const readings: Reading[] = []
  for (const each of orders) {
    readings.push(yield* readAll(texts, each, numericForm(each, separator)))
  }
  const most = Math.max(...readings.map(({ readable }) => readable))
  const best = readings.filter(({ readable }) => readable === most)
  const [first, second] = yield* withYearsPlace(best, texts, separator)
  const ambiguity = second && findAmbiguity(texts, first!, second)
  return { form: first!.form, ambiguity }
}

function* readAll(
  texts: readonly (string | undefined)[],
  order: DateOrder,
  form: DateForm,
): Sliced<Reading> {
  let readable = 0
  const walls = yield* numberRows(texts.length, (row) => {
    const text = texts[row]
    const parsed = text === undefined ? undefined : form.parse(text)
    if (parsed === undefined || isUnreadable(parsed)) return NaN
    readable++
    return parsed.wall
  })
  return { order, form, walls, readable }
}

/**
 * Of readings with the year first and the year last, those with the year in its place: the number that changes more
 * seldom from row to row. If the number in the middle never changes, the rows are either years apart or in one month;
 * then only hyphens leave it open, since with other separators the day or month is first.
 */
function* withYearsPlace(
  readings: readonly Reading[],
  texts: readonly (string | undefined)[],
  separator: DateSeparator,
): Sliced<readonly Reading[]> {
  const yearFirst = readings.filter(({ order }) => order === 'year/month/day')
  const yearLast = readings.filter(({ order }) => order !== 'year/month/day')
  if (yearFirst.length === 0 || yearLast.length === 0) return readings
  const [first, middle, last] = yield* countChanges(texts)
  if (middle === 0) return separator === '-' ? [yearLast[0]!, yearFirst[0]!] : yearLast
  return first < last ? yearFirst : yearLast
}

/** How often each of the three numbers changes from one row to the next. */
function* countChanges(texts: readonly (string | undefined)[]): Sliced<[number, number, number]> {
  const changes: [number, number, number] = [0, 0, 0]
  let before: string[] | undefined
  yield* eachRow(texts.length, (row) => {
    const numbers = texts[row]?.match(/\d+/g)?.slice(0, 3)
    if (numbers === undefined) return
    for (let place = 0; place < 3 && before !== undefined; place++) {
      if (numbers[place] !== before[place]) changes[place as 0 | 1 | 2]++
    }
    before = numbers
  })
  return changes
}

/** undefined: both readings are the same. */
function findAmbiguity(
  texts: readonly (string | undefined)[],
  first: Reading,
  second: Reading,
): Ambiguity | undefined {
  const differs = (wall: number, row: number): boolean => wall !== second.walls[row]
  const index = first.walls.findIndex(
    (wall, row) => !Number.isNaN(wall) && differs(wall, row) && !Number.isNaN(second.walls[row]),
  )
  if (index === -1) return undefined
  const words = [first, second].map(({ order, walls }) => `'${order}' (${longDate(walls[index]!)})`)
  return {
    index,
    expected: `the option dateForm to say which: ${words.join(' or ')}`,
    got: quote(texts[index]!),
    readings: [first.order, second.order],
  }
}

function longDate(wall: number): string {
  const { year, month, day } = dateOfDay(dayOfWall(wall))
  return `${day} ${MONTH_NAMES[month - 1]!} ${year}`
}
