/**
 * The days that are forecast in each part of a table, and the model's input for each day.
 *
 * @module
 */
import type { Fault } from '../formats/faults'

/** Consecutive days that are forecast, as rows of a table: from `begin` up to `end`. */
export interface Days {
  readonly begin: number
  readonly end: number
}

/** A table's days in order of time. A day's window may begin in the part before. */
export interface Parts {
  readonly training: Days
  readonly validation: Days
  readonly test: Days
}

/** Shares of the days, in order of time. The rest is the test part. */
export interface Shares {
  readonly training: number
  readonly validation: number
}

/**
 * Splits the rows of a table by time. The first `window` rows have too few rows before them and are not forecast. A
 * part is empty if and only if {@link findTooFewRows} finds a fault.
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
 * The fault of a table with too few rows for each part. It says how many rows are enough for each part, in any table
 * with these shares. The last row is always in the test part.
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
    // Rounding may exclude the last row: (0.7 + 0.1) * 10 is less than 8.
    return isEmpty(part, count) ? count + 1 : count
  }
  const [training, validation] = [enough('training', window), enough('validation', 0)]
  const each =
    `${training} for the training part after a window of ${window}, ` +
    `${validation} for the validation part, 1 for the test part`
  const most = Math.max(training, validation)
  return { expected: `more rows (${most} would do: ${each})`, got: countRows(rows) }
}

/** The fault of a table that is shorter than the model's window. */
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
 * The model's input for the forecast of a day: the window of rows that ends on the day before, a view [window, width]
 * of `features` [rows, width].
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
