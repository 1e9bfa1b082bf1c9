/**
 * The results of a training run, put together from its parts.
 *
 * @module
 */
import * as path from 'node:path'
import type { ForecastEvaluation, Forecaster } from '../forecasting/forecaster'
import type { TargetFacts } from '../forecasting/facts'
import { checkForecasterOptions, type TrainingEpoch } from '../forecasting/options'
import { historyOf } from '../forecasting/parts'
import type {
  EpochResult,
  ForecastPath,
  History,
  PartResult,
  RunResults,
} from '../forecasting/results'
import { describeWarnings } from '../formats/faults'
import { parseJson } from '../formats/json'
import { readTextFile } from '../formats/text-file'
import { runtime } from '../runtime'
import { formatTime } from '../tables/calendar'
import { describeFrequency } from '../tables/frequency-names'
import type { Repair } from '../tables/series'
import { describeRepair } from '../tables/summary'
import type { Table } from '../tables/table'
import type { Job } from './job'

/** What is known of a run before its model is trained. */
export interface RunStart {
  readonly job: Job
  readonly table: Table
  readonly version: string
  /** ISO 8601 */
  readonly created: string
}

/** What is known at its end. */
export interface RunEnd {
  readonly forecaster: Forecaster
  readonly epochs: readonly EpochResult[]
  readonly evaluation: ForecastEvaluation
  readonly forecasts: readonly ForecastPath[]
  readonly seconds: RunResults['seconds']
}

/** The version of the package. */
export async function packageVersion(): Promise<string> {
  // lib and dist are both directly in the package.
  const file = path.join(__dirname, '..', '..', 'package.json')
  return (parseJson(await readTextFile(file), file) as { version: string }).version
}

const NO_PART: PartResult = { first: '', last: '', windows: 0 }

/** The results of a run that still trains: with the epochs so far, and without any forecast. */
export function resultsSoFar(start: RunStart, epochs: readonly EpochResult[]): RunResults {
  const { job, table } = start
  const { horizon = 1, window = 0, quantiles = [0.5] } = job.forecasterOptions
  return {
    ...commonOf(start, namesOf(job)),
    ...EMPTY,
    seconds: { ...EMPTY.seconds, training: epochs.at(-1)?.seconds ?? 0 },
    job: { table: job.source, ...job.tableOptions, ...job.forecasterOptions },
    table: describeTable(table, job.source, []),
    ...{ horizon, window, quantiles, epochs },
    model: { description: 'in training', parameterCount: 0 },
    bestEpoch: lowestOf(epochs)?.epoch ?? 0,
    histories: historiesOf(table, job.forecasterOptions.target, horizon),
    verdict: ['The model is still in training.'],
  }
}

/** The results of a run that has ended. */
export function resultsOf(start: RunStart, end: RunEnd): RunResults {
  const { job, table } = start
  const { forecaster, evaluation, forecasts, epochs, seconds } = end
  const { facts, model, training } = forecaster
  const repairs = forecaster.notes(table)
  return {
    ...commonOf(start, namesOf(job)),
    seconds,
    job: resolvedJob(start, forecaster),
    table: describeTable(table, job.source, repairs),
    horizon: facts.horizon,
    window: facts.window,
    quantiles: facts.quantiles,
    parts: partsOf(forecaster),
    model: { description: describeNetwork(job, training!), parameterCount: model.parameterCount },
    ...{ epochs, bestEpoch: bestEpochOf(training!, epochs), forecasts },
    histories: historiesOf(table, job.forecasterOptions.target, facts.horizon),
    backtest: evaluation.backtest,
    residuals: evaluation.residuals,
    evaluation: evaluation.targets,
    importance: evaluation.importance,
    verdict: evaluation.verdict,
  }
}

/** What a page shows of a forecast by a saved model. */
export interface ForecastMade {
  readonly forecaster: Forecaster
  readonly table: Table
  readonly forecasts: readonly ForecastPath[]
  readonly source: string
  readonly units: Readonly<Record<string, string>>
}

/** The results of a forecast: those of a run, without a training and an evaluation. */
export function resultsOfForecast(
  { forecaster, table, forecasts, source, units }: ForecastMade,
  start: Pick<RunStart, 'version' | 'created'>,
): RunResults {
  const { facts, model } = forecaster
  const names = facts.targets.map(({ name }) => name)
  const horizon = forecasts[0]?.times.length ?? facts.horizon
  const targets = targetsOf(names, units)
  return {
    ...commonOf({ ...start, table }, { name: source, targets, device: 'cpu' }),
    ...EMPTY,
    table: describeTable(table, source, forecaster.notes(table)),
    ...{ horizon, window: facts.window, quantiles: facts.quantiles, forecasts },
    model: { description: 'a saved model', parameterCount: model.parameterCount },
    histories: historiesOf(table, names, horizon),
  }
}

/** What a run has not, of which there is only a forecast. */
const EMPTY = {
  seconds: { reading: 0, training: 0, evaluation: 0 },
  job: {},
  parts: { training: NO_PART, validation: NO_PART, test: NO_PART },
  ...{ epochs: [], bestEpoch: 0, forecasts: [], backtest: [], residuals: [], evaluation: [] },
  ...{ importance: [], verdict: [] },
} satisfies Partial<RunResults>

