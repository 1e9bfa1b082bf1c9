/**
 * The rows of a series in their places on the steps of the time axis.
 *
 * @module
 */
import type { NonSharedFloat64Array } from '../../binding'
import { argumentError } from '../errors'
import { describeFrequency } from './frequency-names'
import { eachRow, numberRows, type Sliced } from '../slices'
import { type Steps, stepsFrom } from './steps'
import type { TimeAxis } from './time-axis'

/** Where the rows of a series stand. */
export interface Placement {
  /** Every step from the first row to the last; of irregular times, the times that there are. Increasing. */
  readonly times: NonSharedFloat64Array
  /** The row of the source for each step; the first one if there are several. -1: none. */
  readonly rowOf: Int32Array
  /** The row that has the step, and a later row of the same step. */
  readonly duplicates: readonly (readonly [row: number, later: number])[]
  /** Of the source. Equal times are in any order. */
  readonly order: 'ascending' | 'descending' | 'mixed'
  /** The rows that belong to no step. They have no place. */
  readonly offGrid: readonly number[]
  /** The rows whose time is not exactly that of their step. */
  readonly moved: readonly number[]
}

/** A grid must not have more steps than this for each row, and may have {@link ALWAYS_ALLOWED}. */
const MAX_STEPS_PER_ROW = 1000
const ALWAYS_ALLOWED = 100_000

/**
 * Places the rows of one series. NaN has no place.
 *
 * @param times - in any order
 * @throws GruError ERR_GRU_VALUE if the frequency is far too high for the rows
 */
export function* placeOnGrid(
  times: Float64Array,
  axis: Pick<TimeAxis, 'frequency' | 'timeZone'>,
): Sliced<Placement> {
  const rows: number[] = []
  yield* eachRow(times.length, (row) => {
    if (!Number.isNaN(times[row])) rows.push(row)
  })
  const order = orderOf(rows, times)
  if (axis.frequency.kind === 'irregular' || rows.length === 0) {
    return { ...(yield* placeTimes(rows, times, order)), order }
  }
  const earliest = rows.reduce((least, row) => Math.min(least, times[row]!), Infinity)
  const steps = stepsFrom(earliest, axis.frequency, axis.timeZone)
  const placed = yield* placeOnSteps(rows, times, steps, (count) => {
    if (count <= Math.max(ALWAYS_ALLOWED, MAX_STEPS_PER_ROW * rows.length)) return
    const expected = `a frequency that is near the distance of the rows`
    const got = `${describeFrequency(axis.frequency)}, ${count} steps for ${rows.length} rows`
    throw argumentError('ERR_GRU_VALUE', 'frequency', expected, got)
  })
  return { ...placed, order }
}

function* placeOnSteps(
  rows: readonly number[],
  times: Float64Array,
  steps: Steps,
  checkCount: (count: number) => void,
): Sliced<Omit<Placement, 'order'>> {
  const indices = yield* numberRows(rows.length, (i) => steps.indexOf(times[rows[i]!]!))
  const [first, last] = rangeOf(indices)
  const count = Math.max(0, last - first + 1)
  checkCount(count)
  const grid = yield* numberRows(count, (i) => steps.timeAt(first + i))
  const rowOf = new Int32Array(grid.length).fill(-1)
  const duplicates: [number, number][] = []
  const offGrid: number[] = []
  const moved: number[] = []
  yield* eachRow(rows.length, (i) => {
    const row = rows[i]!
    if (Number.isNaN(indices[i]!)) {
      offGrid.push(row)
      return
    }
    const place = indices[i]! - first
    if (rowOf[place] === -1) rowOf[place] = row
    else duplicates.push([rowOf[place]!, row])
    if (grid[place] !== times[row]) moved.push(row)
  })
  return { times: grid, rowOf, duplicates, offGrid, moved }
}

/** The smallest and the largest index. */
function rangeOf(indices: Float64Array): [number, number] {
  let [first, last] = [Infinity, -Infinity]
  for (const index of indices) {
    if (index < first) first = index
    if (index > last) last = index
  }
  return [first, last]
}

function* placeTimes(
  rows: readonly number[],
  times: Float64Array,
  order: Placement['order'],
): Sliced<Omit<Placement, 'order'>> {
  const sorted =
    order === 'ascending' ? rows : [...rows].sort((a, b) => times[a]! - times[b]! || a - b)
  const kept: number[] = []
  const duplicates: [number, number][] = []
  yield* eachRow(sorted.length, (i) => {
    const row = sorted[i]!
    const before = kept.at(-1)
    if (before !== undefined && times[before] === times[row]) duplicates.push([before, row])
    else kept.push(row)
  })
  const grid = yield* numberRows(kept.length, (i) => times[kept[i]!]!)
  return { times: grid, rowOf: Int32Array.from(kept), duplicates, offGrid: [], moved: [] }
}

function orderOf(rows: readonly number[], times: Float64Array): Placement['order'] {
  let [rises, falls] = [false, false]
  for (let i = 1; i < rows.length; i++) {
    const difference = times[rows[i]!]! - times[rows[i - 1]!]!
    if (difference > 0) rises = true
    if (difference < 0) falls = true
  }
  if (rises && falls) return 'mixed'
  return falls ? 'descending' : 'ascending'
}
