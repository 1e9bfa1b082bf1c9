/**
 * The times of a table's rows: what they are, and how far apart.
 *
 * @module
 */

/** A unit of a regular step. A business day is a day from Monday to Friday; a step is a row without a time. */
export type TimeUnit =
  | 'second'
  | 'minute'
  | 'hour'
  | 'day'
  | 'businessDay'
  | 'week'
  | 'month'
  | 'quarter'
  | 'year'
  | 'step'

/** Rows at regular steps: `count` units from one to the next. */
export interface RegularFrequency {
  readonly kind: 'regular'
  readonly unit: TimeUnit
  readonly count: number
  /** For months, quarters and years: the day of the month of each row; 31 for the last day of each month. */
  readonly dayOfMonth?: number
}

/** Rows at irregular times. */
export interface IrregularFrequency {
  readonly kind: 'irregular'
  /** The median step, in milliseconds, or in units of an integer column. */
  readonly typicalStep: number
}

export type Frequency = RegularFrequency | IrregularFrequency

/** The times of a table. */
export interface TimeAxis {
  /** The name of the column; undefined if the table has none, and the rows are numbered from 0. */
  readonly column: string | undefined
  /** Whether times are instants, in milliseconds since 1970 in UTC, or integers. */
  readonly kind: 'instant' | 'integer'
  readonly frequency: Frequency
  /**
   * Where the clock on the wall gives the calendar's fields: an IANA name ('Europe/Berlin'), a fixed offset ('+01:00'),
   * or 'UTC', which also stands for times that were written without a zone.
   */
  readonly timeZone: string
}
