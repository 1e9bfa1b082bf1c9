/**
 * The steps of a regular frequency, counted from one time.
 *
 * @module
 */
import { DAY, dateOfDay, dayOfDate, daysInMonth, HOUR, MINUTE, SECOND, weekdayOf } from './civil'
import type { RegularFrequency, TimeAxis, TimeUnit } from './time-axis'
import { firstInstantOf, wallOf, type Zone, zoneOf } from './zones'

/** The steps from an anchor: a time that has the index 0. */
export interface Steps {
  /** The index of the step that a time belongs to; NaN if it belongs to none. */
  readonly indexOf: (time: number) => number
  /** The time of the step with an index. */
  readonly timeAt: (index: number) => number
}

/**
 * The part of a step by which a time may differ from the step's own, and still belong to it. So clocks that are read a
 * little late make regular tables. For steps of days and more it is this part of a day.
 */
export const TOLERANCE = 0.1

/** The milliseconds of the units that are lengths of time. The others have a calendar. */
export const LENGTHS: Partial<Record<TimeUnit, number>> = {
  second: SECOND,
  minute: MINUTE,
  hour: HOUR,
}

const DAYS: Partial<Record<TimeUnit, number>> = { day: 1, week: 7 }

/** The months of the units that are made of months. */
export const MONTHS: Partial<Record<TimeUnit, number>> = { month: 1, quarter: 3, year: 12 }

/** The steps of a regular frequency from `anchor` on. Days, and what is made of them, are days on the wall. */
export function stepsFrom(
  anchor: number,
  frequency: RegularFrequency,
  timeZone: TimeAxis['timeZone'],
): Steps {
  const { unit, count } = frequency
  if (unit === 'step') return evenSteps(anchor, count, 0)
  const length = LENGTHS[unit]
  if (length !== undefined) {
    const step = Math.round(length * count)
    return evenSteps(anchor, step, step * TOLERANCE)
  }
  const days = daysFrom(anchor, zoneOf(timeZone))
  if (unit === 'businessDay') return businessDays(days, count)
  const months = MONTHS[unit]
  if (months !== undefined) return monthSteps(days, months * count, frequency.dayOfMonth)
  return daySteps(days, DAYS[unit]! * count)
}

function evenSteps(anchor: number, step: number, tolerance: number): Steps {
  return {
    indexOf: (time) => {
      const index = Math.round((time - anchor) / step)
      return Math.abs(time - anchor - index * step) <= tolerance ? index : NaN
    },
    timeAt: (index) => anchor + index * step,
  }
}

/** Days on the wall with the anchor's time of day. Each is its number, counted from 1970-01-01. */
interface Days {
  readonly first: number
  /** NaN for a time too far from the anchor's time of day. */
  readonly dayOf: (time: number) => number
  readonly timeOf: (day: number) => number
}

/** The days of a zone that begin the count at an instant. */
export function daysFrom(anchor: number, zone: Zone): Days {
  const wall = wallOf(anchor, zone)
  const first = Math.floor(wall / DAY)
  const timeOfDay = wall - first * DAY
  return {
    first,
    dayOf: (time) => {
      const sinceTime = wallOf(time, zone) - timeOfDay
      const day = Math.round(sinceTime / DAY)
      return Math.abs(sinceTime - day * DAY) <= TOLERANCE * DAY ? day : NaN
    },
    timeOf: (day) => firstInstantOf(day * DAY + timeOfDay, zone),
  }
}

function daySteps({ first, dayOf, timeOf }: Days, count: number): Steps {
  return {
    indexOf: (time) => wholeOrNaN((dayOf(time) - first) / count),
    timeAt: (index) => timeOf(first + index * count),
  }
}

/** The number of a day from Monday to Friday among all such days; that of Friday for the days of a weekend. */
export function businessDayOf(day: number): number {
  const weekday = weekdayOf(day)
  return ((day - weekday + 3) / 7) * 5 + Math.min(weekday, 4)
}

function dayOfBusinessDay(number: number): number {
  const week = Math.floor(number / 5)
  return week * 7 - 3 + (number - week * 5)
}

function businessDays({ first, dayOf, timeOf }: Days, count: number): Steps {
  const origin = businessDayOf(first)
  // From a weekend, the step before is Friday as the step after is Monday.
  const originBackwards = weekdayOf(first) > 4 ? origin + 1 : origin
  return {
    indexOf: (time) => {
      const day = dayOf(time)
      return weekdayOf(day) > 4 ? NaN : wholeOrNaN((businessDayOf(day) - origin) / count)
    },
    timeAt: (index) =>
      timeOf(dayOfBusinessDay((index < 0 ? originBackwards : origin) + index * count)),
  }
}

/** The number of a day's month, counted from January of the year 0. */
export function monthOf(day: number): number {
  const { year, month } = dateOfDay(day)
  return year * 12 + month - 1
}

/** The day of a month that is counted from January of the year 0; its last day if it has fewer. */
export function dayInMonth(monthNumber: number, dayOfMonth: number): number {
  const year = Math.floor(monthNumber / 12)
  const month = monthNumber - year * 12 + 1
  return dayOfDate(year, month, Math.min(dayOfMonth, daysInMonth(year, month)))
}

/** Without a day of the month, any day stands for its month, and the steps are at the months' first days. */
function monthSteps(
  { first, dayOf, timeOf }: Days,
  count: number,
  dayOfMonth: number | undefined,
): Steps {
  const origin = monthOf(first)
  const dayOfIndex = (index: number): number => dayInMonth(origin + index * count, dayOfMonth ?? 1)
  return {
    indexOf: (time) => {
      const day = dayOf(time)
      if (Number.isNaN(day)) return NaN
      const index = wholeOrNaN((monthOf(day) - origin) / count)
      return dayOfMonth === undefined || dayOfIndex(index) === day ? index : NaN
    },
    timeAt: (index) => timeOf(dayOfIndex(index)),
  }
}

function wholeOrNaN(value: number): number {
  return Number.isInteger(value) ? value : NaN
}
