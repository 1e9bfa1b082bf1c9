/**
 * `gru forecast`: forecasts tomorrow's value from a saved model and the table of the days until
 * today.
 *
 * @module
 */
import { parseArguments } from './arguments'
import type { Command } from './command'
import { Forecaster } from './forecaster'
import { formatForecast } from '../forecasting/numbers'
import { warnOfOtherCategories } from './other-categories'
import { dayAfter, isoDay, readTable } from './table'
import { showWarnings } from './warnings'
import { findShortWindow } from './windows'

/** Forecasts the day after the last row of a table. */
export const forecast: Command = async (args, { stdout, stderr, signal }) => {
  const names = ['MODEL.safetensors', 'TABLE.csv']
  const { values, positionals } = parseArguments(args, names, { json: { type: 'boolean' } })
  const forecaster = await Forecaster.load(positionals[0]!)
  try {
    const { columns, window } = forecaster.facts
    const table = await readTable(positionals[1]!, forecaster.columns, {
      last: window,
      findTooFew: (rows) => findShortWindow(rows, window),
    })
    const others = warnOfOtherCategories(table, columns)
    showWarnings(stderr, table.path, [...table.warnings, ...others])
    const tomorrow = { begin: table.rows, end: table.rows + 1 }
    const [value] = await forecaster.forecast(table, tomorrow, { signal })
    const { target, unit, change } = forecaster.facts
    const date = isoDay(dayAfter(table.dates.at(-1)!))
    const text =
      values.json === true
        ? JSON.stringify({ date, target, value, unit })
        : `${date}: ${target} ${formatForecast(value!, change.standardDeviation, unit)}`
    stdout.write(`${text}\n`)
  } finally {
    forecaster.dispose()
  }
}
