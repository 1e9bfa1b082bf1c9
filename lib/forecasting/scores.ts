/**
 * Errors of forecasts, over all of them, for each horizon and for each series.
 *
 * @module
 */
import type { Contender, Scores } from './results'

/** The interval between two quantiles. */
export interface Interval {
  /** The index of its lower end among the quantiles. */
  readonly low: number
  readonly high: number
  /** The share of the truth that it should cover. */
  readonly nominal: number
}

/** The widest interval between two of the quantiles: from the first to the last; null if there is one quantile. */
export function intervalOf(quantiles: readonly number[]): Interval | null {
  const high = quantiles.length - 1
  if (high < 1) return null
  // Rounded, so that 0.9 - 0.1 is 0.8.
  const nominal = Number((quantiles[high]! - quantiles[0]!).toPrecision(12))
  return { low: 0, high, nominal }
}

/**
 * The scale of the mean absolute scaled error: the mean of |y[t] - y[t - season]| over the rows of the training part
 * where both are known (Hyndman and Koehler 2006). Null if there is none, or if it is 0: then errors have no scale.
 *
 * @param training NaN: missing.
 * @param season In steps; 1 without a season.
 */
export function scaleOf(training: Float64Array, season = 1): number | null {
  const scale = new RunningMean()
  for (let row = season; row < training.length; row++) {
    const change = Math.abs(training[row]! - training[row - season]!)
    if (!Number.isNaN(change)) scale.add(change)
  }
  return scale.value === 0 ? null : scale.value
}

/** What is scored. */
export interface ScoredForecasts {
  readonly horizon: number
  /** The scale of each series, in the table's order: `scaleOf` its training part. */
  readonly scales: readonly (number | null)[]
  /** Increasing, with the median 0.5 among them; undefined for forecasts of one value. */
  readonly quantiles?: readonly number[]
}

/** Takes forecasts one after the other, and gives their errors. */
export class ScoreSums {
  readonly #quantiles: readonly number[] | undefined
  readonly #scales: readonly (number | null)[]
  readonly #all = new Errors()
  readonly #byHorizon: readonly Errors[]
  readonly #bySeries: readonly Errors[]

  constructor({ horizon, scales, quantiles }: ScoredForecasts) {
    this.#quantiles = quantiles
    this.#scales = scales
    this.#byHorizon = Array.from({ length: horizon }, () => new Errors())
    this.#bySeries = scales.map(() => new Errors())
  }

  /**
   * Adds a forecast. Steps without a truth or a forecast (NaN) count nowhere.
   *
   * @param series The index of the series.
   * @param truth [steps], up to the horizon.
   * @param forecast [steps, quantiles], or [steps] without quantiles.
   */
  add(series: number, truth: Float64Array, forecast: Float64Array): void {
    const quantiles = this.#quantiles
    const width = quantiles?.length ?? 1
    truth.forEach((y, step) => {
      const values = forecast.subarray(step * width, (step + 1) * width)
      if (Number.isNaN(y) || values.some((value) => Number.isNaN(value))) return
      for (const errors of [this.#all, this.#byHorizon[step]!, this.#bySeries[series]!]) {
        errors.add(y, values[medianOf(quantiles)]!, this.#scales[series]!)
        if (quantiles !== undefined) errors.addQuantiles(y, values, quantiles)
      }
    })
  }

  /** The errors of all forecasts so far. */
  contender(name: string): Contender {
    return {
      name,
      scores: this.#all.scores(),
      byHorizon: this.#byHorizon.map((errors) => errors.scores()),
      bySeries: this.#bySeries.map((errors) => errors.scores()),
    }
  }
}

function medianOf(quantiles: readonly number[] | undefined): number {
  return quantiles?.indexOf(0.5) ?? 0
}

/**
 * For each baseline, by name: 1 - the model's mean absolute error / that of the baseline. Null where either does not
 * exist, where the baseline's is 0, and where they have not forecast the same number of values.
 */
export function skillsOf(
  model: Contender,
  baselines: readonly Contender[],
): Record<string, number | null> {
  return Object.fromEntries(
    baselines.map(({ name, scores }) => [name, skill(model.scores, scores)]),
  )
}

function skill(model: Scores, baseline: Scores): number | null {
  if (model.count !== baseline.count || model.mae === null || baseline.mae === null) return null
  return baseline.mae === 0 ? null : 1 - model.mae / baseline.mae
}

/** The errors of some forecasts. */
class Errors {
  readonly #absolute = new RunningMean()
  readonly #squared = new RunningRootMeanSquare()
  readonly #scaled = new RunningMean()
  readonly #symmetric = new RunningMean()
  readonly #pinball = new RunningMean()
  readonly #covered = new RunningMean()

  add(truth: number, forecast: number, scale: number | null): void {
    const error = Math.abs(truth - forecast)
    this.#absolute.add(error)
    this.#squared.add(error)
    if (scale !== null) this.#scaled.add(error / scale)
    this.#symmetric.add(symmetricError(truth, forecast))
  }

  addQuantiles(truth: number, values: Float64Array, quantiles: readonly number[]): void {
    quantiles.forEach((quantile, i) => {
      this.#pinball.add(pinball(truth - values[i]!, quantile))
    })
    const interval = intervalOf(quantiles)
    if (interval === null) return
    const isInside = values[interval.low]! <= truth && truth <= values[interval.high]!
    this.#covered.add(Number(isInside))
  }

  scores(): Scores {
    return {
      count: this.#absolute.count,
      mae: this.#absolute.value,
      rmse: this.#squared.value,
      mase: this.#scaled.value,
      smape: this.#symmetric.value,
      pinball: this.#pinball.value,
      coverage: this.#covered.value,
    }
  }
}

/** 100 * 2 |y - f| / (|y| + |f|); 0 if both are 0. Ratios to the larger one neither overflow nor vanish. */
function symmetricError(truth: number, forecast: number): number {
  const larger = Math.max(Math.abs(truth), Math.abs(forecast))
  if (larger === 0) return 0
  const y = truth / larger
  const f = forecast / larger
  return (200 * Math.abs(y - f)) / (Math.abs(y) + Math.abs(f))
}

/** The loss of a quantile (Koenker and Bassett 1978). */
function pinball(error: number, quantile: number): number {
  return error >= 0 ? quantile * error : (quantile - 1) * error
}

/** A mean that does not overflow where its values do not, and is exactly the value if all are equal. */
class RunningMean {
  #mean = 0
  count = 0

  add(value: number): void {
    this.count++
    this.#mean += (value - this.#mean) / this.count
  }

  /** Null if nothing was added, or if it is not finite. */
  get value(): number | null {
    return this.count > 0 && Number.isFinite(this.#mean) ? this.#mean : null
  }
}

/** The root of the mean of squares. They are kept relative to the largest value, so that none overflows or vanishes. */
class RunningRootMeanSquare {
  #largest = 0
  #sum = 0
  #count = 0

  add(value: number): void {
    this.#count++
    if (value > this.#largest) {
      this.#sum = 1 + this.#sum * (this.#largest / value) ** 2
      this.#largest = value
    } else if (value > 0) {
      this.#sum += (value / this.#largest) ** 2
    }
  }

  get value(): number | null {
    const root = this.#largest * Math.sqrt(this.#sum / this.#count)
    return Number.isFinite(root) ? root : null
  }
}
