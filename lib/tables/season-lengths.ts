/**
 * The lengths of the seasons that the calendar gives a frequency.
 *
 * @module
 */
import { DAY, HOUR, MINUTE } from './civil'
import { LENGTHS } from './steps'
import type { Frequency, TimeUnit } from './time-axis'

/** A season: how many steps it has, and what it is. */
export interface Season {
  readonly steps: number
  readonly name: 'minute' | 'hour' | 'day' | 'week' | 'year'
}

/** In units that have a calendar. A season of days in a year is rounded to steps. */
const CALENDAR_SEASONS: Partial<Record<TimeUnit, readonly (readonly [Season['name'], number])[]>> =
  {
    day: [
      ['week', 7],
      ['year', 365],
    ],
    businessDay: [
      ['week', 5],
      ['year', 261],
    ],
    week: [['year', 52]],
    month: [['year', 12]],
    quarter: [['year', 4]],
  }

const CLOCK_SEASONS = [
  ['minute', MINUTE],
  ['hour', HOUR],
  ['day', DAY],
  ['week', 7 * DAY],
] as const

/** Fewer steps than this in a minute or an hour show little of it. */
const MIN_CLOCK_STEPS = 12

/** The seasons that data of a frequency may have, the shortest first. Irregular times, years and steps have none. */
export function seasonsOf(frequency: Frequency): readonly Season[] {
  if (frequency.kind === 'irregular') return []
  const { unit, count } = frequency
  const length = LENGTHS[unit]
  if (length !== undefined) return clockSeasons(Math.round(length * count))
  return (CALENDAR_SEASONS[unit] ?? []).flatMap(([name, units]) => {
    const steps = name === 'year' && units > 12 ? Math.round(units / count) : units / count
    return Number.isInteger(steps) && steps >= 2 ? [{ steps, name }] : []
  })
}

function clockSeasons(step: number): Season[] {
  return CLOCK_SEASONS.flatMap(([name, length]) => {
    const steps = length / step
    const least = name === 'minute' || name === 'hour' ? MIN_CLOCK_STEPS : 2
    return Number.isInteger(steps) && steps >= least ? [{ steps, name }] : []
  })
}
