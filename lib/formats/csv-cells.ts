/**
 * The cells of CSV files that are written, so that no spreadsheet takes a text for a formula.
 *
 * @module
 */

/**
 * Signs that begin a formula: also after a character that separates cells in spreadsheets of other countries, and in
 * the wide forms of East Asian scripts. Some spreadsheets pass over a tab or a carriage return before them.
 */
const FORMULA = /^(?=[\t\r])|(?:^|[,;|])\s*(?=[=+\-@\uff1d\uff0b\uff0d\uff20])/gu
const NEEDS_QUOTES = /[^\p{L}\p{N}_./ -]|^ | $/u
const NUMBER = /^-?\d+(\.\d+)?$/

/** A text as a cell. One that a spreadsheet could take for a formula gets an apostrophe before its sign. */
export function textCell(text: string): string {
  if (NUMBER.test(text)) return text
  const harmless = text.replaceAll(FORMULA, "$&'")
  return NEEDS_QUOTES.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}

/** A number as a cell, with all its digits; empty if there is none. */
export function numberCell(value: number | null): string {
  return value === null || !Number.isFinite(value) ? '' : String(value)
}

/** Rows of cells as a file (RFC 4180). */
export function csvText(rows: readonly (readonly string[])[]): string {
  return rows.map((cells) => `${cells.join(',')}\r\n`).join('')
}
