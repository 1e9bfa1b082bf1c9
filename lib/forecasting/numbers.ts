/**
 * Numbers for people, with as many digits as are useful at every scale.
 *
 * A number has at least three significant digits. It is in plain notation if that is short, otherwise with an exponent
 * of ten. A number that is not 0 is never printed as 0.
 *
 * @module
 */

const DIGITS = 3
const LOSS_DIGITS = 4

/** The digits of a double that are still correct after a computation of several steps. */
const EXACT_DIGITS = 12

/** Two numbers of a column that differ only beyond this many digits are printed alike. */
const MOST_DIGITS = 6

/** A single number. */
export function formatNumber(value: number, digits = DIGITS): string {
  return print(value, magnitudeOf(value, digits) - digits + 1)
}

/** A loss, with one more digit: losses of neighbouring epochs differ little. */
export function formatLoss(loss: number): string {
  return formatNumber(loss, LOSS_DIGITS)
}

/** A whole number, in groups of three digits. */
export function formatCount(count: number): string {
  return count.toLocaleString('en')
}

/** A share, in percent. */
export function formatPercent(share: number): string {
  return `${formatNumber(100 * share)} %`
}

/** What stands for a number that does not exist. */
const ABSENT = '-'

/**
 * Numbers for comparison. They have three significant digits, or up to six if different numbers would otherwise be
 * printed alike. Numbers that are then still printed alike are too close for a claim. Null is printed as '-'.
 */
export function formatColumn(values: readonly (number | null)[]): string[] {
  // Rounded first, so that numbers which six digits do not tell apart are the same for fewer digits, too.
  const rounded = values.map((value) => (value === null ? null : roundToMost(value)))
  const format = (digits: number): string[] =>
    rounded.map((value) => (value === null ? ABSENT : formatNumber(value, digits)))
  const distinct = (texts: readonly string[]): number => new Set(texts).size
  const most = distinct(format(MOST_DIGITS))
  let digits = DIGITS
  while (distinct(format(digits)) < most) digits++
  return format(digits)
}

/** Whether `formatColumn` prints two numbers alike: then neither may be called larger. */
export function isPrintedAlike(a: number, b: number): boolean {
  return roundToMost(a) === roundToMost(b)
}

function roundToMost(value: number): number {
  return Number(value.toPrecision(MOST_DIGITS))
}

/**
 * A value of a series that changes by about `change` from step to step. It has two digits of that change and at least
 * three digits of the value. It has all its digits if they are few, such as those of a constant that is forecast again.
 */
export function formatForecast(value: number, change: number, unit: string): string {
  const own = magnitudeOf(value, DIGITS) - DIGITS + 1
  // A change that is not known, or none, says nothing about the digits.
  const ofChange = Number.isFinite(change) && change !== 0 ? magnitudeOf(change, 2) - 1 : own
  return withUnit(print(value, Math.min(own, ofChange, lastDigitOf(value))), unit)
}

/** The power of ten of a number's last digit, if it has few digits except for rounding. */
function lastDigitOf(value: number): number {
  const rounded = Number(value.toPrecision(EXACT_DIGITS))
  if (rounded !== roundToMost(value)) return Infinity
  const [digits, exponent] = rounded.toExponential().split('e')
  return Number(exponent) - (digits!.split('.')[1]?.length ?? 0)
}

/** A number with its unit, if it has one. */
export function withUnit(number: string, unit: string): string {
  return unit === '' ? number : `${number} ${unit}`
}

/** Labels of an axis whose ticks are multiples of 10^exponent: exact, and all in the same notation. */
export function formatTicks(ticks: readonly number[], exponent: number): string[] {
  const magnitudes = ticks.filter((tick) => tick !== 0).map((tick) => magnitudeOf(tick))
  if (isPlain(Math.max(...magnitudes), exponent)) return ticks.map((tick) => plain(tick, exponent))
  return ticks.map((tick) =>
    tick === 0 ? '0' : scientific(tick, magnitudeOf(tick) - exponent).replace(/\.?0*e/, 'e'),
  )
}

/** The number of decimals of a double: its digits minus the first. */
const MOST_DECIMALS = 16

/** Prints a number, rounded to a multiple of 10^exponent if a double has so many digits. */
function print(value: number, exponent: number): string {
  if (value === 0) return '0'
  if (!Number.isFinite(value)) return String(value)
  const rough = magnitudeOf(value)
  const last = Math.min(Math.max(exponent, rough - MOST_DECIMALS), rough)
  // Rounding may have added a digit.
  const magnitude = magnitudeOf(value, rough - last + 1)
  return isPlain(magnitude, last) ? plain(value, last) : scientific(value, magnitude - last)
}

/** Small numbers have at most three zeros after the point. Large numbers have no invented digits. */
function isPlain(magnitude: number, exponent: number): boolean {
  return magnitude >= -4 && (magnitude < 6 || exponent <= 0)
}

function plain(value: number, exponent: number): string {
  return value.toFixed(Math.max(-exponent, 0))
}

function scientific(value: number, decimals: number): string {
  return value.toExponential(Math.min(decimals, MOST_DECIMALS)).replace('e+', 'e')
}

/** The power of ten of a number's first digit, after rounding to `digits` digits. */
function magnitudeOf(value: number, digits?: number): number {
  const decimals = digits === undefined ? undefined : digits - 1
  return Number(value.toExponential(decimals).split('e')[1])
}
