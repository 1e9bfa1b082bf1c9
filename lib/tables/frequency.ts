/**
 * How far apart the rows of a table are.
 *
 * A frequency is regular if all times lie on its steps, and at least half of the steps from each series' first row to
 * its last have a row. A time may differ from its step by a tenth of the step (of a day, for days and more).
 *
 * @module
 */
import { dateOfDay, daysInMonth, HOUR, MINUTE, SECOND, weekdayOf } from './civil'
import type { Sliced } from '../slices'
import { businessDayOf, dayInMonth, daysFrom, monthOf, TOLERANCE } from './steps'
import type { Frequency, RegularFrequency, TimeAxis } from './time-axis'
import { type Zone, zoneOf } from './zones'

/** The least part of the steps that must have a row. */
const MIN_FILLED = 0.5

/**
 * The frequency of a table from the times of its series.
 *
 * @param timesOfSeries - of each series, sorted and distinct
 * @param timeZone - days and what is made of them are days on the wall of this zone
 */
export function* inferFrequency(
  timesOfSeries: readonly Float64Array[],
  kind: TimeAxis['kind'],
  timeZone: string,
): Sliced<Frequency> {
  const several = timesOfSeries.filter((times) => times.length > 1)
  const regular =
    several.length === 0
      ? undefined
      : kind === 'integer'
        ? inferSteps(several)
        : ((yield* inferCalendar(several, zoneOf(timeZone))) ?? inferLength(several))
  return regular ?? { kind: 'irregular', typicalStep: typicalStepOf(timesOfSeries) }
}

/**
 * A frequency that the caller stated, with what the words left open: the day of the month, if all rows have one, and the
 * typical step of irregular times.
 */
export function* completeFrequency(
  stated: Frequency,
  timesOfSeries: readonly Float64Array[],
  timeZone: string,
): Sliced<Frequency> {
  if (stated.kind === 'irregular') {
    return { kind: 'irregular', typicalStep: typicalStepOf(timesOfSeries) }
  }
  const isOfMonths = stated.unit === 'month' || stated.unit === 'quarter' || stated.unit === 'year'
  if (!isOfMonths || stated.dayOfMonth !== undefined) return stated
  const days = yield* daysOf(timesOfSeries, zoneOf(timeZone))
  const dayOfMonth = days === undefined ? undefined : dayOfMonthOf(allOf(days))
  return dayOfMonth === undefined ? stated : { ...stated, dayOfMonth }
}

/** The median of the steps of all series; 0 if there is none. */
export function typicalStepOf(timesOfSeries: readonly Float64Array[]): number {
  const count = timesOfSeries.reduce((sum, { length }) => sum + Math.max(0, length - 1), 0)
  const steps = new Float64Array(count)
  let next = 0
  for (const times of timesOfSeries) {
    for (let i = 1; i < times.length; i++) steps[next++] = times[i]! - times[i - 1]!
  }
  return steps.sort()[Math.floor((steps.length - 1) / 2)] ?? 0
}

function inferSteps(timesOfSeries: readonly Float64Array[]): RegularFrequency | undefined {
  return found({ unit: 'step', count: commonStep(timesOfSeries) }, timesOfSeries, 1)
}

/** A frequency of days, weeks, months, quarters or years. */
function* inferCalendar(
  timesOfSeries: readonly Float64Array[],
  zone: Zone,
): Sliced<RegularFrequency | undefined> {
  const days = yield* daysOf(timesOfSeries, zone)
  return days === undefined ? undefined : (inferMonths(days) ?? inferDays(days))
}

/** The times of a slice. */
const SLICE = 8192

/** The day of each time; undefined if the times of a series differ in the time of day, or a day has two of them. */
function* daysOf(
  timesOfSeries: readonly Float64Array[],
  zone: Zone,
): Sliced<Float64Array[] | undefined> {
  const daysOfSeries: Float64Array[] = []
  for (const times of timesOfSeries) {
    const { dayOf } = daysFrom(times[0] ?? 0, zone)
    const days = new Float64Array(times.length)
    for (let row = 0; row < times.length; row++) {
      if (row % SLICE === 0) yield
      days[row] = dayOf(times[row]!)
      if (row > 0 && !(days[row]! > days[row - 1]!)) return undefined
    }
    daysOfSeries.push(days)
  }
  return daysOfSeries
}

function increases(values: Float64Array): boolean {
  return values.every((value, i) => i === 0 || value > values[i - 1]!)
}

function inferMonths(days: readonly Float64Array[]): RegularFrequency | undefined {
  const months: Float64Array[] = []
  for (const ofSeries of days) {
    const ofMonths = ofSeries.map(monthOf)
    if (!increases(ofMonths)) return undefined
    months.push(ofMonths)
  }
  const all = allOf(days)
  const dayOfMonth = dayOfMonthOf(all)
  if (dayOfMonth === undefined && !areAtMonthsEdge(all)) return undefined
  const step = commonStep(months)
  const day = dayOfMonth === undefined ? {} : { dayOfMonth }
  const unit = step % 12 === 0 ? 'year' : step % 3 === 0 && step !== 6 ? 'quarter' : 'month'
  const length = { year: 12, quarter: 3, month: 1 }[unit]
  return found({ unit, count: step / length, ...day }, months, length)
}

