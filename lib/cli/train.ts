/**
 * `gru train`: from a table to a saved model, its forecasts and a report.
 *
 * @module
 */
import { isDeepStrictEqual } from 'node:util'
import { GruError } from '../errors'
import { Forecaster, type ForecastEvaluation } from '../forecasting/forecaster'
import type { ForecasterOptions, ForecastUpdate, TrainingEpoch } from '../forecasting/options'
import type { EpochResult, ForecastPath, RunResults } from '../forecasting/results'
import { describeRepair } from '../tables/summary'
import { Table } from '../tables/table'
import type { Command, Context } from './command'
import { Interruption, statusOf } from './interruption'
import {
  FORECAST_OPTIONS,
  JOB_OPTIONS,
  MODEL_OPTIONS,
  RUN_OPTIONS,
  TABLE_OPTIONS,
  TRAINING_OPTIONS,
} from './job-options'
import { type Live, openLive } from './live'
import { describeOptions } from './option-help'
import { loadPeers } from './peers'
import { renderReport } from './report/run-report'
import { RunFolder } from './run-folder'
import { epochResult, packageVersion, resultsOf, resultsSoFar, type RunStart } from './run-results'
import { readTrainCommand, type TrainCommand } from './job'
import { jsonReporter, textReporter, type TrainReporter } from './train-reporter'
import { showWarnings } from './warnings'

export const TRAIN_HELP = `gru train TABLE --target NAME [options]
gru train JOB.json [options]

Trains a model, and writes into a folder: model.safetensors, report.html, results.json,
forecasts.csv and epochs.csv. A job is a JSON file with the path of the "table" and the options as
keys: "target", "horizon", "timeZone", ...; those of the model are in "model", those of the training
in "training", and the shares in "split". Options of the command line are stronger.

${describeOptions([
  { title: 'the forecast', options: FORECAST_OPTIONS },
  { title: 'the table', options: TABLE_OPTIONS },
  { title: 'the model', options: MODEL_OPTIONS },
  { title: 'the training', options: TRAINING_OPTIONS },
  { title: 'the run', options: { name: JOB_OPTIONS.name, ...RUN_OPTIONS } },
])}`

/** Trains the model of a job, saves it, evaluates it, and writes its forecasts and a report. */
export const train: Command = async (args, context) => {
  loadPeers()
  const command = await readTrainCommand(args)
  const { job, run } = command
  const reporter =
    run.json === true ? jsonReporter(context.stdout) : textReporter(context.stdout, job.units)
  const live = run.live === true ? await openLive(run.port ?? 0) : undefined
  try {
    await new Run(command, context, reporter, live).run()
  } finally {
    reporter.stop()
    await live?.close()
  }
}

/** One run of `gru train`. */
class Run {
  readonly #command: TrainCommand
  readonly #context: Context
  readonly #reporter: TrainReporter
  readonly #live: Live | undefined
  readonly #folder: RunFolder
  readonly #epochs: EpochResult[] = []

  constructor(
    command: TrainCommand,
    context: Context,
    reporter: TrainReporter,
    live: Live | undefined,
  ) {
    this.#command = command
    this.#context = context
    this.#reporter = reporter
    this.#live = live
    this.#folder = new RunFolder(command.run.out)
  }

