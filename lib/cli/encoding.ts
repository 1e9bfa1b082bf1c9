/**
 * Turns the columns of a table into the features of a model: numbers are scaled, categories are one-hot, a date is the
 * day of the year on a circle. A category that the training part does not have is "other": all zeros, since a feature
 * of its own would have weights that were never trained.
 *
 * @module
 */
import { argumentError, quote } from '../errors'
import { dayOfYear } from '../formats/csv-values'
import { largestMagnitude, mean, standardDeviation } from '../forecasting/statistics'
import { numbersOf, type Columns, type Table } from './table'

/** A scale on which values have mean 0 and standard deviation 1. */
export interface Scale {
  readonly mean: number
  readonly standardDeviation: number
}

/** The encoding of one column, with everything learnt from the training part. */
export type ColumnEncoding =
  | ({ readonly name: string; readonly kind: 'number' } & Scale)
  | { readonly name: string; readonly kind: 'category'; readonly categories: readonly string[] }
  | { readonly name: string; readonly kind: 'date' }

/**
 * A value of a table has up to three rounding errors: from its author, from reading it, and from the division of a
 * percentage. Each is at most half of EPSILON of the value. A change has two such values and the rounding of their
 * difference, which is up to twice as large as they are: 4 EPSILON in all. This is doubled, since repaired cells and
 * the sum for the deviation are rounded as well.
 */
const ROUNDING = 8 * Number.EPSILON

/**
 * Whether values differ only by rounding errors.
 *
 * @param magnitude - the largest absolute value of the numbers that `values` were computed from, which determines the
 *   rounding errors; by default that of `values`
 */
export function isConstant(values: Float64Array, magnitude = largestMagnitude(values)): boolean {
  return standardDeviation(values) <= ROUNDING * magnitude
}

/**
 * Mean and population standard deviation. If the values are constant, the deviation is 1: what is left then are
 * rounding errors, by which one must not divide.
 *
 * @param place - the name of the values in messages
 * @param magnitude - as in {@link isConstant}
 * @throws GruError ERR_GRU_VALUE if the values are too large to be squared
 */
export function fitScale(
  place: string,
  values: Float64Array,
  magnitude = largestMagnitude(values),
): Scale {
  const deviation = standardDeviation(values)
  if (!Number.isFinite(deviation ** 2)) {
    throw argumentError('ERR_GRU_VALUE', place, 'a finite variance', String(deviation ** 2))
  }
  const scale = isConstant(values, magnitude) ? 1 : deviation
  return { mean: mean(values), standardDeviation: scale }
}

/** Learns the encoding of every column from the first `rows` rows only, the training part. */
export function fitEncoding(table: Table, columns: Columns, rows: number): ColumnEncoding[] {
  return Object.entries(columns).map(([name, kind]) => {
    if (kind === 'number') {
      const place = `${table.path}, column ${quote(name)}`
      return { name, kind, ...fitScale(place, numbersOf(table, name).subarray(0, rows)) }
    }
    if (kind === 'date') return { name, kind }
    const seen = new Set(table.categories.get(name)?.slice(0, rows))
    return { name, kind, categories: [...seen].sort() }
  })
}

/** The number of features that an encoding makes from a row. */
export function countFeatures(encoding: readonly ColumnEncoding[]): number {
  return encoding.reduce((count, column) => count + widthOf(column), 0)
}

function widthOf(column: ColumnEncoding): number {
  if (column.kind === 'number') return 1
  return column.kind === 'date' ? 2 : column.categories.length
}

/** Encodes the rows from `begin` up to `end`: [end - begin, features], row-major. */
export function encodeRows(
  table: Table,
  encoding: readonly ColumnEncoding[],
  begin: number,
  end: number,
): Float32Array {
  const features: number[] = []
  for (let row = begin; row < end; row++) {
    for (const column of encoding) features.push(...encodeCell(table, column, row))
  }
  return Float32Array.from(features)
}

function encodeCell(table: Table, column: ColumnEncoding, row: number): readonly number[] {
  switch (column.kind) {
    case 'number': {
      const value = numbersOf(table, column.name)[row]!
      return [(value - column.mean) / column.standardDeviation]
    }
    case 'category':
      return oneHot(column.categories, table.categories.get(column.name)![row]!)
    case 'date': {
      const angle = (2 * Math.PI * dayOfYear(table.dates[row]!)) / DAYS_A_YEAR
      return [Math.sin(angle), Math.cos(angle)]
    }
  }
}

const DAYS_A_YEAR = 365.25

function oneHot(categories: readonly string[], value: string): number[] {
  return categories.map((category) => (category === value ? 1 : 0))
}
