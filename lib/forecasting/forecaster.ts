/**
 * Forecasts series of a table: a network with everything that it needs, in memory and as a file.
 *
 * @module
 */
import { argumentError } from '../errors'
import type { Model } from '../model'
import type { SequenceModel } from '../sequence-model'
import type { Repair, TableData } from '../tables/series'
import { checkAbortSignal, checkOptions, checkPositiveInteger } from '../validate'
import { calibrateOn } from './calibrating'
import {
  evaluateForecasts,
  forecastOrigins,
  type OriginForecasts,
  pathsOf,
  residualsOf,
  scoreModel,
  someOrigins,
} from './evaluation'
import { extendForecasts } from './extending'
import type { ForecastFacts } from './facts'
import { loadNetwork, saveNetwork } from './forecaster-file'
import { importanceOf } from './importance'
import { learn, type Learnt } from './learning'
import type { Network } from './network'
import { notesOf } from './notes'
import {
  checkForecasterOptions,
  MAX_HORIZON,
  type ForecasterOptions,
  type TrainingEpoch,
} from './options'
import { countOrigins, lastOrigins, type PartName } from './parts'
import { Pauses } from '../pauses'
import { inSlices } from '../slices'
import type { ForecastPath, Residual, TargetEvaluation } from './results'
import { intervalOf } from './scores'
import { Table } from '../tables/table'
import { checkSameRows, checkTable, checkTableFits, isTable, tableOptionsOf } from './table-fit'
import { trainNetwork, type TrainingSettings } from './training'
import { verdictOf } from './verdict'

/** How a forecaster was trained. */
export interface TrainingSummary {
  readonly epochs: readonly TrainingEpoch[]
  /** The epoch with the lowest validation loss; 0 if none was better than the initial parameters. */
  readonly bestEpoch: number
  readonly bestLoss: number
  /** Whether the targets change by the same amount in the whole training part: there was nothing to learn. */
  readonly steady: boolean
  readonly settings: TrainingSettings
  /** The number of windows of each part. */
  readonly windows: Readonly<Record<PartName, number>>
  /** The first and the last time of each part that is forecast; as the table's time axis says. */
  readonly times: Readonly<Record<PartName, readonly [first: number, last: number]>>
}

/** The evaluation of a forecaster on the test part of the table that it was trained on. */
export interface ForecastEvaluation {
  readonly targets: readonly TargetEvaluation[]
  /** Forecasts from origins of the test part. */
  readonly backtest: readonly ForecastPath[]
  readonly residuals: readonly Residual[]
  readonly importance: readonly { readonly column: string; readonly increase: number }[]
  readonly verdict: readonly string[]
}

/** How a forecaster is evaluated. */
export interface EvaluationOptions {
  /**
   * The number of origins whose forecasts are kept; they are divided among the series. The errors are those of all origins.
   * Default: those that forecast 200 steps together, from 20 to 200.
   */
  readonly backtest?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** How {@link Forecaster.forecast} forecasts. */
export interface ForecastOptions {
  /** Steps ahead. More steps than the model's are forecast from its own medians. Default: the model's. */
  readonly horizon?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * A network that forecasts the targets of a table, with what was learnt beside it: the scales of series and columns, seasons
 * and calibrated intervals.
 */
export class Forecaster {
  #network: Network
  readonly #learnt: Learnt | undefined
  readonly #training: TrainingSummary | undefined

  private constructor(network: Network, learnt?: Learnt, training?: TrainingSummary) {
    this.#network = network
    this.#learnt = learnt
    this.#training = training
  }

