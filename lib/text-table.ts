/**
 * Tables for a terminal.
 *
 * @module
 */

/**
 * Rows of cells as lines. The first `texts` columns are aligned to the left; the others, with numbers, to the right.
 */
export function textTable(rows: readonly (readonly string[])[], texts = 1): string {
  const widths: number[] = []
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length)
    })
  }
  const pad = (cell: string, column: number): string =>
    column < texts ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)
  return rows.map((row) => `  ${row.map(pad).join('  ').trimEnd()}\n`).join('')
}
