/**
 * The series of a table, each on the steps of the table's time axis.
 *
 * @module
 */
import type { NonSharedFloat64Array, NonSharedInt32Array } from '../../binding'
import type { Warning } from '../formats/faults'
import type { TimeAxis } from './time-axis'

/** A column that a model may read. */
export interface TableColumn {
  readonly name: string
  readonly kind: 'number' | 'category'
}

/**
 * One series: consecutive steps of the time axis, from the series' own first row to its last. Rows that the source does
 * not have stand in their place, with all cells missing. Every array has `rows` values.
 */
export interface Series {
  /** The value of the series' column; '' if the table is one series. */
  readonly name: string
  readonly rows: number
  /** As the time axis says: milliseconds since 1970 in UTC, or integers. Increasing. */
  readonly times: NonSharedFloat64Array
  /** By name. NaN: missing. */
  readonly numbers: ReadonlyMap<string, NonSharedFloat64Array>
  /** By name. undefined: missing. */
  readonly categories: ReadonlyMap<string, readonly (string | undefined)[]>
  /** The line of the file, or the number of the row of other sources, from 1; 0 for a row that the source does not have. */
  readonly lines: NonSharedInt32Array
}

/** A repair of a table by a stated rule: what was found, how often, and what was done. */
export interface Repair {
  /** For example 'newest row first', 'the same row twice', 'missing rows'. */
  readonly found: string
  readonly count: number
  /** For example 'sorted by time', 'dropped', 'inserted with missing cells'. */
  readonly done: string
  /** Where it is first, in words: 'line 17', '2021-03-04'. */
  readonly first: string
}

/** A table as the forecaster reads it. `Table` is one. */
export interface TableData {
  /** The file, or what else names the source, for messages. */
  readonly path: string
  readonly time: TimeAxis
  /** The name of the column that tells series apart, or of several ones: 'store, item'; undefined if there is one series. */
  readonly seriesColumn: string | undefined
  /** The columns beside time and series, in the order of the source. */
  readonly columns: readonly TableColumn[]
  /** At least one, in the order of their first rows. */
  readonly series: readonly Series[]
  readonly repairs: readonly Repair[]
  /** Faults in the source that do not affect the table, for example in columns that are left out. */
  readonly warnings: readonly Warning[]
}
