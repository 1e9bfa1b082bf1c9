/**
 * The times of a column's cells. Their form is found in the cells.
 *
 * @module
 */
import { describe } from '../errors'
import { MINUTE } from './civil'
import {
  type CellTime,
  DATE_FORMS,
  DATE_SEPARATORS,
  type DateForm,
  type DateOrder,
  numericForm,
} from './date-forms'
import { expectedOfSkipped, instantsFromWalls } from './local-times'
import { findNumberForm, isNumber, type NumberForm } from './number-times'
import { type Ambiguity, findNumericDates } from './numeric-dates'
import { atOnce, eachRow, mapRows, numberRows, type Sliced } from '../slices'
import type { TimeAxis } from './time-axis'
import { isUnreadable } from './times-of-day'
import { zoneOf, zoneOfOffsets } from './zones'

/** What the caller knows of a column of times. */
export interface TimeOptions {
  /** Which number is the day, where dates are three numbers and the year is not the first with four digits. */
  readonly dateForm?: DateOrder
  /**
   * The zone of times that are written without an offset, and of the calendar: 'Europe/Berlin', '+01:00', 'UTC'. By
   * default it is found from the offsets of the cells; without offsets it is UTC.
   */
  readonly timeZone?: string
  /** The series of each row, to tell apart the two hours when clocks are put back. By default all are one series. */
  readonly groups?: readonly unknown[]
}

/** A cell that is no time. */
export interface TimeFault {
  /** The row, from 0. */
  readonly index: number
  /** What would mend it. */
  readonly expected: string
  readonly got: string
}

/** A column of times. */
export interface DetectedTimes {
  readonly kind: TimeAxis['kind']
  /** In words: 'yyyy-mm-dd', 'day/month/year', 'yyyy-Qn', 'milliseconds since 1970', 'year', 'row number'. */
  readonly form: string
  /** Whether the cells can hardly be anything but times. Plain numbers could. */
  readonly sure: boolean
  /** Milliseconds since 1970 in UTC, or integers, by `kind`. NaN: missing, or a fault. */
  readonly instants: Float64Array
  /** The zone for a time axis of these times. */
  readonly timeZone: string
  /** Whether the times are those of a clock on the wall: dates without offsets. */
  readonly isLocal: boolean
  /** The offset from UTC of each cell in minutes, if the cells have offsets. NaN where there is none. */
  readonly offsets: Float64Array | undefined
  /** In the order of the rows. */
  readonly faults: readonly TimeFault[]
  /** Set if day and month cannot be told apart. The instants are then those of the first reading. */
  readonly ambiguity: Ambiguity | undefined
}

/** The least part of the cells that must have the form of the column. */
const MIN_OF_FORM = 0.75

/**
 * Finds the times of a column.
 *
 * Dates are years, months and days in many orders, months in English words, quarters, ISO weeks, with or without a time
 * of day; plain numbers are years, seconds (milli, micro, nano) since 1970, or integers. Parts of a millisecond are cut
 * off. Years of two digits are 1970 to 2069.
 *
 * @param cells - strings, numbers, bigints or Dates. Missing: undefined, null, NaN, or a blank text
 * @returns undefined if less than three quarters of the cells, or of 200 of them, are times of one form
 * @throws GruError ERR_GRU_VALUE for an unknown time zone
 */
export function detectTimes(
  cells: readonly unknown[],
  options: TimeOptions = {},
): DetectedTimes | undefined {
  return atOnce(detectTimesInSlices(cells, options))
}

/** As {@link detectTimes}, in slices. */
export function* detectTimesInSlices(
  cells: readonly unknown[],
  options: TimeOptions = {},
): Sliced<DetectedTimes | undefined> {
  const texts = yield* mapRows(cells.length, (row) => textOf(cells[row]))
  const present = texts.filter((text) => text !== undefined)
  if (present.length === 0) return undefined
  const column = { cells, texts, present, options }
  return (
    (yield* detectDateObjects(column)) ??
    (yield* detectDates(column)) ??
    (yield* detectNumbers(column))
  )
}

