/**
 * Tables of rows that tests make.
 */
import { Table, type TableOptions } from '../../lib'

export const DAY = 86_400_000

/** Rows of days from 2021-01-01 on; `valuesOf` gives the other cells of each. */
export function dailyRows(
  count: number,
  valuesOf: (row: number) => Readonly<Record<string, unknown>>,
): Record<string, unknown>[] {
  return Array.from({ length: count }, (_, row) => {
    return { day: new Date(Date.UTC(2021, 0, 1) + row * DAY), ...valuesOf(row) }
  })
}

export function dailyTable(
  count: number,
  valuesOf: (row: number) => Readonly<Record<string, unknown>>,
  options: TableOptions = {},
): Promise<Table> {
  return Table.from(dailyRows(count, valuesOf), options)
}

/** Numbers that look random, the same in every run: a sine of integers far apart. */
export function noise(row: number): number {
  return Math.sin(row * 12.9898 + 78.233) % 1
}
