/**
 * The forms of dates that tables have, each as a pattern of a cell's beginning.
 *
 * @module
 */
import { DAY, dayOfDate, dayOfIsoWeek, daysInMonth, isoWeeksIn } from './civil'
import { MONTH_NAMES, MONTHS_BY_NAME } from './month-names'
import {
  isUnreadable,
  parseCompactTimeOfDay,
  parseTimeOfDay,
  type TimeOfDay,
  type Unreadable,
} from './times-of-day'

/** Which of three numbers is the day, the month and the year. */
export type DateOrder = 'day/month/year' | 'month/day/year' | 'year/month/day'

/** A time as a cell has it: on the wall, and the offset from UTC in minutes if the cell has one. */
export interface CellTime {
  readonly wall: number
  readonly offset: number | undefined
}

/** A form of dates. */
export interface DateForm {
  /** In words: 'yyyy-mm-dd'. */
  readonly name: string
  /** Whether the cells are also plain numbers. */
  readonly isPlainNumber: boolean
  /** The time of a cell; what would mend it; undefined if the cell has another form. */
  readonly parse: (text: string) => CellTime | Unreadable | undefined
}

/** The day of a date, counted from 1970-01-01. */
type Day = { readonly day: number } | Unreadable

function makeForm(
  name: string,
  pattern: string,
  readDay: (parts: readonly string[]) => Day,
  readTime: (text: string) => TimeOfDay | Unreadable | undefined = parseTimeOfDay,
): DateForm {
  const start = new RegExp(`^(?:${pattern})`, 'i')
  return {
    name,
    isPlainNumber: false,
    parse: (text) => {
      const match = start.exec(text)
      if (match === null) return undefined
      const time = readTime(text.slice(match[0].length))
      if (time === undefined) return undefined
      const date = readDay(match.slice(1))
      if (isUnreadable(date)) return date
      if (isUnreadable(time)) return time
      return { wall: date.day * DAY + time.sinceMidnight, offset: time.offset }
    },
  }
}

function readDate(year: number, month: number, day: number): Day {
  if (month < 1 || month > 12) return { expected: 'a month from 1 to 12' }
  const days = daysInMonth(year, month)
  if (day < 1 || day > days) {
    return { expected: `a day from 1 to ${days} in ${MONTH_NAMES[month - 1]!} ${year}` }
  }
  return { day: dayOfDate(year, month, day) }
}

/** Years of two digits are 1970 to 2069. */
function fullYear(text: string): number {
  const year = Number(text)
  if (text.length > 2) return year
  return year < 70 ? 2000 + year : 1900 + year
}

function readQuarter(year: string, quarter: string): Day {
  const number = Number(quarter)
  if (number < 1 || number > 4) return { expected: 'a quarter from 1 to 4' }
  return readDate(fullYear(year), number * 3 - 2, 1)
}

function readWeek([year, week, weekday = '1']: readonly string[]): Day {
  const weeks = isoWeeksIn(Number(year))
  if (Number(week) < 1 || Number(week) > weeks) {
    return { expected: `a week from 1 to ${weeks} in ${year!}` }
  }
  return { day: dayOfIsoWeek(Number(year), Number(week)) + Number(weekday) - 1 }
}

function readYearFirst(parts: readonly string[]): Day {
  const [year, month, day = '1'] = parts
  return readDate(Number(year), Number(month), Number(day))
}

/** The longest first, since a short name may begin a long one. */
const MONTH_WORDS = [...MONTHS_BY_NAME.keys()].sort((a, b) => b.length - a.length)
const MONTH_WORD = `(${MONTH_WORDS.join('|')})\\.?`
/** In Spanish and Portuguese: 4 de enero de 2021. */
const OF = '(?: de )?'
const WEEKDAY_WORD =
  '(?:(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?\\.?,?\\s+)?'
const ORDINAL = '(\\d{1,2})(?:st|nd|rd|th)?'
const YEAR = '(\\d{4})'
/** A year from 1500 to 2199, where the whole cell may also be a plain number. */
const PLAIN_YEAR = '(1[5-9]\\d{2}|2[01]\\d{2})'
const END = '(?![\\d])'

function monthOfWord(word: string): number {
  return MONTHS_BY_NAME.get(word.toLowerCase())!
}

const monthFirst = ([month, day, year]: readonly string[]): Day =>
  readDate(fullYear(year!), monthOfWord(month!), Number(day))
const dayFirst = ([day, month, year]: readonly string[]): Day =>
  readDate(fullYear(year!), monthOfWord(month!), Number(day))
const monthAndYear = ([month, year]: readonly string[]): Day =>
  readDate(fullYear(year!), monthOfWord(month!), 1)