  async run(): Promise<void> {
    const { signal, stderr } = this.#context
    const { job } = this.#command
    const begin = performance.now()
    const table = await Table.read(job.table, job.tableOptions)
    const reading = secondsSince(begin)
    signal.throwIfAborted()
    showWarnings(stderr, table.path, table.warnings)
    const created = new Date().toISOString()
    const start = { job, table, version: await packageVersion(), created }
    const { table: facts, series, step } = resultsSoFar(start, [])
    this.#reporter.tell({ event: 'table', table: facts, series, step })
    if (this.#live !== undefined) this.#reporter.tell({ event: 'live', url: this.#live.url })
    const trained = await this.#train(start)
    try {
      await this.#finish(start, trained, reading)
    } finally {
      trained.forecaster.dispose()
    }
  }

  async #train(start: RunStart): Promise<Trained> {
    const { job, run } = this.#command
    const { signal } = this.#context
    const resume = run.resume === true
    await this.#folder.begin(resume)
    const before = resume ? await this.#folder.epochsBefore() : []
    const begin = performance.now()
    const options = {
      ...job.forecasterOptions,
      units: job.units,
      ...{ checkpoints: this.#folder.checkpoints, resume },
      onEpoch: (epoch: TrainingEpoch) => {
        this.#addEpoch(start, before, epoch)
      },
      onUpdate: (update: ForecastUpdate) => {
        // The end of an epoch is an event of its own.
        if (update.share < 1) this.#reporter.show(update)
      },
    }
    const isUntrained = (): boolean => this.#epochs.length === 0 && before.length === 0
    const forecaster = await this.#trainUnlessUntrained(start.table, options, isUntrained)
    if (signal.aborted && isUntrained()) {
      forecaster.dispose()
      await this.#leaveUntrained()
    }
    // A training that goes on may have no epoch left.
    if (this.#epochs.length === 0) this.#epochs.push(...before)
    return { forecaster, seconds: secondsSince(begin) }
  }

  /** An interruption before the first epoch's end needs no model, and its calibration would only take time. */
  async #trainUnlessUntrained(
    table: Table,
    options: ForecasterOptions,
    isUntrained: () => boolean,
  ): Promise<Forecaster> {
    const { signal } = this.#context
    const atOnce = new AbortController()
    const abort = (): void => {
      if (isUntrained()) atOnce.abort(signal.reason)
    }
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort)
    try {
      return await Forecaster.train(table, { ...options, signal: atOnce.signal }, { stop: signal })
    } catch (error) {
      if (atOnce.signal.aborted) await this.#leaveUntrained()
      throw error
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  async #leaveUntrained(): Promise<never> {
    await this.#folder.leaveUnused()
    const status = statusOf(this.#context.signal.reason)
    throw new Interruption('interrupted; nothing was saved', status)
  }

  #addEpoch(start: RunStart, before: readonly EpochResult[], epoch: TrainingEpoch): void {
    const { epochs, secondsLeft, isBest } = epoch
    if (this.#epochs.length === 0) {
      this.#epochs.push(...before.filter((earlier) => earlier.epoch < epoch.epoch))
    }
    const offset = before.at(-1)?.seconds ?? 0
    const result = { ...epochResult(epoch), seconds: epoch.seconds + offset }
    this.#epochs.push(result)
    this.#folder.addEpoch(result)
    this.#reporter.tell({
      event: 'epoch',
      ...result,
      epochs,
      secondsLeft: secondsLeft ?? null,
    })
    const { validationLoss } = result
    if (isBest) this.#reporter.tell({ event: 'best', epoch: result.epoch, validationLoss })
    this.#live?.publish(() => renderReport(resultsSoFar(start, this.#epochs)))
  }

  /** Saves the model first: whatever happens then, it is there. */
  async #finish(start: RunStart, { forecaster, seconds }: Trained, reading: number): Promise<void> {
    const { signal } = this.#context
    const reason: unknown = signal.reason
    const { bestEpoch } = forecaster.training!
    if (signal.aborted) this.#reporter.tell({ event: 'interrupted', bestEpoch })
    await this.#folder.saveModel(forecaster)
    const begin = performance.now()
    // An interruption of the training must not keep its model from being evaluated, but another one ends the process.
    const evaluated = await this.#evaluate(start, forecaster, signal.aborted ? undefined : signal)
    const results = resultsOf(start, {
      ...{ forecaster, epochs: this.#epochs, ...evaluated },
      seconds: { reading, training: seconds, evaluation: secondsSince(begin) },
    })
    this.#tellResults(results, forecaster, start.table)
    const report = renderReport(results)
    const files = await this.#folder.saveResults(results, report)
    await checkSaved(this.#folder.model, start.table, results.forecasts)
    this.#reporter.tell({ event: 'saved', files })
    this.#live?.publish(() => report)
    if (reason !== undefined) {
      // 0 stands for the initial parameters, if no epoch was better.
      const best = bestEpoch === 0 ? 'before the first epoch' : `of epoch ${bestEpoch}`
      const message = `interrupted; the model ${best} is saved, and --resume goes on from here`
      throw new Interruption(message, statusOf(reason))
    }
    await this.#folder.removeCheckpoints()
  }

  async #evaluate(
    { table, job }: RunStart,
    forecaster: Forecaster,
    signal: AbortSignal | undefined,
  ): Promise<Evaluated> {
    const { backtest } = job
    try {
      const evaluation = await forecaster.evaluate(table, { backtest, signal })
      return { evaluation, forecasts: await forecaster.forecast(table, { signal }) }
    } catch (error) {
      if (signal?.aborted !== true) throw error
      const message = 'interrupted; the model is saved, without its evaluation'
      throw new Interruption(message, statusOf(signal.reason))
    }
  }

  #tellResults(results: RunResults, forecaster: Forecaster, table: Table): void {
    const { model, parts, bestEpoch, evaluation, verdict, quantiles, forecasts } = results
    const { steady, bestLoss: validationLoss } = forecaster.training!
    const notes = forecaster.notes(table).map(describeRepair)
    this.#reporter.tell({
      ...{ event: 'trained', model, parts, bestEpoch, validationLoss, steady, notes },
    })
    this.#reporter.tell({ event: 'evaluation', evaluation, verdict })
    this.#reporter.tell({ event: 'forecast', quantiles, forecasts })
  }
}

interface Trained {
  readonly forecaster: Forecaster
  readonly seconds: number
}

interface Evaluated {
  readonly evaluation: ForecastEvaluation
  readonly forecasts: readonly ForecastPath[]
}

function secondsSince(begin: number): number {
  return (performance.now() - begin) / 1000
}

/** Compares the forecasts of a saved model with those of the model in memory. */
async function checkSaved(
  file: string,
  table: Table,
  expected: readonly ForecastPath[],
): Promise<void> {
  const loaded = await Forecaster.load(file)
  try {
    if (isDeepStrictEqual(await loaded.forecast(table), expected)) return
  } finally {
    loaded.dispose()
  }
  const message = `${file}: the model forecasts differently once it is loaded again`
  throw new GruError('ERR_GRU_INTERNAL', message)
}
