/**
 * What the rows of a source hold, column by column, before their meaning is known.
 *
 * @module
 */
import type { Fault, Warning } from '../formats/faults'
import type { Repair } from './series'

/** A term and its text, for a list of facts. */
export type Fact = readonly [term: string, text: string]

/** The cells of a source, and what was found while they were read. */
export interface Source {
  /** The file, or what else names the source, for messages. */
  readonly path: string
  /** Of the columns, in their order. A name may be empty, or occur twice. */
  readonly names: readonly string[]
  /** For each column the cells of all rows: text, or the values of a source that has types. */
  readonly cells: readonly (readonly unknown[])[]
  /** For each row the line of the file, or the number of the row, from 1. */
  readonly places: Int32Array
  /** What `places` are. */
  readonly unit: 'line' | 'row'
  /** How the source is written. */
  readonly facts: readonly Fact[]
  /** Faults that leave uncertain which cell belongs to which column. */
  readonly faults: readonly Fault[]
  /** Faults of single columns, by the index of the column. */
  readonly columnFaults: ReadonlyMap<number, readonly Fault[]>
  readonly repairs: readonly Repair[]
  readonly warnings: readonly Warning[]
}

/** The place of a row, for a fault. */
export function placeOf({ unit, places }: Source, row: number): Pick<Fault, 'line' | 'row'> {
  return unit === 'line' ? { line: places[row]! } : { row: places[row]! }
}

/** The place of a row in words. */
export function describePlace({ unit, places }: Source, row: number): string {
  return `${unit} ${places[row]}`
}