/** The forms with one reading. Of two that fit a column alike, the first is taken. */
export const DATE_FORMS: readonly DateForm[] = [
  makeForm('yyyy-mm-dd', `${YEAR}-(\\d{1,2})-(\\d{1,2})${END}`, readYearFirst),
  makeForm('yyyy/mm/dd', `${YEAR}/(\\d{1,2})/(\\d{1,2})${END}`, readYearFirst),
  makeForm('yyyy.mm.dd', `${YEAR}\\.(\\d{1,2})\\.(\\d{1,2})${END}`, readYearFirst),
  {
    ...makeForm('yyyymmdd', `${PLAIN_YEAR}(\\d{2})(\\d{2})`, readYearFirst, parseCompactTimeOfDay),
    isPlainNumber: true,
  },
  {
    ...makeForm('yyyymm', `${PLAIN_YEAR}(0[1-9]|1[0-2])$`, readYearFirst),
    isPlainNumber: true,
  },
  {
    ...makeForm('yyyy.mm', `${PLAIN_YEAR}\\.(0[1-9]|1[0-2])$`, readYearFirst),
    isPlainNumber: true,
  },
  makeForm(
    'Month day, year',
    `${WEEKDAY_WORD}${MONTH_WORD}[ -]?${ORDINAL},?[ -]${YEAR}`,
    monthFirst,
  ),
  makeForm(
    'day Month year',
    `${WEEKDAY_WORD}${ORDINAL}\\.?${OF}[ /-]?${MONTH_WORD}${OF},?[ /-]?(\\d{4}|\\d{2})${END}`,
    dayFirst,
  ),
  makeForm('year Month day', `${YEAR}[ /-]?${MONTH_WORD}[ /-]?(\\d{1,2})${END}`, ([y, m, d]) =>
    dayFirst([d!, m!, y!]),
  ),
  // After a blank, two digits could be a day.
  makeForm(
    'Month year',
    `${MONTH_WORD}${OF}(?:,?[ /-]?(?=\\d{4})|[/'-])(\\d{4}|\\d{2})$`,
    monthAndYear,
  ),
  makeForm('year Month', `${YEAR}[ /-]?${MONTH_WORD}$`, ([y, m]) => monthAndYear([m!, y!])),
  makeForm('yyyy-mm', `${YEAR}[-/](\\d{1,2})$`, readYearFirst),
  makeForm('yyyyMmm', `${YEAR}[-/ ]?M(\\d{1,2})$`, readYearFirst),
  makeForm('mm/yyyy', `(\\d{1,2})[-/.]${YEAR}$`, ([month, year]) => readYearFirst([year!, month!])),
  makeForm('yyyy-Qn', `${YEAR}[-/ :]?Q(\\d)$`, ([year, quarter]) => readQuarter(year!, quarter!)),
  makeForm('Qn yyyy', `Q(\\d)[-/ ]?'?(\\d{4}|\\d{2})$`, ([quarter, year]) =>
    readQuarter(year!, quarter!),
  ),
  makeForm(
    'nQ yyyy',
    `(\\d)\\.? ?(?:st |nd |rd |th )?Q(?:uarter|uartal|tr)?[-/ ]?'?(\\d{4}|\\d{2})$`,
    ([quarter, year]) => readQuarter(year!, quarter!),
  ),
  makeForm('yyyy-Www', `${YEAR}[-/ ]?W(\\d{1,2})(?:-?([1-7]))?$`, readWeek),
  makeForm('Www yyyy', `(?:W|KW|CW) ?(\\d{1,2})[-/ ]${YEAR}$`, ([week, year]) =>
    readWeek([year!, week!]),
  ),
]

const ORDERS: Readonly<Record<DateOrder, readonly [year: number, month: number, day: number]>> = {
  'day/month/year': [2, 1, 0],
  'month/day/year': [2, 0, 1],
  'year/month/day': [0, 1, 2],
}

/** The separators of dates that are three numbers. */
export const DATE_SEPARATORS = ['/', '.', '-', ' '] as const

export type DateSeparator = (typeof DATE_SEPARATORS)[number]

/** Dates of three numbers, of which the year has two digits or is the last. */
export function numericForm(order: DateOrder, separator: DateSeparator): DateForm {
  const [year, month, day] = ORDERS[order]
  const between = separator === '.' ? '\\. ?' : separator
  const last = order === 'year/month/day' ? '(\\d{2})' : '(\\d{4}|\\d{2})'
  return makeForm(
    order.replaceAll('/', separator),
    `(\\d{1,2})${between}(\\d{1,2})${between}${last}${END}`,
    (parts) => readDate(fullYear(parts[year]!), Number(parts[month]), Number(parts[day])),
  )
}
