/**
 * Summaries of a set of figures.
 *
 * @module
 */

/** The median of some figures, and their spread. */
export interface Summary {
  readonly median: number
  /** Lower and upper quartile. */
  readonly lower: number
  readonly upper: number
}

/** The figure below which the given share of figures is, with linear interpolation. */
export function quantile(figures: readonly number[], share: number): number {
  if (figures.length === 0) throw new RangeError('no figures to take a quantile of')
  const sorted = [...figures].sort((a, b) => a - b)
  const position = share * (sorted.length - 1)
  const below = Math.floor(position)
  const low = sorted[below]!
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!
  return low + (high - low) * (position - below)
}

export function median(figures: readonly number[]): number {
  return quantile(figures, 0.5)
}

export function summarize(figures: readonly number[]): Summary {
  return {
    median: median(figures),
    lower: quantile(figures, 0.25),
    upper: quantile(figures, 0.75),
  }
}

export function geometricMean(figures: readonly number[]): number {
  if (figures.length === 0) throw new RangeError('no figures to take a mean of')
  return Math.exp(figures.reduce((sum, figure) => sum + Math.log(figure), 0) / figures.length)
}