  /**
   * Trains a forecaster on a table.
   *
   * The times of the table are divided into three parts. The network learns from the training part. The validation part
   * chooses the best epoch and calibrates the intervals. {@link evaluate} tells the errors on the test part.
   *
   * @param control - `stop` ends the training with the best epoch so far, and the promise resolves
   * @throws GruError ERR_GRU_TYPE, ERR_GRU_VALUE for wrong options, for a table without the columns that they name, or with
   *   too few rows: the message says how many would do; the reason of the options' signal if it was aborted
   */
  static async train(
    table: TableData,
    options: ForecasterOptions,
    control: { readonly stop?: AbortSignal | undefined } = {},
  ): Promise<Forecaster> {
    checkTable('table', table)
    const checked = checkForecasterOptions(options)
    const given = checkOptions('control', control, ['stop'])
    const stop = given.stop === undefined ? undefined : checkAbortSignal('stop', given.stop)
    const learnt = await learn(table, checked)
    const { model, ...trained } = await trainNetwork(table, learnt, checked, stop)
    try {
      const { validation } = learnt.parts
      const network = { model, facts: learnt.facts }
      const facts = await calibrateOn(network, table, validation, checked.signal)
      const summary = { ...trained, ...describeParts(table, learnt) }
      return new Forecaster({ model, facts }, { ...learnt, facts }, summary)
    } catch (error) {
      model.dispose()
      throw error
    }
  }

  /**
   * Loads a file that {@link save} wrote, or that an earlier version of `gru train` wrote.
   *
   * @throws GruError ERR_GRU_FORMAT if the file cannot be read or holds no forecaster
   */
  static async load(path: string): Promise<Forecaster> {
    return new Forecaster(await loadNetwork(path))
  }