/** The day of the month that all days have; 31 if each is its month's last. undefined: there is none. */
function dayOfMonthOf(days: readonly number[]): number | undefined {
  const dates = days.map(dateOfDay)
  if (dates.every(({ year, month, day }) => day === daysInMonth(year, month))) return 31
  const last = dates.reduce((most, { day }) => Math.max(most, day), 1)
  return days.every((day) => dayInMonth(monthOf(day), last) === day) ? last : undefined
}

/** The days that the first or the last business day of a month may be away from the month's edge, with holidays. */
const EDGE_DAYS = 4

/** Fewer months than this may be near the edge by chance. */
const MIN_EDGE_MONTHS = 6

/** Whether the days are all among the first of their months or all among the last: business days at months' edges. */
function areAtMonthsEdge(days: readonly number[]): boolean {
  if (days.length < MIN_EDGE_MONTHS || days.some((day) => weekdayOf(day) > 4)) return false
  const dates = days.map(dateOfDay)
  return (
    dates.every(({ day }) => day <= EDGE_DAYS) ||
    dates.every(({ year, month, day }) => daysInMonth(year, month) - day < EDGE_DAYS)
  )
}

function inferDays(days: readonly Float64Array[]): RegularFrequency | undefined {
  const step = commonStep(days)
  if (step % 7 === 0) return found({ unit: 'week', count: step / 7 }, days, 7)
  if (areBusinessDays(days)) {
    const businessDays = days.map((ofSeries) => ofSeries.map(businessDayOf))
    return found({ unit: 'businessDay', count: 1 }, businessDays, 1)
  }
  return found({ unit: 'day', count: step }, days, 1)
}

/** Whether the days span a weekend at least, and have none. */
function areBusinessDays(days: readonly Float64Array[]): boolean {
  return (
    days.every((ofSeries) => ofSeries.every((day) => weekdayOf(day) <= 4)) &&
    days.some((ofSeries) => weekOf(ofSeries.at(-1)!) > weekOf(ofSeries[0]!))
  )
}

function weekOf(day: number): number {
  return (day - weekdayOf(day)) / 7
}

/** The units of steps that are lengths of time, the longest first. A second may have a fraction. */
const LENGTHS = [
  ['hour', HOUR],
  ['minute', MINUTE],
  ['second', SECOND],
] as const

/** A frequency of hours, minutes or seconds: that of all times exactly, or one that they are near. */
function inferLength(timesOfSeries: readonly Float64Array[]): RegularFrequency | undefined {
  const step = commonStep(timesOfSeries)
  const [unit, length] = LENGTHS.find(([, size]) => step % size === 0) ?? ['second', SECOND]
  const exact = found({ unit, count: step / length }, timesOfSeries, length)
  if (exact !== undefined) return exact
  const typical = typicalStepOf(timesOfSeries)
  for (const [nearUnit, size] of LENGTHS) {
    const count = Math.round(typical / size)
    const indices = timesOfSeries.map((times) => indicesNear(times, count * size))
    if (count === 0 || !indices.every(increases)) continue
    const near = found({ unit: nearUnit, count }, indices, 1 / count)
    if (near !== undefined) return near
  }
  return undefined
}

/** The number of each time's step, counted from the first; NaN for a time that is not near one. */
function indicesNear(times: Float64Array, step: number): Float64Array {
  return times.map((time) => {
    const index = Math.round((time - times[0]!) / step)
    return Math.abs(time - times[0]! - index * step) <= TOLERANCE * step ? index : NaN
  })
}

/** The frequency, if enough of its steps have a row. `length` is that of its unit, in the values' units. */
function found(
  frequency: Omit<RegularFrequency, 'kind'>,
  values: readonly Float64Array[],
  length: number,
): RegularFrequency | undefined {
  const step = frequency.count * length
  let [rows, steps] = [0, 0]
  for (const ofSeries of values) {
    rows += ofSeries.length - 1
    steps += Math.round((ofSeries.at(-1)! - ofSeries[0]!) / step)
  }
  return rows >= MIN_FILLED * steps ? { kind: 'regular', ...frequency } : undefined
}

/** The greatest common divisor of all differences. */
function commonStep(values: readonly Float64Array[]): number {
  let divisor = 0
  for (const ofSeries of values) {
    let before = 0
    for (let i = 1; i < ofSeries.length; i++) {
      const difference = ofSeries[i]! - ofSeries[i - 1]!
      // Most steps are as the one before, which the divisor divides already.
      if (difference !== before) divisor = gcd(difference, divisor)
      before = difference
    }
  }
  return divisor
}

function gcd(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b]
  return a
}

function allOf(values: readonly Float64Array[]): number[] {
  return values.flatMap((ofSeries) => [...ofSeries])
}
