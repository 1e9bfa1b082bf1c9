/**
 * Compares a forecaster on the test part with forecasts that need no model.
 *
 * @module
 */
import { climatology, persistence } from './baselines'
import type { Forecaster } from './forecaster'
import { forecastError, type ForecastError } from './metrics'
import { numbersOf, type Table } from './table'
import type { Parts } from './windows'

/** One way to forecast, and its errors over the test part. */
export interface Contender extends ForecastError {
  readonly name: string
}

/** Forecasts of the test part against the truth. */
export interface Evaluation {
  readonly dates: readonly Date[]
  readonly truth: Float64Array
  readonly forecast: Float64Array
  readonly model: Contender
  readonly baselines: readonly Contender[]
}

/** Days before and after a date that its smoothed mean includes. */
const SMOOTHING = 7

/** Forecasts every day of the test part, each from the days before it. */
export async function evaluate(
  forecaster: Forecaster,
  table: Table,
  { training, test }: Parts,
  signal: AbortSignal,
): Promise<Evaluation> {
  const values = numbersOf(table, forecaster.facts.target)
  const truth = values.slice(test.begin, test.end)
  const forecast = await forecaster.forecast(table, test, { signal })
  const dayOfYear = (halfWidth: number): Float64Array =>
    climatology(values, table.dates, training.end, test, halfWidth)
  const contender = (name: string, forecasts: Float64Array): Contender => ({
    name,
    ...forecastError(forecasts, truth),
  })
  return {
    dates: table.dates.slice(test.begin, test.end),
    truth,
    forecast,
    model: contender('the model', forecast),
    baselines: [
      contender('tomorrow = today', persistence(values, test)),
      contender('mean of that day of the year', dayOfYear(0)),
      contender(`the same, over ${2 * SMOOTHING + 1} days`, dayOfYear(SMOOTHING)),
    ],
  }
}
