/**
 * The errors of forecasts, in the target's unit.
 *
 * @module
 */
import { rootMeanSquare } from '../forecasting/statistics'

/** Two mean errors over the days of a part. */
export interface ForecastError {
  /** Mean absolute error. */
  readonly mae: number
  /** Root of the mean squared error. */
  readonly rmse: number
}

/** The errors of forecasts against the truth of the same days. */
export function forecastError(forecast: Float64Array, truth: Float64Array): ForecastError {
  const errors = forecast.map((value, day) => value - truth[day]!)
  const absolute = errors.reduce((sum, error) => sum + Math.abs(error), 0)
  return { mae: absolute / errors.length, rmse: rootMeanSquare(errors) }
}
