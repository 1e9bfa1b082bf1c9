/**
 * Days, months and weeks of the Gregorian calendar as whole numbers. All is proleptic and without a time zone: a wall
 * time is the milliseconds that a clock without zone shows, counted from 1970-01-01 00:00.
 *
 * @module
 */

export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

/** A date. Months and days count from 1. */
export interface CivilDate {
  readonly year: number
  readonly month: number
  readonly day: number
}

/** The day of a wall time, counted from 1970-01-01. */
export function dayOfWall(wall: number): number {
  return Math.floor(wall / DAY)
}

/** The number of a date's day, counted from 1970-01-01. */
export function dayOfDate(year: number, month: number, day: number): number {
  // Date.UTC reads the years from 0 to 99 as 1900 to 1999. The calendar repeats every 400 years of 146097 days.
  return Date.UTC(year + 400, month - 1, day) / DAY - 146_097
}

/** The date of a day that is counted from 1970-01-01. */
export function dateOfDay(day: number): CivilDate {
  // After Hinnant, "chrono-compatible low-level date algorithms": years begin in March, so that the leap day is last.
  const shifted = day + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1,
  }
}

/** The number of days of a month. */
export function daysInMonth(year: number, month: number): number {
  if (month !== 2) return [4, 6, 9, 11].includes(month) ? 30 : 31
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28
}

/** The weekday of a day: 0 for Monday to 6 for Sunday. */
export function weekdayOf(day: number): number {
  // 1970-01-01 was a Thursday.
  return (((day + 3) % 7) + 7) % 7
}

/** The first day of a week of ISO 8601. */
export function dayOfIsoWeek(year: number, week: number): number {
  const fourth = dayOfDate(year, 1, 4)
  return fourth - weekdayOf(fourth) + 7 * (week - 1)
}

/** The week of ISO 8601 that has a day, from 1 to 53. */
export function isoWeekOf(day: number): number {
  // The week belongs to the year of its Thursday.
  const thursday = day - weekdayOf(day) + 3
  const { year } = dateOfDay(thursday)
  return Math.floor((thursday - dayOfDate(year, 1, 1)) / 7) + 1
}

/** The number of weeks of ISO 8601 in a year: 52 or 53. */
export function isoWeeksIn(year: number): number {
  return isoWeekOf(dayOfDate(year, 12, 28))
}
