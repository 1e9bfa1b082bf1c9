/**
 * `gru train`: from a job file to a saved model and a report.
 *
 * @module
 */
import { mkdir } from 'node:fs/promises'
import * as path from 'node:path'
import { GruError } from '../errors'
import { replaceFile } from '../replace-file'
import { runtime } from '../runtime'
import { parseArguments } from './arguments'
import type { Command } from './command'
import { errorRows, verdict, type ErrorRow } from './error-table'
import { evaluate, type Evaluation } from './evaluation'
import { fit, learnFacts, type Fitted, type FittingData } from './fitting'
import { Forecaster } from './forecaster'
import { readJob, type Job } from './job'
import { formatCount, formatForecast, formatLoss } from '../forecasting/numbers'
import { warnOfOtherCategories } from './other-categories'
import { loadPeers } from './peers'
import { createProgress, type Output } from './progress'
import { describeSteady, renderReport, type Results } from './report'
import { dayAfter, isoDay, readTable, type Table } from './table'
import { textTable } from '../text-table'
import { showWarnings } from './warnings'
import { findTooFewRows, splitByTime, type Days, type Parts } from './windows'

/** Trains the model of a job, reports its errors, saves it, and checks the saved file. */
export const train: Command = async (args, { stdout, stderr, signal }) => {
  const parsed = parseArguments(args, ['JOB.json'], { out: { type: 'string' } })
  loadPeers()
  const job = await readJob(parsed.positionals[0]!)
  const folder = parsed.values.out ?? path.join('out', job.name)
  const table = await readTable(job.csv, job.columns, {
    findTooFew: (rows) => findTooFewRows(rows, job.window, job.split),
  })
  const parts = splitByTime(table.rows, job.window, job.split)
  const facts = learnFacts(job, table, parts.training)
  const others = warnOfOtherCategories(table, facts.columns)
  showWarnings(stderr, table.path, [...table.warnings, ...others])
  stdout.write(describeData(job, table, parts))
  const fitted = await fitShowing(job, { table, parts, facts }, stdout, signal)
  const { forecaster } = fitted
  try {
    stdout.write(describeFitted(fitted))
    const evaluation = await evaluate(forecaster, table, parts, signal)
    stdout.write(describeErrors(job, evaluation))
    const tomorrow = await forecastTomorrow(forecaster, table)
    const results = { job, table, parts, fitted, evaluation, tomorrow }
    const file = await save(folder, results, signal)
    stdout.write(`saved ${file} and ${path.join(folder, 'report.html')}\n`)
    await checkSaved(file, table, parts.test, evaluation.forecast)
    const { length } = evaluation.forecast
    stdout.write(`loaded the model again: its ${length} test forecasts are bit for bit the same\n`)
    const { change } = forecaster.facts
    const value = formatForecast(tomorrow.value, change.standardDeviation, job.unit)
    stdout.write(`forecast for ${isoDay(tomorrow.date)}: ${job.target} ${value}\n`)
  } finally {
    forecaster.dispose()
  }
}

async function fitShowing(
  job: Job,
  data: FittingData,
  stdout: Output,
  signal: AbortSignal,
): Promise<Fitted> {
  const progress = createProgress(stdout, job.training.epochs)
  try {
    return await fit(job, data, progress.show, signal)
  } finally {
    progress.stop()
  }
}

async function forecastTomorrow(
  forecaster: Forecaster,
  table: Table,
): Promise<Results['tomorrow']> {
  const [value] = await forecaster.forecast(table, { begin: table.rows, end: table.rows + 1 })
  return { date: dayAfter(table.dates.at(-1)!), value: value! }
}

/** Writes model and report. If the user interrupts before, the folder is unchanged. */
async function save(folder: string, results: Results, signal: AbortSignal): Promise<string> {
  const report = renderReport(results)
  signal.throwIfAborted()
  try {
    await mkdir(folder, { recursive: true })
  } catch (cause) {
    const message = `${folder}: expected a folder that can be made, got ${(cause as Error).message}`
    throw new GruError('ERR_GRU_FORMAT', message, { cause })
  }
  const file = path.join(folder, 'model.safetensors')
  await results.fitted.forecaster.save(file)
  await replaceFile(path.join(folder, 'report.html'), report)
  return file
}

/** Compares the forecasts of a saved model with those of the model in memory. */
async function checkSaved(
  file: string,
  table: Table,
  days: Days,
  expected: Float64Array,
): Promise<void> {
  const loaded = await Forecaster.load(file)
  try {
    const forecast = await loaded.forecast(table, days)
    if (Buffer.from(forecast.buffer).equals(Buffer.from(expected.buffer))) return
  } finally {
    loaded.dispose()
  }
  const message = `${file}: the model forecasts differently once it is loaded again`
  throw new GruError('ERR_GRU_INTERNAL', message)
}

function describeData(job: Job, table: Table, parts: Parts): string {
  const day = (row: number): string => isoDay(table.dates[row]!)
  const rows = Object.entries(parts).map(([name, { begin, end }]: [string, Days]) => {
    return [name, `${day(begin)} to ${day(end - 1)}`, `${end - begin} days`]
  })
  const { isa, threads, blas } = runtime()
  const engine = `${isa}, ${threads === 1 ? '1 thread' : `${threads} threads`}, BLAS: ${blas}`
  const task = `${job.target} one day ahead from ${job.window} days of ${job.source}`
  return `${job.name}: ${task}\n${textTable(rows)}engine: ${engine}\n`
}

function describeFitted({ forecaster, best, steady }: Fitted): string {
  const { parameterCount } = forecaster.model
  const loss = formatLoss(best.validationLoss)
  if (steady) return `${describeSteady(forecaster.facts)}\n`
  return `best of ${formatCount(parameterCount)} parameters: epoch ${best.epoch}, validation loss ${loss}\n`
}

function describeErrors(job: Job, evaluation: Evaluation): string {
  const errors = errorRows(evaluation)
  const title = job.unit === '' ? 'test error' : `test error in ${job.unit}`
  const cells = ({ name, mae, rmse }: ErrorRow): string[] => [name, mae, rmse]
  return `${textTable([[title, 'MAE', 'RMSE'], ...errors.map(cells)])}${verdict(errors)}\n`
}
