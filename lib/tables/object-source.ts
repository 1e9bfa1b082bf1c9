/**
 * The cells of rows that are objects: the columns are their keys.
 *
 * @module
 */
import { describe } from '../errors'
import type { Fault } from '../formats/faults'
import type { Fact, Source } from './source'

/** Collects rows by columns, so that the rows themselves need not be kept. */
export class ObjectReader {
  readonly #cells = new Map<string, unknown[]>()
  readonly #places: number[] = []
  readonly #faults: Fault[] = []
  readonly #unit: Source['unit']

  /** @param unit - what the rows' places are */
  constructor(unit: Source['unit']) {
    this.#unit = unit
  }

  /** Takes the next row. A key that it does not have is a missing cell. */
  take(row: unknown, place: number): void {
    if (typeof row !== 'object' || row === null || Array.isArray(row)) {
      const at = this.#unit === 'line' ? { line: place } : { row: place }
      this.#faults.push({
        ...at,
        expected: 'an object with the cells of a row',
        got: describe(row),
      })
      return
    }
    const rows = this.#places.length
    for (const [name, value] of Object.entries(row as Readonly<Record<string, unknown>>)) {
      this.#columnOf(name, rows).push(typeof value === 'string' ? value.trim() : value)
    }
    this.#places.push(place)
    for (const cells of this.#cells.values()) {
      if (cells.length === rows) cells.push(undefined)
    }
  }

  /** The cells of a column; those of earlier rows are missing if it is a new one. */
  #columnOf(name: string, rows: number): unknown[] {
    const known = this.#cells.get(name)
    if (known !== undefined) return known
    const cells = new Array<unknown>(rows).fill(undefined)
    this.#cells.set(name, cells)
    return cells
  }

  finish(path: string, facts: readonly Fact[], faults: readonly Fault[] = []): Source {
    return {
      path,
      names: [...this.#cells.keys()],
      cells: [...this.#cells.values()],
      places: Int32Array.from(this.#places),
      unit: this.#unit,
      facts,
      faults: [...faults, ...this.#faults],
      columnFaults: new Map(),
      repairs: [],
      warnings: [],
    }
  }
}
