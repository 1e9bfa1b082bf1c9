/**
 * Instants from times on the wall of a zone.
 *
 * @module
 */
import { DAY, dateOfDay } from './civil'
import { eachRow, type Sliced } from '../slices'
import { instantsOf, type Zone } from './zones'

/** What {@link instantsFromWalls} found. */
export interface LocalTimes {
  /** NaN for a missing time, and for one that the wall's clock never shows. */
  readonly instants: Float64Array
  /** The rows whose time a change of clocks skips. */
  readonly skipped: readonly number[]
}

/**
 * The instants at which the wall's clock shows times. Of a time that a change of clocks repeats, the first is taken;
 * the second where the row before it, in the order of time, is not before the first.
 *
 * @param walls - in the order of the source. NaN: missing
 * @param groups - the series of each row: rows of other series are in an order of their own
 */
export function* instantsFromWalls(
  walls: Float64Array,
  zone: Zone,
  groups: readonly unknown[] | undefined,
): Sliced<LocalTimes> {
  const instants = new Float64Array(walls.length).fill(NaN)
  const skipped: number[] = []
  const before = new Map<unknown, number>()
  const isBackwards = runsBackwards(walls)
  yield* eachRow(walls.length, (place) => {
    const row = isBackwards ? walls.length - 1 - place : place
    if (Number.isNaN(walls[row]!)) return
    const [first, second] = instantsOf(walls[row]!, zone)
    if (first === undefined) {
      skipped.push(row)
      return
    }
    const group = groups?.[row]
    const previous = before.get(group) ?? -Infinity
    const isSecond = second !== undefined && previous >= first && previous < second
    instants[row] = isSecond ? second : first
    before.set(group, instants[row])
  })
  return { instants, skipped: skipped.sort((a, b) => a - b) }
}

/** Whether more rows are before the row above than after it. */
function runsBackwards(walls: Float64Array): boolean {
  let falls = 0
  walls.forEach((wall, row) => {
    if (row > 0) falls += Math.sign(walls[row - 1]! - wall) || 0
  })
  return falls > 0
}

/** What would mend a time that a change of clocks skips. */
export function expectedOfSkipped(wall: number, zone: Zone): string {
  const { year, month, day } = dateOfDay(Math.floor(wall / DAY))
  const date = [year, month, day].map((field) => String(field).padStart(2, '0')).join('-')
  return `a time that clocks in ${zone.name} show on ${date}, when they are put forward, or another zone by the option timeZone`
}