interface Column {
  readonly cells: readonly unknown[]
  /** undefined: missing. */
  readonly texts: readonly (string | undefined)[]
  /** Those that are not missing. */
  readonly present: readonly string[]
  readonly options: TimeOptions
}

/** A cell as text; undefined if it is missing. Dates are in the form of ISO 8601. */
function textOf(cell: unknown): string | undefined {
  switch (typeof cell) {
    case 'string':
      return cell.trim() || undefined
    case 'number':
      return Number.isNaN(cell) ? undefined : String(cell)
    case 'bigint':
      return String(cell)
    case 'object':
      if (!(cell instanceof Date)) return cell === null ? undefined : describe(cell)
      return Number.isNaN(cell.getTime()) ? undefined : cell.toISOString()
    case 'undefined':
      return undefined
    default:
      return describe(cell)
  }
}

function* detectDateObjects({
  cells,
  present,
  options,
}: Column): Sliced<DetectedTimes | undefined> {
  let dates = 0
  const instants = yield* numberRows(cells.length, (row) => {
    const cell = cells[row]
    const instant = cell instanceof Date ? cell.getTime() : NaN
    if (!Number.isNaN(instant)) dates++
    return instant
  })
  if (dates < MIN_OF_FORM * present.length) return undefined
  const timeZone = zoneOf(options.timeZone ?? 'UTC').name
  const expected = 'a Date, as in the other rows'
  const faults: TimeFault[] = []
  yield* eachRow(cells.length, (index) => {
    const cell = cells[index]
    if (cell instanceof Date || textOf(cell) === undefined) return
    faults.push({ index, expected, got: describe(cell) })
  })
  return {
    ...{ kind: 'instant', form: 'Date', sure: true, isLocal: false, instants, timeZone },
    ...{ offsets: undefined, faults, ambiguity: undefined },
  }
}

/** How many cells are looked at to choose among the forms. */
const SAMPLE = 200

/** Of the cells that have a form, this part must be dates; the others are faults. */
const MIN_READABLE = 0.5

function* detectDates(column: Column): Sliced<DetectedTimes | undefined> {
  const { present, texts, options } = column
  const stride = Math.ceil(present.length / SAMPLE)
  const sample = present.filter((_, i) => i % stride === 0)
  const form = DATE_FORMS.find((each) => fits(sample, each, MIN_READABLE))
  if (form !== undefined) return yield* readDates(column, form, undefined)
  const separator = DATE_SEPARATORS.find((each) =>
    fits(sample, numericForm('day/month/year', each), 0),
  )
  if (separator === undefined) return undefined
  const numeric = yield* findNumericDates(texts, separator, options.dateForm)
  if (!fits(sample, numeric.form, MIN_READABLE)) return undefined
  return yield* readDates(column, numeric.form, numeric.ambiguity)
}

function fits(texts: readonly string[], form: DateForm, minReadable: number): boolean {
  const ofForm = texts.map(form.parse).filter((time) => time !== undefined)
  const readable = ofForm.filter((time) => !isUnreadable(time))
  return (
    ofForm.length >= MIN_OF_FORM * texts.length && readable.length >= minReadable * ofForm.length
  )
}

