/**
 * Which days are forecast in which part of a table, and what the model sees for each.
 *
 * @module
 */
import { argumentError } from '../errors'

/** Consecutive days that are forecast, as rows of a table: from `begin` up to `end`. */
export interface Days {
  readonly begin: number
  readonly end: number
}

/** A table's days in the order of time. A day's window may reach back into the part before. */
export interface Parts {
  readonly training: Days
  readonly validation: Days
  readonly test: Days
}

/**
 * Splits the rows of a table by time. The first `window` rows have too little before them and are
 * not forecast.
 *
 * @throws GruError ERR_GRU_VALUE where a part would be empty
 */
export function splitByTime(
  table: { readonly path: string; readonly rows: number },
  window: number,
  shares: { readonly training: number; readonly validation: number },
): Parts {
  const trainingEnd = Math.floor(table.rows * shares.training)
  const validationEnd = Math.floor(table.rows * (shares.training + shares.validation))
  const parts = {
    training: { begin: window, end: trainingEnd },
    validation: { begin: trainingEnd, end: validationEnd },
    test: { begin: validationEnd, end: table.rows },
  }
  for (const [name, { begin, end }] of Object.entries(parts)) {
    if (begin >= end) {
      const expected = `rows enough for windows of ${window} days and a ${name} part`
      throw argumentError('ERR_GRU_VALUE', table.path, expected, `${table.rows} rows`)
    }
  }
  return parts
}

/** The rows of the days, each. */
export function rowsOf({ begin, end }: Days): number[] {
  return Array.from({ length: end - begin }, (_, i) => begin + i)
}

/**
 * The windows before some days: [window, days, width], where `features` is [rows, width] and each
 * window ends on the day before.
 */
export function gatherWindows(
  features: Float32Array,
  width: number,
  window: number,
  days: readonly number[],
): Float32Array {
  const input = new Float32Array(window * days.length * width)
  let position = 0
  for (let step = 0; step < window; step++) {
    for (const day of days) {
      const row = day - window + step
      input.set(features.subarray(row * width, (row + 1) * width), position)
      position += width
    }
  }
  return input
}
