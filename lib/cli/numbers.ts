/**
 * Numbers for people: as many digits as tell something, at every scale.
 *
 * A number has three significant digits or more, in plain notation where that is short, and with an
 * exponent of ten where it is not. A number that is not 0 is never printed as 0.
 *
 * @module
 */

const DIGITS = 3
const LOSS_DIGITS = 4

/** What a computation of some steps leaves right of a double's digits. */
const EXACT_DIGITS = 12

/** Beyond this, a difference between two numbers of a column counts as none. */
const MOST_DIGITS = 6

/** A number alone. */
export function formatNumber(value: number, digits = DIGITS): string {
  return print(value, magnitudeOf(value, digits) - digits + 1)
}

/** A loss, with a digit more: losses of neighbouring epochs differ little. */
export function formatLoss(loss: number): string {
  return formatNumber(loss, LOSS_DIGITS)
}

/** A whole number, in groups of three digits. */
export function formatCount(count: number): string {
  return count.toLocaleString('en')
}

/**
 * Numbers to be compared: with three significant digits, or with as many more, up to six, as it
 * takes for numbers that differ to be printed differently. What then is printed alike is too close
 * for a claim: compare what is printed.
 */
export function formatColumn(values: readonly number[]): string[] {
  const format = (digits: number): string[] => values.map((value) => formatNumber(value, digits))
  const distinct = (texts: readonly string[]): number => new Set(texts).size
  const most = distinct(format(MOST_DIGITS))
  let digits = DIGITS
  while (distinct(format(digits)) < most) digits++
  return format(digits)
}

/**
 * A value of a series that moves by about `change` from step to step: with two digits of that
 * change, three of the value's own at the least, and all where they are few, as those of a constant
 * are that is forecast again.
 */
export function formatForecast(value: number, change: number, unit: string): string {
  const own = magnitudeOf(value, DIGITS) - DIGITS + 1
  return withUnit(print(value, Math.min(own, magnitudeOf(change, 2) - 1, lastDigitOf(value))), unit)
}

/** The power of ten of a number's last digit, where it has few digits but for rounding. */
function lastDigitOf(value: number): number {
  const rounded = Number(value.toPrecision(EXACT_DIGITS))
  if (rounded !== Number(value.toPrecision(MOST_DIGITS))) return Infinity
  const [digits, exponent] = rounded.toExponential().split('e')
  return Number(exponent) - (digits!.split('.')[1]?.length ?? 0)
}

/** A number with its unit, if it has one. */
function withUnit(number: string, unit: string): string {
  return unit === '' ? number : `${number} ${unit}`
}

/** Labels of an axis whose ticks are multiples of 10^exponent: exact, and all in one notation. */
export function formatTicks(ticks: readonly number[], exponent: number): string[] {
  const magnitudes = ticks.filter((tick) => tick !== 0).map((tick) => magnitudeOf(tick))
  if (isPlain(Math.max(...magnitudes), exponent)) return ticks.map((tick) => plain(tick, exponent))
  return ticks.map((tick) =>
    tick === 0 ? '0' : scientific(tick, magnitudeOf(tick) - exponent).replace(/\.?0*e/, 'e'),
  )
}

/** The digits that a double can tell, less the first. */
const MOST_DECIMALS = 16

/** Prints a number, rounded to a multiple of 10^exponent where a double holds so many digits. */
function print(value: number, exponent: number): string {
  if (value === 0) return '0'
  if (!Number.isFinite(value)) return String(value)
  const rough = magnitudeOf(value)
  const last = Math.min(Math.max(exponent, rough - MOST_DECIMALS), rough)
  // Rounding may have carried over into a digit more.
  const magnitude = magnitudeOf(value, rough - last + 1)
  return isPlain(magnitude, last) ? plain(value, last) : scientific(value, magnitude - last)
}

/** Small numbers have at most three zeros after the point; large ones have no digit that is made up. */
function isPlain(magnitude: number, exponent: number): boolean {
  return magnitude >= -4 && (magnitude < 6 || exponent <= 0)
}

function plain(value: number, exponent: number): string {
  return value.toFixed(Math.max(-exponent, 0))
}

function scientific(value: number, decimals: number): string {
  return value.toExponential(Math.min(decimals, MOST_DECIMALS)).replace('e+', 'e')
}

/** The power of ten of a number's first digit, where it is rounded to some digits before. */
function magnitudeOf(value: number, digits?: number): number {
  const decimals = digits === undefined ? undefined : digits - 1
  return Number(value.toExponential(decimals).split('e')[1])
}