function* readDates(
  column: Column,
  form: DateForm,
  ambiguity: Ambiguity | undefined,
): Sliced<DetectedTimes | undefined> {
  const faults: TimeFault[] = []
  const times = yield* mapRows(column.texts.length, (index) => {
    const text = column.texts[index]
    if (text === undefined) return undefined
    const parsed = form.parse(text) ?? {
      expected: `a date of the form ${form.name}, as in the other rows`,
    }
    if (!isUnreadable(parsed)) return parsed
    faults.push({ index, expected: parsed.expected, got: describe(column.cells[index]) })
    return undefined
  })
  const known = times.filter((time) => time !== undefined)
  if (known.length === 0) return undefined
  const withOffset = known.filter(({ offset }) => offset !== undefined).length
  const located =
    withOffset > known.length / 2
      ? yield* instantsByOffset(column, times)
      : yield* instantsByZone(column, times)
  return {
    ...{ kind: 'instant', form: form.name, sure: !form.isPlainNumber, ambiguity },
    ...located,
    isLocal: located.offsets === undefined,
    faults: [...faults, ...located.faults].sort((a, b) => a.index - b.index),
  }
}

type Located = Pick<DetectedTimes, 'instants' | 'offsets' | 'timeZone' | 'faults'>
type Times = readonly (CellTime | undefined)[]

function* instantsByOffset({ cells, options }: Column, times: Times): Sliced<Located> {
  const expected = 'an offset from UTC, such as Z or +01:00, as in the other rows'
  const offsets = yield* numberRows(times.length, (row) => times[row]?.offset ?? NaN)
  const instants = yield* numberRows(times.length, (row) => {
    const time = times[row]
    return time === undefined ? NaN : time.wall - offsets[row]! * MINUTE
  })
  const timeZone =
    options.timeZone === undefined
      ? zoneOfOffsets(instants, offsets)
      : zoneOf(options.timeZone).name
  return {
    ...{ instants, offsets, timeZone },
    faults: yield* faultsWhere(cells, times, ({ offset }) => offset === undefined, expected),
  }
}

function* instantsByZone({ cells, options }: Column, times: Times): Sliced<Located> {
  const expected = 'a time without an offset from UTC, as in the other rows'
  const zone = zoneOf(options.timeZone ?? 'UTC')
  const walls = yield* numberRows(times.length, (row) => {
    const time = times[row]
    return time === undefined || time.offset !== undefined ? NaN : time.wall
  })
  const { instants, skipped } = yield* instantsFromWalls(walls, zone, options.groups)
  return {
    ...{ instants, offsets: undefined, timeZone: zone.name },
    faults: [
      ...(yield* faultsWhere(cells, times, ({ offset }) => offset !== undefined, expected)),
      ...skipped.map((index) => ({
        index,
        expected: expectedOfSkipped(walls[index]!, zone),
        got: describe(cells[index]),
      })),
    ],
  }
}

function* faultsWhere(
  cells: readonly unknown[],
  times: Times,
  isFault: (time: CellTime) => boolean,
  expected: string,
): Sliced<TimeFault[]> {
  const faults: TimeFault[] = []
  yield* eachRow(times.length, (index) => {
    const time = times[index]
    if (time === undefined || !isFault(time)) return
    faults.push({ index, expected, got: describe(cells[index]) })
  })
  return faults
}

function* detectNumbers(column: Column): Sliced<DetectedTimes | undefined> {
  const { present } = column
  if (present.filter(isNumber).length < MIN_OF_FORM * present.length) return undefined
  const form = findNumberForm(present)
  return form && (yield* readNumbers(column, form))
}

function* readNumbers({ cells, texts, options }: Column, form: NumberForm): Sliced<DetectedTimes> {
  const zone = zoneOf(options.timeZone ?? 'UTC')
  const { expected } = form
  const faults: TimeFault[] = []
  const times = yield* numberRows(texts.length, (index) => {
    const text = texts[index]
    if (text === undefined) return NaN
    const time = form.read(text)
    if (Number.isNaN(time)) faults.push({ index, expected, got: describe(cells[index]) })
    return time
  })
  const instants = form.isWall
    ? (yield* instantsFromWalls(times, zone, options.groups)).instants
    : times
  return {
    ...{ kind: form.kind, form: form.name, sure: false, isLocal: false, instants },
    timeZone: zone.name,
    ...{ offsets: undefined, faults, ambiguity: undefined },
  }
}
