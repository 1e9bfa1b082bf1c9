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

/**
 * What the model sees before it forecasts a day: the window of rows that ends on the day before, a
 * view [window, width] of `features` [rows, width].
 */
export function windowBefore(
  features: Float32Array,
  width: number,
  window: number,
  day: number,
): Float32Array {
  return features.subarray((day - window) * width, day * width)
}

/** A value for each of some days, in their order. */
export function mapDays({ begin, end }: Days, valueOf: (day: number) => number): Float64Array {
  return Float64Array.from({ length: end - begin }, (_, i) => valueOf(begin + i))
}
