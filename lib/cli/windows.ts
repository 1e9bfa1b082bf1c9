/**
 * Which days are forecast in which part of a table, and what the model sees for each.
 *
 * @module
 */
import type { Fault } from '../formats/faults'

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

/** Shares of the days in their order; the rest is the test part. */
export interface Shares {
  readonly training: number
  readonly validation: number
}

/**
 * Splits the rows of a table by time. The first `window` rows have too little before them and are
 * not forecast. A part is empty where {@link findTooFewRows} finds a fault, and only there.
 */
export function splitByTime(rows: number, window: number, shares: Shares): Parts {
  const trainingEnd = Math.floor(rows * shares.training)
  const validationEnd = Math.floor(rows * (shares.training + shares.validation))
  return {
    training: { begin: window, end: trainingEnd },
    validation: { begin: trainingEnd, end: validationEnd },
    test: { begin: validationEnd, end: rows },
  }
}

/**
 * The fault of a table in which a part would be empty: it says how many rows would do for each part,
 * in any table with these shares. The test part always has the last row.
 */
export function findTooFewRows(rows: number, window: number, shares: Shares): Fault | undefined {
  const isEmpty = (part: keyof Parts, count: number): boolean => {
    const { begin, end } = splitByTime(count, window, shares)[part]
    return begin >= end
  }
  if (!(['training', 'validation', 'test'] as const).some((part) => isEmpty(part, rows))) {
    return undefined
  }
  const enough = (part: 'training' | 'validation', begin: number): number => {
    const count = Math.ceil((begin + 1) / shares[part])
    // Rounding may take the last row away: (0.7 + 0.1) * 10 is below 8.
    return isEmpty(part, count) ? count + 1 : count
  }
  const [training, validation] = [enough('training', window), enough('validation', 0)]
  const each =
    `${training} for the training part after a window of ${window}, ` +
    `${validation} for the validation part, 1 for the test part`
  const most = Math.max(training, validation)
  return { expected: `more rows (${most} would do: ${each})`, got: countRows(rows) }
}

/** The fault of a table that is too short for a model to look back so many days. */
export function findShortWindow(rows: number, window: number): Fault | undefined {
  if (rows >= window) return undefined
  return {
    expected: `at least ${countRows(window)}, which the model looks back`,
    got: countRows(rows),
  }
}

function countRows(count: number): string {
  return count === 1 ? '1 row' : `${count} rows`
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
