/**
 * Categories that the training part of a table does not have. The encoding maps them to "other".
 *
 * @module
 */
import { quote } from '../errors'
import { listNames, type Warning } from '../formats/faults'
import type { ColumnEncoding } from './encoding'
import type { Table } from './table'

/** A category that is mapped to "other". */
export interface OtherCategory {
  readonly column: string
  readonly category: string
  /** The rows of the table with this category: at least one. */
  readonly rows: readonly number[]
  /** The categories that the training part has. */
  readonly known: readonly string[]
}

/**
 * The categories in a table that its encoding maps to "other", in the order of columns and rows.
 */
export function findOtherCategories(
  table: Table,
  encoding: readonly ColumnEncoding[],
): OtherCategory[] {
  return encoding.flatMap((column) => {
    if (column.kind !== 'category') return []
    const { name, categories: known } = column
    const others = rowsByCategory(table.categories.get(name)!)
    for (const category of known) others.delete(category)
    return [...others].map(([category, rows]) => ({ column: name, category, rows, known }))
  })
}

function rowsByCategory(categories: readonly string[]): Map<string, number[]> {
  const rowsOf = new Map<string, number[]>()
  for (const [row, category] of categories.entries()) {
    const rows = rowsOf.get(category)
    if (rows === undefined) rowsOf.set(category, [row])
    else rows.push(row)
  }
  return rowsOf
}

/** Warns of each category in a table that its encoding maps to "other". */
export function warnOfOtherCategories(
  table: Table,
  encoding: readonly ColumnEncoding[],
): Warning[] {
  return findOtherCategories(table, encoding).map(({ column, category, rows, known }) => ({
    line: table.lines[rows[0]!]!,
    column,
    expected: `a category of the training part (${listNames(known)})`,
    got: quote(category),
    more: rows.length - 1,
    outcome: 'it counts as other',
  }))
}
