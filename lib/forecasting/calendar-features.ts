/**
 * Calendar features: places in the day, the week and the year as points on circles, as fit the table's frequency.
 *
 * @module
 */
import { calendarOf } from '../tables/calendar'
import type { TimeAxis } from '../tables/time-axis'

export const CALENDAR_FIELDS = [
  'timeOfDay',
  'dayOfWeek',
  'dayOfMonth',
  'dayOfYear',
  'monthOfYear',
] as const

/** A place in a period. */
export type CalendarField = (typeof CALENDAR_FIELDS)[number]

/** The name of these features among the columns. */
export const CALENDAR = 'calendar'

/** A point on a circle has two coordinates. */
export const CALENDAR_WIDTH = 2

const DAY = 86_400_000

const PERIODS: Readonly<Record<CalendarField, number>> = {
  timeOfDay: DAY,
  dayOfWeek: 7 * DAY,
  dayOfMonth: 31 * DAY,
  dayOfYear: 366 * DAY,
  monthOfYear: 366 * DAY,
}

/**
 * The fields that a model can learn from some rows: they tell the rows apart, and their period was seen at least twice.
 * What it learnt of a period that it saw once would not hold in the next one.
 *
 * @param span - from the first to the last time of the rows
 */
export function calendarFieldsSeen(axis: TimeAxis, span: number): readonly CalendarField[] {
  return calendarFieldsOf(axis).filter((field) => span >= 2 * PERIODS[field])
}

/** The fields that tell rows of a frequency apart. Rows without times have none. */
function calendarFieldsOf({ kind, frequency }: TimeAxis): readonly CalendarField[] {
  if (kind === 'integer') return []
  if (frequency.kind === 'irregular') {
    const below = frequency.typicalStep < DAY
    return below ? ['timeOfDay', 'dayOfWeek', 'dayOfYear'] : ['dayOfWeek', 'dayOfYear']
  }
  switch (frequency.unit) {
    case 'second':
    case 'minute':
    case 'hour':
      return ['timeOfDay', 'dayOfWeek', 'dayOfYear']
    case 'day':
      return frequency.count % 7 === 0 ? ['dayOfYear'] : ['dayOfWeek', 'dayOfMonth', 'dayOfYear']
    case 'businessDay':
      return ['dayOfWeek', 'dayOfMonth', 'dayOfYear']
    case 'week':
      return ['dayOfYear']
    case 'month':
    case 'quarter':
      return ['monthOfYear']
    case 'year':
    case 'step':
      return []
  }
}

/** Writes the coordinates of each field for a time. */
export function writeCalendar(
  fields: readonly CalendarField[],
  time: number,
  axis: TimeAxis,
  features: Float32Array,
  offset: number,
): void {
  if (fields.length === 0) return
  const calendar = calendarOf(time, axis)
  for (const [i, field] of fields.entries()) {
    const angle = 2 * Math.PI * SHARES[field](calendar)
    features[offset + CALENDAR_WIDTH * i] = Math.sin(angle)
    features[offset + CALENDAR_WIDTH * i + 1] = Math.cos(angle)
  }
}

type Calendar = ReturnType<typeof calendarOf>

/** How much of the period is over. */
const SHARES: Readonly<Record<CalendarField, (calendar: Calendar) => number>> = {
  timeOfDay: ({ hour, minute, second }) => (hour + (minute + second / 60) / 60) / 24,
  dayOfWeek: ({ weekday }) => weekday / 7,
  dayOfMonth: ({ day }) => (day - 1) / 31,
  dayOfYear: ({ dayOfYear }) => dayOfYear / 365.25,
  monthOfYear: ({ month }) => (month - 1) / 12,
}
