/**
 * Time zones: from instants to the clock on the wall and back.
 *
 * @module
 */
import { argumentError, quote } from '../errors'
import { DAY, dayOfDate, HOUR, MINUTE, SECOND } from './civil'

/** A time zone. Times are in milliseconds since 1970; instants in UTC. */
export interface Zone {
  readonly name: string
  /** What the wall's clock adds to UTC at an instant, in milliseconds. */
  offsetAt(instant: number): number
}

const FIXED_OFFSET = /^([+-])([01]\d):?([0-5]\d)$/
const zones = new Map<string, Zone>()

/** A zone by its IANA name, 'UTC' or a fixed offset such as '+01:00'; undefined if there is none of that name. */
export function findZone(name: string): Zone | undefined {
  const known = zones.get(name)
  if (known !== undefined) return known
  const zone = makeZone(name)
  if (zone !== undefined) zones.set(name, zone)
  return zone
}

/**
 * The zone of a name.
 *
 * @throws GruError ERR_GRU_VALUE if there is none
 */
export function zoneOf(name: string): Zone {
  const zone = findZone(name)
  if (zone !== undefined) return zone
  const expected = "a time zone such as 'Europe/Berlin', 'UTC' or '+01:00'"
  throw argumentError('ERR_GRU_VALUE', 'timeZone', expected, quote(name))
}

function makeZone(name: string): Zone | undefined {
  if (name === 'UTC') return { name, offsetAt: () => 0 }
  const fixed = FIXED_OFFSET.exec(name)
  if (fixed !== null) {
    const offset =
      (Number(fixed[2]) * HOUR + Number(fixed[3]) * MINUTE) * (fixed[1] === '-' ? -1 : 1)
    return { name, offsetAt: () => offset }
  }
  try {
    return new NamedZone(name)
  } catch {
    return undefined
  }
}

/** The span for which offsets are kept. Two changes of the clocks are further apart than this. */
const SPAN = 7 * DAY

/** The offsets of a span: one from its start, and another from an instant on. */
interface Span {
  readonly before: number
  readonly change: number
  readonly after: number
}

/** A zone of the IANA database, as Intl knows it. Asking Intl takes microseconds, so the answers are kept by weeks. */
class NamedZone implements Zone {
  readonly name: string
  readonly #format: Intl.DateTimeFormat
  readonly #spans = new Map<number, Span>()

  constructor(name: string) {
    this.name = name
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      calendar: 'gregory',
      hourCycle: 'h23',
      ...{ year: 'numeric', month: 'numeric', day: 'numeric' },
      ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
    })
  }

  offsetAt(instant: number): number {
    const index = Math.floor(instant / SPAN)
    let span = this.#spans.get(index)
    if (span === undefined) {
      span = this.#makeSpan(index * SPAN)
      this.#spans.set(index, span)
    }
    return instant < span.change ? span.before : span.after
  }

  #makeSpan(start: number): Span {
    const before = this.#ask(start)
    const after = this.#ask(start + SPAN)
    if (before === after) return { before, change: start, after }
    let [low, high] = [start, start + SPAN]
    while (high - low > SECOND) {
      const middle = low + Math.floor((high - low) / 2 / SECOND) * SECOND
      if (this.#ask(middle) === before) low = middle
      else high = middle
    }
    return { before, change: high, after }
  }

  /** The offset at a whole second. */
  #ask(instant: number): number {
    const fields: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {}
    for (const { type, value } of this.#format.formatToParts(instant)) fields[type] = Number(value)
    const { year, month, day, hour, minute, second } = fields
    const wall =
      dayOfDate(year!, month!, day!) * DAY + hour! * HOUR + minute! * MINUTE + second! * SECOND
    return wall - instant
  }
}

/**
 * The instants at which the wall's clock shows a time, in their order: none if a change of clocks skips it, two if a
 * change repeats it.
 */
export function instantsOf(wall: number, zone: Zone): readonly number[] {
  const before = zone.offsetAt(wall - DAY)
  const after = zone.offsetAt(wall + DAY)
  if (before === after) return [wall - before]
  return [before, after]
    .map((offset) => ({ offset, instant: wall - offset }))
    .filter(({ offset, instant }) => zone.offsetAt(instant) === offset)
    .map(({ instant }) => instant)
    .sort((a, b) => a - b)
}

/** The first instant at which the wall's clock shows a time; as much after the change if a change of clocks skips it. */
export function firstInstantOf(wall: number, zone: Zone): number {
  return instantsOf(wall, zone)[0] ?? wall - zone.offsetAt(wall - DAY)
}

/** What the wall's clock shows at an instant. */
export function wallOf(instant: number, zone: Zone): number {
  return instant + zone.offsetAt(instant)
}

/** The name of a fixed offset in minutes: '+01:00', and 'UTC' for 0. */
function offsetName(minutes: number): string {
  if (minutes === 0) return 'UTC'
  const two = (value: number): string => String(value).padStart(2, '0')
  const size = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`
}

/** Zones that many tables come from. They are tried first, so that their names stand for others with the same clocks. */
const WELL_KNOWN = [
  ...['Europe/Berlin', 'Europe/London', 'Europe/Helsinki', 'America/New_York', 'America/Chicago'],
  ...[
    'America/Denver',
    'America/Los_Angeles',
    'Australia/Sydney',
    'Australia/Adelaide',
    'Pacific/Auckland',
  ],
]

/**
 * The zone whose clocks show given offsets, in minutes, at given instants: a fixed offset if they are all equal. If no
 * zone has them all, it is UTC. NaN counts nowhere.
 */
export function zoneOfOffsets(instants: Float64Array, offsets: Float64Array): string {
  const known = offsets.find((offset) => !Number.isNaN(offset))
  if (known === undefined) return 'UTC'
  if (offsets.every((offset) => offset === known || Number.isNaN(offset))) return offsetName(known)
  const rows = changesOf(instants, offsets)
  const fits = (name: string): boolean => {
    const zone = findZone(name)
    return (
      zone !== undefined &&
      rows.every((row) => zone.offsetAt(instants[row]!) === offsets[row]! * MINUTE)
    )
  }
  return [...WELL_KNOWN, ...Intl.supportedValuesOf('timeZone')].find(fits) ?? 'UTC'
}

/** A well-known zone whose clocks show a time twice, since they are put back; undefined if there is none. */
export function zoneThatRepeats(wall: number): string | undefined {
  return WELL_KNOWN.find((name) => instantsOf(wall, zoneOf(name)).length === 2)
}

/** By time: the first row, the last one, and the rows on both sides of each change of the offset. */
function changesOf(instants: Float64Array, offsets: Float64Array): number[] {
  const rows = [...instants.keys()]
    .filter((row) => !Number.isNaN(instants[row]!) && !Number.isNaN(offsets[row]!))
    .sort((a, b) => instants[a]! - instants[b]!)
  return rows.filter((row, place) => {
    const [before, after] = [rows[place - 1], rows[place + 1]]
    if (before === undefined || after === undefined) return true
    return offsets[row] !== offsets[before] || offsets[row] !== offsets[after]
  })
}
