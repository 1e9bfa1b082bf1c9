import { writeFileSync } from 'node:fs'
import { Table } from '../../lib/tables/table'
import type { TableOptions } from '../../lib/tables/options'

const DAY = 86_400_000

/** The dates from 4 January 2021 on, as yyyy-mm-dd. */
export function days(count: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    return new Date(Date.UTC(2021, 0, 4) + i * DAY).toISOString().slice(0, 10)
  })
}

/** A CSV text with a date and a value in each row. */
export function dailyText(values: readonly string[]): string {
  const dates = days(values.length)
  return ['date,value', ...values.map((value, i) => `${dates[i]},${value}`), ''].join('\n')
}

/** Writes a file and reads it as a table. */
export async function readText(
  file: string,
  content: string | Uint8Array,
  options?: TableOptions,
): Promise<Table> {
  writeFileSync(file, content)
  return Table.read(file, options)
}

/** The numbers of a column of the first series. */
export function numbersOf({ series: [first] }: Table, column: string): number[] {
  return [...first!.numbers.get(column)!]
}