  /** Saves network and facts in one file. It replaces an old file only when it is complete. */
  async save(path: string): Promise<void> {
    await saveNetwork(this.#network, path)
  }

  /** The network. */
  get model(): Model | SequenceModel {
    return this.#network.model
  }

  /** What was learnt beside the network's parameters. */
  get facts(): ForecastFacts {
    return this.#network.facts
  }

  /** How it was trained; undefined if it was loaded. */
  get training(): TrainingSummary | undefined {
    return this.#training
  }

  /** What the forecaster does with missing cells and unknown categories of a table: each with its rule. */
  notes(table: TableData): Repair[] {
    checkTable('table', table)
    checkTableFits(table, this.facts)
    return notesOf(table, this.facts)
  }

  /**
   * Forecasts the steps after the last row of each series in which a target is known. Rows after it may have the values of
   * inputs that are known for the future.
   *
   * @param rows - a table with the columns of the table of the training, or rows as {@link Table.from} takes them
   * @returns for each series and target a forecast; the series and targets in the table's order. There is none for a
   *   series with fewer rows than the facts' `fewestRows`, nor for a target that has no value in its series.
   * @throws GruError ERR_GRU_VALUE if the table lacks a column or rows; the signal's reason if it was aborted
   */
  async forecast(
    rows: TableData | Iterable<object> | AsyncIterable<object>,
    options: ForecastOptions = {},
  ): Promise<ForecastPath[]> {
    const given = checkOptions('options', options, ['horizon', 'signal'])
    const { facts } = this
    const { horizon: steps = facts.horizon } = given
    const horizon = checkPositiveInteger('horizon', steps, MAX_HORIZON)
    const signal = given.signal === undefined ? undefined : checkAbortSignal('signal', given.signal)
    const table = isTable(rows) ? rows : await Table.from(rows, tableOptionsOf(facts))
    checkTableFits(table, facts)
    const names = facts.targets.map(({ name }) => name)
    const ends = lastOrigins(table, names, facts.fewestRows)
    const forecasts = await forecastOrigins(this.#network, table, ends, signal)
    const paths = await inSlices(pathsOf(table, facts, forecasts), new Pauses(signal))
    return extendForecasts(this.#network, table, paths, horizon, signal)
  }

  /**
   * Evaluates the forecaster on the test part of the table that it was trained on.
   *
   * @throws GruError ERR_GRU_VALUE if it was loaded: it does not know the parts of a table then; if the table has other
   *   series or rows than that of the training; the signal's reason if it was aborted
   */
  async evaluate(table: TableData, options: EvaluationOptions = {}): Promise<ForecastEvaluation> {
    const learnt = this.#learnt
    if (learnt === undefined) {
      const expected = 'a forecaster that was trained in this process'
      throw argumentError('ERR_GRU_VALUE', 'evaluate', expected, 'one that was loaded')
    }
    checkTable('table', table)
    const given = checkOptions('options', options, ['backtest', 'signal'])
    const { facts } = this
    const usual = Math.min(200, Math.max(20, Math.round(200 / facts.horizon)))
    const { backtest: wanted = usual } = given
    const backtest = checkPositiveInteger('backtest', wanted)
    const signal = given.signal === undefined ? undefined : checkAbortSignal('signal', given.signal)
    const { seriesParts, parts } = learnt
    checkTableFits(table, facts)
    checkSameRows(table, facts, seriesParts)
    const coverage = await this.#coverageOnValidation(table, learnt, signal)
    const test = await forecastOrigins(this.#network, table, parts.test, signal)
    const targets = await evaluateForecasts(table, facts, seriesParts, test, coverage, signal)
    return {
      targets,
      backtest: await this.#backtest(table, learnt, backtest, test, signal),
      residuals: await inSlices(residualsOf(table, facts, test), new Pauses(signal)),
      importance: await importanceOf(this.#network, table, test.origins, signal),
      verdict: this.#verdict(table, targets),
    }
  }

  #verdict(table: TableData, targets: readonly TargetEvaluation[]): string[] {
    const sentences = verdictOf(
      targets,
      table.series.map(({ name }) => name),
    )
    if (this.#training?.steady !== true) return sentences
    const isExact = targets.every(({ contenders }) => contenders[0]!.scores.mae === 0)
    const steady =
      'There is nothing to learn: the target changes by the same amount in the whole training part, and the forecast goes on so.'
    return isExact ? [steady, 'This is exact in the whole test part.'] : [steady, ...sentences]
  }

  async #coverageOnValidation(
    table: TableData,
    { parts }: Learnt,
    signal: AbortSignal | undefined,
  ): Promise<(number | null)[]> {
    const { facts } = this
    if (intervalOf(facts.quantiles) === null) return facts.targets.map(() => null)
    const forecasts = await forecastOrigins(this.#network, table, parts.validation, signal)
    const scales = table.series.map(() => null)
    const pauses = new Pauses(signal)
    const coverage: (number | null)[] = []
    for (const target of facts.targets.keys()) {
      const { scores } = await scoreModel(table, facts, forecasts, target, scales, pauses)
      coverage.push(scores.coverage)
    }
    return coverage
  }

  /** Some of the forecasts of the test part, as paths. */
  #backtest(
    table: TableData,
    { parts }: Learnt,
    count: number,
    { origins, values }: OriginForecasts,
    signal: AbortSignal | undefined,
  ): Promise<ForecastPath[]> {
    const some = someOrigins(parts.test, count)
    const wanted = new Map(some.map((own) => [own.series, new Set(own.origins)]))
    const isWanted = (_: unknown, i: number): boolean => {
      const { series, origin } = origins[i]!
      return wanted.get(series)?.has(origin) === true
    }
    const chosen = { origins: origins.filter(isWanted), values: values.filter(isWanted) }
    return inSlices(pathsOf(table, this.facts, chosen), new Pauses(signal))
  }

  /** Frees the native memory of the network. */
  dispose(): void {
    this.model.dispose()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }
}

function describeParts(
  table: TableData,
  { parts, facts }: Learnt,
): Pick<TrainingSummary, 'windows' | 'times'> {
  const rangeOf = (name: PartName): readonly [number, number] => {
    const times = parts[name].flatMap(({ series, origins }) => {
      const own = table.series[series]!.times
      return origins.length === 0
        ? []
        : [own[origins[0]! + 1]!, own[origins.at(-1)! + facts.horizon]!]
    })
    return [Math.min(...times), Math.max(...times)]
  }
  return {
    windows: {
      training: countOrigins(parts.training),
      validation: countOrigins(parts.validation),
      test: countOrigins(parts.test),
    },
    times: {
      training: rangeOf('training'),
      validation: rangeOf('validation'),
      test: rangeOf('test'),
    },
  }
}
