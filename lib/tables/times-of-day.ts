/**
 * The clock's part of a cell with a time: '13:00', 'T13:00:00.5Z', '1:00 PM +01:00'.
 *
 * @module
 */
import { HOUR, MINUTE, SECOND } from './civil'

/** What would mend a cell that cannot be read. */
export interface Unreadable {
  readonly expected: string
}

export function isUnreadable(parsed: object): parsed is Unreadable {
  return 'expected' in parsed
}

/** A time of day on the wall in milliseconds; a day after 24:00. */
export interface TimeOfDay {
  readonly sinceMidnight: number
  /** The offset from UTC in minutes; undefined if there is none. */
  readonly offset: number | undefined
}

const SEPARATOR = '(?:T|,?\\s+(?:at\\s+)?)'
const CLOCK = '(\\d{1,2}):(\\d{2})(?::(\\d{2})(?:[.,](\\d{1,9}))?)?(?:\\s*([ap])\\.?m\\.?)?'
const HOUR_ALONE = '(\\d{1,2})(?:\\s*([ap])\\.?m\\.?|h)?'
const COMPACT = '(\\d{2})(\\d{2})(?:(\\d{2})(?:\\.(\\d{1,9}))?)?'
const OFFSET =
  '(?:\\s*(Z|(?:UTC|GMT)?[+-]\\d{2}(?::?\\d{2})?|UTC|GMT)(?:\\s*\\[[\\w/+-]+\\]|\\s*\\([\\w ]+\\))?)?'

const PATTERN = new RegExp(`^${SEPARATOR}${CLOCK}${OFFSET}$`, 'i')
const HOUR_PATTERN = new RegExp(`^${SEPARATOR}${HOUR_ALONE}${OFFSET}$`, 'i')
const COMPACT_PATTERN = new RegExp(`^(?:T|\\s)?${COMPACT}${OFFSET}$`, 'i')
const COMPACT_HOUR_PATTERN = new RegExp(`^(?:T|\\s)?(\\d{2})${OFFSET}$`, 'i')

/** What follows the date in a cell. undefined: it is no time of day. An empty text is midnight. */
export function parseTimeOfDay(text: string): TimeOfDay | Unreadable | undefined {
  if (text === '') return { sinceMidnight: 0, offset: undefined }
  const match = PATTERN.exec(text)
  if (match !== null) {
    const [, hour, minute, second, fraction, half, offset] = match
    return timeOfDay({ hour: hour!, minute, second, fraction, half, offset })
  }
  const alone = HOUR_PATTERN.exec(text)
  if (alone === null) return undefined
  return timeOfDay({ hour: alone[1]!, half: alone[2], offset: alone[3] })
}

/** What follows a date without separators: '130000', 'T1300Z', '13'. undefined: it is no time of day. */
export function parseCompactTimeOfDay(text: string): TimeOfDay | Unreadable | undefined {
  const match = COMPACT_PATTERN.exec(text)
  if (match !== null) {
    const [, hour, minute, second, fraction, offset] = match
    return timeOfDay({ hour: hour!, minute, second, fraction, offset })
  }
  const alone = COMPACT_HOUR_PATTERN.exec(text)
  if (alone !== null) return timeOfDay({ hour: alone[1]!, offset: alone[2] })
  return parseTimeOfDay(text)
}

interface Fields {
  readonly hour: string
  readonly minute?: string | undefined
  readonly second?: string | undefined
  /** The digits after the point. */
  readonly fraction?: string | undefined
  /** 'a' before noon, 'p' after it. */
  readonly half?: string | undefined
  readonly offset?: string | undefined
}

function timeOfDay(fields: Fields): TimeOfDay | Unreadable {
  const [minute, second] = [Number(fields.minute ?? 0), Number(fields.second ?? 0)]
  if (minute > 59) return { expected: 'a minute from 0 to 59' }
  if (second > 59) return { expected: 'a second from 0 to 59' }
  // Parts of a millisecond are cut off, as the axis has whole ones.
  const milliseconds = Number((fields.fraction ?? '').padEnd(3, '0').slice(0, 3))
  const rest = minute * MINUTE + second * SECOND + milliseconds
  const hour = parseHour(Number(fields.hour), rest, fields.half?.toLowerCase())
  if (typeof hour !== 'number') return hour
  const offset = parseOffset(fields.offset)
  if (offset !== undefined && Math.abs(offset) > 18 * 60) {
    return { expected: 'an offset from -18:00 to +18:00' }
  }
  return { sinceMidnight: hour * HOUR + rest, offset }
}

function parseHour(hour: number, rest: number, half: string | undefined): number | Unreadable {
  if (half !== undefined) {
    if (hour < 1 || hour > 12) return { expected: 'an hour from 1 to 12 before AM or PM' }
    return (hour % 12) + (half === 'p' ? 12 : 0)
  }
  if (hour > 24) return { expected: 'an hour from 0 to 23' }
  return hour === 24 && rest > 0 ? { expected: 'an hour from 0 to 23, or 24:00' } : hour
}

function parseOffset(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const parts = /([+-])(\d{2}):?(\d{2})?$/.exec(text)
  if (parts === null) return 0
  const minutes = Number(parts[2]) * 60 + Number(parts[3] ?? 0)
  return parts[1] === '-' ? -minutes : minutes
}
