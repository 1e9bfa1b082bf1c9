/**
 * The results of a training run as data: a file of JSON that the report and comparisons are made from. Numbers that do
 * not exist are null.
 *
 * @module
 */

/** Errors of forecasts, in the target's unit where they have one. */
export interface Scores {
  /** The number of forecast values that have a truth. */
  readonly count: number
  /** Mean absolute error of the median. */
  readonly mae: number | null
  /** Root of the mean squared error of the median. */
  readonly rmse: number | null
  /** The mean absolute error, divided by that of the seasonal naive forecast over the training part (Hyndman and Koehler 2006). */
  readonly mase: number | null
  /** 100 * mean of 2 |y - f| / (|y| + |f|), in percent (Makridakis 1993). */
  readonly smape: number | null
  /** Mean pinball loss over the quantiles; null for a contender without quantiles. */
  readonly pinball: number | null
  /** The share of the truth inside the interval; null for a contender without one. */
  readonly coverage: number | null
}

/** The model or a baseline, with its errors on the test part. */
export interface Contender {
  readonly name: string
  readonly scores: Scores
  /** For 1, 2, ... steps ahead. */
  readonly byHorizon: readonly Scores[]
  /** In the order of the table's series. */
  readonly bySeries: readonly Scores[]
}

/** The errors for one target. */
export interface TargetEvaluation {
  readonly target: string
  readonly unit: string
  /** The model is the first; the others are baselines. */
  readonly contenders: readonly Contender[]
  /**
   * For each baseline, by name: 1 - mae of the model / mae of the baseline. Above 0 the model is better.
   */
  readonly skill: Readonly<Record<string, number | null>>
  /** The share that the interval covers: what it should be, on the validation part, on the test part. */
  readonly coverage: {
    readonly nominal: number
    readonly validation: number | null
    readonly test: number | null
  } | null
}

/** A forecast from one origin. Times are in words. */
export interface ForecastPath {
  readonly series: string
  readonly target: string
  /** The last row that was known. */
  readonly origin: string
  readonly times: readonly string[]
  /** For each quantile of the run, in its order, a value for each step. */
  readonly quantiles: readonly (readonly number[])[]
  /** What came; null where it is missing or not known yet. */
  readonly truth: readonly (number | null)[]
  /**
   * Steps that the model forecasts at once, its horizon. Each further step is forecast from medians, as if they were known
   * values.
   */
  readonly direct: number
}

/** The history of a target, as far back as the report shows it. */
export interface History {
  readonly series: string
  readonly target: string
  readonly times: readonly string[]
  readonly values: readonly (number | null)[]
}

/** A forecast's error one step ahead. */
export interface Residual {
  readonly series: string
  readonly target: string
  readonly time: string
  /** Truth minus median. */
  readonly error: number
  /** The place in the shortest season, in words ('Mon', '14:00', 'Mar'); null without a season. */
  readonly season: string | null
}

/** What one epoch of training did. */
export interface EpochResult {
  /** From 1. */
  readonly epoch: number
  readonly loss: number
  readonly validationLoss: number
  readonly learningRate: number
  /** The mean norm of the gradients before clipping. */
  readonly gradNorm: number
  /** Seconds since training began. */
  readonly seconds: number
}

/** Consecutive times that one part of the data forecasts. */
export interface PartResult {
  readonly first: string
  readonly last: string
  /** The number of forecasts: windows over all series. */
  readonly windows: number
}

/** A run of `gru train`, complete. */
export interface RunResults {
  readonly version: 1
  readonly name: string
  /** ISO 8601. */
  readonly created: string
  readonly seconds: {
    readonly reading: number
    readonly training: number
    readonly evaluation: number
  }
  readonly versions: { readonly 'gru-native': string; readonly node: string }
  readonly engine: {
    readonly isa: string
    readonly threads: number
    readonly blas: string
    readonly device: string
  }
  /** The job with all defaults. */
  readonly job: Readonly<Record<string, unknown>>
  /** Terms and what they say, as `gru inspect` prints them. */
  readonly table: {
    readonly path: string
    readonly facts: readonly (readonly [term: string, text: string])[]
    readonly repairs: readonly string[]
    readonly warnings: readonly string[]
  }
  /** 'day', '15 minutes', ... : one step. */
  readonly step: string
  readonly horizon: number
  readonly window: number
  readonly targets: readonly { readonly name: string; readonly unit: string }[]
  readonly series: readonly string[]
  /** Increasing. The median is among them. */
  readonly quantiles: readonly number[]
  readonly parts: {
    readonly training: PartResult
    readonly validation: PartResult
    readonly test: PartResult
  }
  readonly model: { readonly description: string; readonly parameterCount: number }
  readonly epochs: readonly EpochResult[]
  readonly bestEpoch: number
  /** The forecast after the last row, for every series and target, and the history before it. */
  readonly forecasts: readonly ForecastPath[]
  readonly histories: readonly History[]
  /** Forecasts from origins in the test part, oldest first. */
  readonly backtest: readonly ForecastPath[]
  readonly residuals: readonly Residual[]
  readonly evaluation: readonly TargetEvaluation[]
  /** The relative increase of the mean absolute error if a column's values are exchanged among the windows. */
  readonly importance: readonly { readonly column: string; readonly increase: number }[]
  /** Sentences that say whether the model is of use. */
  readonly verdict: readonly string[]
}
