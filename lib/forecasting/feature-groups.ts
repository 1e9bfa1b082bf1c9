/**
 * Which features come from which column.
 *
 * @module
 */

/** The features of a column: its name, and their places in a row. */
export interface FeatureGroup {
  readonly column: string
  readonly begin: number
  readonly width: number
}

/** The places of features that stand one after the other. */
export function groupsOf(
  columns: readonly { readonly column: string; readonly width: number }[],
): FeatureGroup[] {
  let begin = 0
  return columns.map(({ column, width }) => {
    const group = { column, begin, width }
    begin += width
    return group
  })
}