/** The number of the best epoch. A training that went on does not know it, if no further epoch was better. */
function bestEpochOf(
  { bestEpoch, bestLoss }: NonNullable<Forecaster['training']>,
  epochs: readonly EpochResult[],
): number {
  if (bestEpoch > 0) return bestEpoch
  const lowest = lowestOf(epochs)
  return lowest !== undefined && lowest.validationLoss <= bestLoss ? lowest.epoch : 0
}

function lowestOf(epochs: readonly EpochResult[]): EpochResult | undefined {
  return epochs.reduce<EpochResult | undefined>((lowest, epoch) => {
    return lowest === undefined || epoch.validationLoss < lowest.validationLoss ? epoch : lowest
  }, undefined)
}

/** An epoch without what only the display of the training needs. */
export function epochResult(epoch: TrainingEpoch): EpochResult {
  const { loss, validationLoss, learningRate, gradNorm, seconds } = epoch
  return { epoch: epoch.epoch, loss, validationLoss, learningRate, gradNorm, seconds }
}

type Common = 'version' | 'name' | 'created' | 'versions' | 'engine' | 'step' | 'targets' | 'series'

interface Named {
  readonly name: string
  readonly targets: RunResults['targets']
  readonly device: string
}

function commonOf(
  { table, version, created }: Omit<RunStart, 'job'>,
  { name, targets, device }: Named,
): Pick<RunResults, Common> {
  const { isa, threads, blas } = runtime()
  return {
    ...{ version: 1, name, created, targets },
    versions: { 'gru-native': version, node: process.version },
    engine: { isa, threads, blas, device },
    step: describeFrequency(table.time.frequency, table.time.kind),
    series: table.series.map((series) => series.name),
  }
}

function namesOf({ name, forecasterOptions, units }: Job): Named {
  const { target, device = 'cpu' } = forecasterOptions
  return { name, targets: targetsOf(target, units), device }
}

function targetsOf(
  names: readonly string[],
  units: Readonly<Record<string, string>>,
): RunResults['targets'] {
  return names.map((name) => ({ name, unit: units[name] ?? '' }))
}

function describeTable(
  table: Table,
  source: string,
  notes: readonly Repair[],
): RunResults['table'] {
  return {
    path: source,
    // The path has a place of its own, and so have the repairs.
    facts: table.facts().filter(([term]) => term !== 'table' && term !== 'repaired'),
    repairs: [...table.repairs, ...notes].map(describeRepair),
    warnings: describeWarnings(source, table.warnings),
  }
}

/** The job with all defaults, also those that come from the table. */
function resolvedJob({ job }: RunStart, { facts, training }: Forecaster): RunResults['job'] {
  const { targets, ...checked } = checkForecasterOptions(job.forecasterOptions)
  const options = { ...checked, units: undefined, resume: undefined }
  const { hiddenSize, epochs, patience, batch } = training!.settings
  const ofTargets = <T>(valueOf: (target: TargetFacts) => T): Record<string, T> =>
    Object.fromEntries(facts.targets.map((target) => [target.name, valueOf(target)]))
  return {
    table: job.source,
    ...job.tableOptions,
    target: targets,
    unit: job.units,
    ...options,
    window: facts.window,
    inputs: facts.inputs.map(({ name }) => name),
    seasons: facts.seasons.map(({ steps }) => steps),
    logarithm: ofTargets(({ logarithm }) => logarithm),
    difference: ofTargets(({ difference }) => difference),
    model: { ...options.model, hiddenSize },
    training: { ...options.training, epochs, patience, batch },
  }
}

function partsOf({ training, facts }: Forecaster): RunResults['parts'] {
  const { times, windows } = training!
  const partOf = (name: keyof typeof times): PartResult => {
    const [first, last] = times[name].map((time) => formatTime(time, facts.time))
    return { first: first!, last: last!, windows: windows[name] }
  }
  return {
    training: partOf('training'),
    validation: partOf('validation'),
    test: partOf('test'),
  }
}

function describeNetwork(
  { forecasterOptions }: Job,
  { settings }: NonNullable<Forecaster['training']>,
): string {
  const { cell, numLayers, bidirectional } = checkForecasterOptions(forecasterOptions).model
  const layers = numLayers === 1 ? '1 layer' : `${numLayers} layers`
  const both = bidirectional ? ' in both directions' : ''
  return `${cell.toUpperCase()}, encoder of ${layers} of ${settings.hiddenSize} units${both}, decoder of 1 layer`
}

/** A reader looks back over several horizons, but not over all rows of a long table. */
const LEAST_HISTORY = 200
const HORIZONS = 10

/** The values before the forecasts, for each series and target. */
export function historiesOf(table: Table, targets: readonly string[], horizon: number): History[] {
  const rows = Math.max(LEAST_HISTORY, HORIZONS * horizon)
  return table.series.flatMap((series) => {
    const end = historyOf(series, targets)
    const begin = Math.max(0, end - rows)
    const times = Array.from(series.times.subarray(begin, end), (time) =>
      formatTime(time, table.time),
    )
    return targets.flatMap((target) => {
      const values = series.numbers.get(target)!
      const known = Array.from(values.subarray(begin, end), (value) =>
        Number.isNaN(value) ? null : value,
      )
      return [{ series: series.name, target, times, values: known }]
    })
  })
}
