/**
 * `gru forecast`: forecasts what comes after the last row of a table, by a saved model.
 *
 * @module
 */
import { argumentError, visible } from '../errors'
import type { TargetFacts } from '../forecasting/facts'
import { Forecaster } from '../forecasting/forecaster'
import { firstOf } from '../formats/faults'
import type { ForecastPath } from '../forecasting/results'
import { tableOptionsOf } from '../forecasting/table-fit'
import { replaceFile } from '../replace-file'
import { describeRepair } from '../tables/summary'
import { Table } from '../tables/table'
import type { Command, Context } from './command'
import { checkGiven, checkPositionals, readCommandLine } from './command-line'
import { FaultList } from './fault-list'
import { type Forecasts, forecastCsv, forecastJson, forecastTable } from './forecast-output'
import { OUTPUT_OPTIONS, READING_OPTIONS } from './job-options'
import type { ValuesOf } from './option'
import type { Output } from './output'
import { describeOptions } from './option-help'
import { renderReport } from './report/run-report'
import { historiesOf, packageVersion, resultsOfForecast } from './run-results'
import { findTable } from './table-source'
import { chartStyle, drawChart } from './terminal-chart'
import { showWarnings } from './warnings'

export const FORECAST_HELP = `gru forecast MODEL TABLE [options]

Forecasts what comes after the last row of each series in which a target is known. MODEL is the file
model.safetensors that gru train wrote. The table must have the columns of the table that the model
was trained on. Rows after the last known target may have the values of columns that are known in
advance.

${describeOptions([
  { title: 'the forecast', options: OUTPUT_OPTIONS },
  { title: 'the table', options: READING_OPTIONS },
])}`

type OutputValues = ValuesOf<typeof OUTPUT_OPTIONS>

/** Forecasts what comes after the last row of a table. */
export const forecast: Command = async (args, context) => {
  const faults = new FaultList()
  const options = { ...OUTPUT_OPTIONS, ...READING_OPTIONS }
  const { positionals, given } = readCommandLine(args, options, faults)
  checkPositionals(positionals, ['MODEL', 'TABLE'], faults)
  const output = checkGiven(OUTPUT_OPTIONS, given, faults)
  const reading = checkGiven(READING_OPTIONS, given, faults)
  if (output.json === true && output.csv === true) {
    faults.add(argumentError('ERR_GRU_VALUE', '--csv', 'either --json or --csv', 'both'))
  }
  faults.throwIfAny()
  const [file, source] = positionals
  const forecaster = await Forecaster.load(file!)
  try {
    const tableOptions = { ...tableOptionsOf(forecaster.facts), ...reading }
    const table = await Table.read(findTable('table', source!, '.'), tableOptions)
    showRepairs(forecaster, table, context)
    const { signal } = context
    const paths = await forecaster.forecast(table, { horizon: output.horizon, signal })
    await write({ forecaster, table, paths, source: source!, output }, context)
  } finally {
    forecaster.dispose()
  }
}

function showRepairs(forecaster: Forecaster, table: Table, { stderr }: Context): void {
  showWarnings(stderr, table.path, table.warnings)
  const repairs = [...table.repairs, ...forecaster.notes(table)]
  for (const line of firstOf(repairs, describeRepair)) stderr.write(`gru: ${visible(line)}\n`)
}

interface Made {
  readonly forecaster: Forecaster
  readonly table: Table
  readonly paths: readonly ForecastPath[]
  readonly source: string
  readonly output: OutputValues
}

async function write(made: Made, { stdout }: Context): Promise<void> {
  const { forecaster, table, paths, source, output } = made
  const { quantiles, targets } = forecaster.facts
  const units = unitsOf(output, targets)
  const forecasts: Forecasts = { quantiles, paths, units }
  if (output.json === true) stdout.write(forecastJson(forecasts))
  else if (output.csv === true) stdout.write(forecastCsv(forecasts))
  else {
    if (output.chart ?? stdout.isTTY === true) stdout.write(drawFirst(made, stdout))
    stdout.write(forecastTable(forecasts))
  }
  if (output.report === undefined) return
  const start = { version: await packageVersion(), created: new Date().toISOString() }
  const results = resultsOfForecast({ forecaster, table, forecasts: paths, source, units }, start)
  await replaceFile(output.report, renderReport(results))
}

/** The targets' units: those of the command line, or those of the training. */
function unitsOf({ unit }: OutputValues, targets: readonly TargetFacts[]): Record<string, string> {
  return Object.fromEntries(
    targets.map((target) => [
      target.name,
      typeof unit === 'string' ? unit : (unit?.[target.name] ?? target.unit),
    ]),
  )
}

/** So many charts fit a screen. */
const MOST_CHARTS = 3
/** Steps of a history that show how a series goes, at the least: twice as many are drawn. */
const LEAST_HISTORY = 20

/** The charts of the first series and targets. */
function drawFirst({ forecaster, table, paths }: Made, stdout: Output): string {
  const style = chartStyle(stdout, process.env)
  const { quantiles: all, targets } = forecaster.facts
  const median = all.indexOf(0.5)
  const names = targets.map(({ name }) => name)
  const histories = historiesOf(table, names, paths[0]?.times.length ?? 0)
  const charts = paths.slice(0, MOST_CHARTS).map((path) => {
    const { series, target, times, quantiles } = path
    const history = histories.find((one) => one.series === series && one.target === target)!
    const begin = -2 * Math.max(times.length, LEAST_HISTORY)
    const chart = drawChart(
      {
        times: [...history.times.slice(begin), ...times],
        history: history.values.slice(begin),
        median: quantiles[median]!,
        low: quantiles[0]!,
        high: quantiles.at(-1)!,
      },
      style,
    )
    return `${visible([series, target].filter((name) => name !== '').join(': '))}\n${chart}\n`
  })
  return charts.join('')
}
