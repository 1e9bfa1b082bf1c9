/**
 * The distinct times of rows.
 *
 * @module
 */
import { eachRow, type Sliced } from '../slices'

/** The distinct values of some that are not NaN, increasing. */
export function* distinctOf(values: Float64Array): Sliced<Float64Array> {
  // Most tables are sorted, and sorting takes longer than to see it.
  const sorted = (yield* increases(values)) ? values : values.slice().sort()
  const distinct = new Float64Array(sorted.length)
  let count = 0
  yield* eachRow(sorted.length, (i) => {
    if (i === 0 || sorted[i] !== sorted[i - 1]) distinct[count++] = sorted[i]!
  })
  return distinct.slice(0, count)
}

function* increases(values: Float64Array): Sliced<boolean> {
  let falls = 0
  yield* eachRow(values.length, (i) => {
    if (i > 0 && values[i]! < values[i - 1]!) falls++
  })
  return falls === 0
}
