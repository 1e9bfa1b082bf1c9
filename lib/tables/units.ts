/**
 * What stands before or after a number in a cell: percent signs, currencies, units of measurement.
 *
 * @module
 */

/** A currency before a number: $, US$, CHF, kr. */
const BEFORE = /^(\p{Lu}{0,3}\p{Sc}|\p{Lu}{3}|kr\.?|Fr\.?|Rs\.?)[ \u00a0\u202f]?(?=\S)/u

/** A unit after a number: %, €, kWh, °C, m/s, m2. */
const AFTER = /(?<=[\d.,)])[ \u00a0\u202f]?([\p{L}\p{Sc}°%‰][\p{L}\p{Sc}°%‰²³⁻¹/·.\d-]{0,11})$/u

/** What is left of a text without its unit, and the unit; '' if it has none. */
export function withoutUnit(text: string): { readonly rest: string; readonly unit: string } {
  const before = BEFORE.exec(text)
  if (before !== null && isCurrency(before[1]!)) {
    return { rest: text.slice(before[0].length), unit: before[1]! }
  }
  const after = AFTER.exec(text)
  return after === null
    ? { rest: text, unit: '' }
    : { rest: text.slice(0, after.index), unit: after[1]! }
}

const CODES: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'))

/** Whether a unit is a currency: a sign, the code of ISO 4217, or a usual abbreviation. */
export function isCurrency(unit: string): boolean {
  return /\p{Sc}|^(kr|Fr|Rs)\.?$/u.test(unit) || CODES.has(unit)
}

/** The unit that most numbers have, of those with one; undefined if there is none. */
export function mostCommonUnit(
  units: ReadonlyMap<string, number>,
): { readonly unit: string; readonly count: number } | undefined {
  let best: { unit: string; count: number } | undefined
  for (const [unit, count] of units) if (count > (best?.count ?? 0)) best = { unit, count }
  return best
}
