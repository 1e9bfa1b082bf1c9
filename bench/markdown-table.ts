/**
 * Tables that are readable as text and as Markdown.
 *
 * @module
 */

/**
 * Rows of cells under a header. The first column is aligned to the left, the others to the right.
 */
export function markdownTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const widths = header.map((_, column) =>
    Math.max(3, ...[header, ...rows].map((row) => row[column]!.length)),
  )
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const pad = (cell: string, column: number): string =>
    column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)
  const rule = widths.map((width, column) => '-'.repeat(width - 1) + (column === 0 ? '-' : ':'))
  return [header.map(pad), rule, ...rows.map((row) => row.map(pad))].map(line).join('\n')
}
