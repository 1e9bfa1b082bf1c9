/**
 * What a forecaster knows beside its network's parameters. It is learnt from the training part alone, but for the
 * calibration, and stands in the model's file as JSON.
 *
 * @module
 */
import type { TimeAxis } from '../tables/time-axis'
import type { CalendarField } from './calendar-features'
import type { Calibration } from './conformal'
import type { Difference, Missing } from './options'
import type { Season } from './seasons'
import type { SeriesScale } from './target-scale'

/** A column that the model reads beside the targets. */
export type InputFacts =
  | {
      readonly name: string
      readonly kind: 'number'
      readonly mean: number
      readonly deviation: number
      /** Whether it is known for the future. */
      readonly future: boolean
      /** Whether a feature says where it is missing. */
      readonly missing: boolean
    }
  | {
      readonly name: string
      readonly kind: 'category'
      /** Each has a feature. A category that is not here is "other": all of them are 0. */
      readonly categories: readonly string[]
      readonly future: boolean
    }

/** A column that is forecast. */
export interface TargetFacts {
  readonly name: string
  /** For display; '' if it has none. */
  readonly unit: string
  readonly logarithm: boolean
  readonly difference: Difference
  /** Whether a feature says where it is missing. */
  readonly missing: boolean
  /** By the names of the series that have one, which are those with enough rows in the training part. */
  readonly scales: Readonly<Record<string, SeriesScale>>
  /** For each step ahead, or one for all steps. */
  readonly calibration: readonly Calibration[]
}

/** Everything that a forecaster needs to make its inputs from a table, and forecasts from its outputs. */
export interface ForecastFacts {
  readonly version: 1 | 2
  /** Of version 1 alone: the columns in the order of its features; the time's column stands for the day of the year. */
  readonly order?: readonly string[]
  readonly horizon: number
  readonly window: number
  /** Rows that must be known up to an origin. */
  readonly fewestRows: number
  readonly quantiles: readonly number[]
  readonly distribution: 'quantiles' | 'normal'
  readonly missing: Missing
  readonly minimum: number | null
  readonly maximum: number | null
  readonly time: TimeAxis
  readonly seriesColumn: string | null
  /** The series that the training part has: each has a vector that the model learnt. Empty for one series. */
  readonly seriesNames: readonly string[]
  /** The most important first. */
  readonly seasons: readonly Season[]
  /** Calendar features: those whose period the training part has seen at least twice. */
  readonly calendar: readonly CalendarField[]
  readonly targets: readonly TargetFacts[]
  readonly inputs: readonly InputFacts[]
}
