/**
 * What a calendar and a clock say of the times of a table, in its time zone.
 *
 * @module
 */
import {
  DAY,
  dateOfDay,
  dayOfDate,
  dayOfWall,
  HOUR,
  isoWeekOf,
  MINUTE,
  SECOND,
  weekdayOf,
} from './civil'
import { stepsFrom } from './steps'
import type { Frequency, RegularFrequency, TimeAxis } from './time-axis'
import { wallOf, zoneOf } from './zones'

/** The fields of a time on the wall. */
export interface CalendarFields {
  readonly year: number
  /** From 1 to 12. */
  readonly month: number
  /** The day of the month, from 1. */
  readonly day: number
  readonly hour: number
  readonly minute: number
  /** With its fraction. */
  readonly second: number
  /** 0 for Monday to 6 for Sunday. */
  readonly weekday: number
  /** From 1 to 366. */
  readonly dayOfYear: number
  /** The week of ISO 8601, from 1 to 53. */
  readonly week: number
  /** From 1 to 4. */
  readonly quarter: number
}

/** The fields of a time of an axis of instants. An axis of integers has no calendar. */
export function calendarOf(time: number, axis: Pick<TimeAxis, 'timeZone'>): CalendarFields {
  const wall = wallOf(time, zoneOf(axis.timeZone))
  const number = dayOfWall(wall)
  const timeOfDay = wall - number * DAY
  const { year, month, day } = dateOfDay(number)
  return {
    ...{ year, month, day },
    hour: Math.floor(timeOfDay / HOUR),
    minute: Math.floor((timeOfDay % HOUR) / MINUTE),
    second: (timeOfDay % MINUTE) / SECOND,
    weekday: weekdayOf(number),
    dayOfYear: number - dayOfDate(year, 1, 1) + 1,
    week: isoWeekOf(number),
    quarter: Math.floor((month - 1) / 3) + 1,
  }
}

/**
 * The time that is `steps` steps after another; before it if `steps` is negative. Hours and less are lengths of time.
 * Days, and what is made of them, keep the time of day on the wall. If a change of clocks skips that time, it is as much
 * after the change; if a change repeats it, it is the first. Of irregular times, a step is the typical one.
 */
export function timeAfter(
  time: number,
  { frequency, timeZone }: Pick<TimeAxis, 'frequency' | 'timeZone'>,
  steps: number,
): number {
  if (frequency.kind === 'irregular') return Math.round(time + steps * frequency.typicalStep)
  return stepsFrom(time, frequency, timeZone).timeAt(steps)
}

/**
 * A time in words, as exact as the frequency: '2021-01-04', '2021-01', '2021-Q1', '2021', '2021-01-04 13:00', 'row 17'.
 */
export function formatTime(time: number, axis: TimeAxis): string {
  if (axis.kind === 'integer') return axis.column === undefined ? `row ${time}` : String(time)
  const fields = calendarOf(time, axis)
  const year = String(fields.year).padStart(4, '0')
  const date = `${year}-${two(fields.month)}-${two(fields.day)}`
  switch (shownUnit(axis.frequency, fields)) {
    case 'year':
      return year
    case 'quarter':
      return `${year}-Q${fields.quarter}`
    case 'month':
      return `${year}-${two(fields.month)}`
    case 'minute':
      return `${date} ${clock(fields)}`
    case 'second':
      return `${date} ${clock(fields)}:${seconds(fields.second)}`
    default:
      return date
  }
}

type ShownUnit = 'year' | 'quarter' | 'month' | 'day' | 'minute' | 'second'

const SHOWN: Readonly<Record<RegularFrequency['unit'], ShownUnit>> = {
  second: 'second',
  minute: 'minute',
  hour: 'minute',
  day: 'day',
  businessDay: 'day',
  week: 'day',
  month: 'month',
  quarter: 'quarter',
  year: 'year',
  step: 'second',
}

function shownUnit(frequency: Frequency, { hour, minute, second }: CalendarFields): ShownUnit {
  if (frequency.kind === 'regular') return SHOWN[frequency.unit]
  if (second !== 0) return 'second'
  const isMidnight = hour === 0 && minute === 0
  return isMidnight && frequency.typicalStep >= DAY ? 'day' : 'minute'
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}

function clock({ hour, minute }: CalendarFields): string {
  return `${two(hour)}:${two(minute)}`
}

function seconds(second: number): string {
  return Number.isInteger(second) ? two(second) : second.toFixed(3).padStart(6, '0')
}
