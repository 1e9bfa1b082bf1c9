/**
 * Long work on many rows, in slices between which the event loop may run.
 *
 * @module
 */
import type { NonSharedFloat64Array } from '../binding'
import type { Pauses } from './pauses'

/** Work that stops after each slice. Nothing else may change its data before it goes on. */
export type Sliced<Result> = Generator<undefined, Result, undefined>

/** The rows of a slice: a few milliseconds of the slowest work on a row. */
const SLICE = 2048

/** Visits the rows from 0 to `count` - 1. */
export function* eachRow(count: number, visit: (row: number) => void): Sliced<void> {
  for (let begin = 0; begin < count; begin += SLICE) {
    const end = Math.min(count, begin + SLICE)
    for (let row = begin; row < end; row++) visit(row)
    yield
  }
}

/** The value of each row from 0 to `count` - 1. */
export function* mapRows<Value>(count: number, valueOf: (row: number) => Value): Sliced<Value[]> {
  const values = new Array<Value>(count)
  yield* eachRow(count, (row) => {
    values[row] = valueOf(row)
  })
  return values
}

/** The number of each row from 0 to `count` - 1. */
export function* numberRows(
  count: number,
  numberOf: (row: number) => number,
): Sliced<NonSharedFloat64Array> {
  const numbers = new Float64Array(count)
  yield* eachRow(count, (row) => {
    numbers[row] = numberOf(row)
  })
  return numbers
}

/** Does all work, and lets the event loop run between slices when a pause is due. */
export async function inSlices<Result>(work: Sliced<Result>, pauses: Pauses): Promise<Result> {
  for (;;) {
    const { done, value } = work.next()
    if (done === true) return value
    if (pauses.isDue) await pauses.take()
  }
}

/** Does all work without a pause. */
export function atOnce<Result>(work: Sliced<Result>): Result {
  for (;;) {
    const { done, value } = work.next()
    if (done === true) return value
  }
}
