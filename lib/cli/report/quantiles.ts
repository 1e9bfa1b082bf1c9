/**
 * Which quantiles of a run a chart draws, and what they are called.
 *
 * @module
 */

/** The places of the lowest, middle and highest quantile. */
export interface Drawn {
  readonly lower: number
  readonly median: number
  readonly upper: number
  /** What lies between lower and upper; null if they are one. */
  readonly interval: string | null
}

/** @param quantiles - increasing */
export function drawnQuantiles(quantiles: readonly number[]): Drawn {
  const upper = quantiles.length - 1
  const exact = quantiles.indexOf(0.5)
  const median = exact === -1 ? Math.floor(upper / 2) : exact
  return { lower: 0, median, upper, interval: upper === 0 ? null : intervalName(quantiles) }
}

function intervalName(quantiles: readonly number[]): string {
  const [low, high] = [quantiles[0]!, quantiles.at(-1)!]
  if (Math.abs(low + high - 1) > 1e-9) return `quantiles ${low} to ${high}`
  return `${percent(high - low)} interval`
}

/** A share as a percentage of at most one decimal. */
export function percent(share: number): string {
  return `${Number((100 * share).toFixed(1))} %`
}
