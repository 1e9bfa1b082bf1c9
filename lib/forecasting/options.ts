/**
 * The options of a forecaster, and their checks.
 *
 * @module
 */
import { argumentError, describe } from '../errors'
import type { OptimizerOptions } from '../optimizer'
import { RATE_SCHEDULES, type RateSchedule } from './rate-schedules'
import { checkDropout, checkLayerSize, checkNumLayers } from '../recurrent-options'
import {
  checkAbortSignal,
  checkBoolean,
  checkNumber,
  checkOneOf,
  checkOptions,
  checkPath,
  checkPositiveInteger,
  checkSeed,
  MAX_FLOAT32,
} from '../validate'

/**
 * What the model's output is added to:
 *
 * - `'none'`: the mean of the training part
 * - `'last'`: the last value that is known
 * - `'seasonal'`: the value one season before
 * - `'seasonalTrend'`: that value, and the change of the mean from the season before last to the last one
 */
export type Difference = 'none' | 'last' | 'seasonal' | 'seasonalTrend'

/** How missing values reach the model. In each case a feature says which values are missing. */
export type Missing = 'carry' | 'interpolate' | 'mask'

/** The recurrent network. */
export interface NetworkOptions {
  /** Default 'gru'. */
  readonly cell?: 'gru' | 'lstm' | undefined
  /** Default: 32 up to 2,000 windows of training, 64 up to 20,000, otherwise 96. */
  readonly hiddenSize?: number | undefined
  /** Layers of the encoder. Default 1. */
  readonly numLayers?: number | undefined
  /** Dropout between the layers of the encoder. Default 0. */
  readonly dropout?: number | undefined
  /** Whether the encoder also runs from the last step to the first. Default false. */
  readonly bidirectional?: boolean | undefined
}

/** How the network is trained. */
export interface ForecastTrainingOptions {
  /** The most epochs. Default: enough for about 1,500 updates, from 8 to 120. */
  readonly epochs?: number | undefined
  /** Epochs in a row without a lower validation loss that end the training. Default: a fifth of `epochs`, at least 5. */
  readonly patience?: number | undefined
  /** Windows in a batch. Default: 32 up to 2,000 windows of training, 64 up to 10,000, otherwise 128. */
  readonly batch?: number | undefined
  /** Default 'adamw'. */
  readonly optimizer?: OptimizerOptions['kind'] | undefined
  /** The highest learning rate. Default 0.002. */
  readonly learningRate?: number | undefined
  /** Default 'cosine'. */
  readonly schedule?: RateSchedule | undefined
  /** Default 0.1. */
  readonly weightDecay?: number | undefined
  /** Bound on the norm of the gradients. Default 1. */
  readonly clipNorm?: number | undefined
}

/** What a {@link Forecaster} forecasts, from what, and how. */
export interface ForecasterOptions {
  /** The columns of numbers to forecast. */
  readonly target: string | readonly string[]
  /** The targets' units, for display, by their names. Default: none. */
  readonly units?: Readonly<Record<string, string>> | undefined
  /** Steps ahead. Default 1. */
  readonly horizon?: number | undefined
  /** Steps that the model looks back. Default: from the table's frequency and rows. */
  readonly window?: number | undefined
  /** The columns that the model reads beside the targets. Default: all columns of the table. */
  readonly inputs?: readonly string[] | undefined
  /** Those of them that are known for the future: holidays, prices, weather forecasts. Default: none. */
  readonly future?: readonly string[] | undefined
  /** Seasons in steps, at most three: their lags are inputs. Default: those that the training part shows. */
  readonly seasons?: readonly number[] | undefined
  /** Above 0, below 1, increasing, 0.5 among them. Default [0.1, 0.5, 0.9]. */
  readonly quantiles?: readonly number[] | undefined
  /** 'quantiles', the default: trained with the pinball loss; 'normal': a mean and a variance. */
  readonly distribution?: 'quantiles' | 'normal' | undefined
  /**
   * Whether the targets' logarithms are forecast. 'auto', the default: if they are above 0 in the training part, and vary
   * more where they are larger; later values that have no logarithm are then missing as inputs.
   */
  readonly logarithm?: boolean | 'auto' | undefined
  /** 'auto', the default: the one with the smallest error over the training part. */
  readonly difference?: Difference | 'auto' | undefined
  /** 'carry', the default: the last value; 'interpolate': also the next one, once it is known; 'mask': the mean. */
  readonly missing?: Missing | undefined
  /** Forecasts are not below this. Default: none. */
  readonly minimum?: number | undefined
  /** Forecasts are not above this. Default: none. */
  readonly maximum?: number | undefined
  /** Shares of the times, in their order; the rest is the test part. Default 0.7 and 0.15. */
  readonly split?:
    { readonly training?: number | undefined; readonly validation?: number | undefined } | undefined
  readonly model?: NetworkOptions | undefined
  readonly training?: ForecastTrainingOptions | undefined
  /** Of initial parameters and orders. Default 1. */
  readonly seed?: number | undefined
  /** Default 'cpu'. */
  readonly device?: string | undefined
  /** A folder for checkpoints after each epoch. Default: none. */
  readonly checkpoints?: string | undefined
  /** Whether to go on from the newest checkpoint of that folder. Default false. */
  readonly resume?: boolean | undefined
  /** Ends the training. */
  readonly signal?: AbortSignal | undefined
  /** Is called at the end of each epoch. */
  readonly onEpoch?: ((epoch: TrainingEpoch) => void) | undefined
  /** Is called after each update. */
  readonly onUpdate?: ((update: ForecastUpdate) => void) | undefined
}

/** How far the training is, after an update. */
export interface ForecastUpdate {
  /** From 1. */
  readonly epoch: number
  /** The most epochs. */
  readonly epochs: number
  /** The part of the epoch that is done, from 0 to 1. */
  readonly share: number
  /** The mean loss since the epoch began. */
  readonly loss: number
  /** Of this epoch if it has ended, otherwise of the one before; undefined in the first epoch. */
  readonly validationLoss: number | undefined
  readonly learningRate: number
  /** Seconds until the last epoch ends, if training does not end before. */
  readonly secondsLeft: number | undefined
}

/** The figures of an epoch of training. */
export interface TrainingEpoch {
  /** From 1. */
  readonly epoch: number
  /** The most epochs. */
  readonly epochs: number
  /** Mean loss over the epoch, and loss over the validation part after it. */
  readonly loss: number
  readonly validationLoss: number
  /** Of the epoch's last update. */
  readonly learningRate: number
  /** The mean norm of the epoch's gradients, before clipping. */
  readonly gradNorm: number
  /** Seconds since the training began. */
  readonly seconds: number
  /** Seconds until the last epoch, if training does not end before. */
  readonly secondsLeft: number | undefined
  /** Whether its validation loss is the lowest so far. */
  readonly isBest: boolean
}

type Filled<T> = { readonly [K in keyof T]-?: Exclude<T[K], undefined> }

/** Options that depend on the table are undefined until it is known. */
export interface CheckedOptions {
  readonly targets: readonly string[]
  readonly units: Readonly<Record<string, string>>
  readonly horizon: number
  readonly window: number | undefined
  readonly inputs: readonly string[] | undefined
  readonly future: readonly string[]
  readonly seasons: readonly number[] | undefined
  readonly quantiles: readonly number[]
  readonly distribution: 'quantiles' | 'normal'
  readonly logarithm: boolean | 'auto'
  readonly difference: Difference | 'auto'
  readonly missing: Missing
  readonly minimum: number | undefined
  readonly maximum: number | undefined
  readonly split: Filled<NonNullable<ForecasterOptions['split']>>
  readonly model: Filled<Omit<NetworkOptions, 'hiddenSize'>> & {
    readonly hiddenSize: number | undefined
  }
  readonly training: Filled<Omit<ForecastTrainingOptions, 'epochs' | 'patience' | 'batch'>> &
    Pick<ForecastTrainingOptions, 'epochs' | 'patience' | 'batch'>
  readonly seed: number
  readonly device: string
  readonly checkpoints: string | undefined
  readonly resume: boolean
  readonly signal: AbortSignal | undefined
  readonly onEpoch: ((epoch: TrainingEpoch) => void) | undefined
  readonly onUpdate: ((update: ForecastUpdate) => void) | undefined
}

const KEYS = [
  'target',
  'units',
  'horizon',
  'window',
  'inputs',
  'future',
  'seasons',
  'quantiles',
  'distribution',
  'logarithm',
  'difference',
  'missing',
  'minimum',
  'maximum',
  'split',
  'model',
  'training',
  'seed',
  'device',
  'checkpoints',
  'resume',
  'signal',
  'onEpoch',
  'onUpdate',
] as const

const DIFFERENCES = ['auto', 'none', 'last', 'seasonal', 'seasonalTrend'] as const

/** Checks the options of a forecaster, before a table is known. */
export function checkForecasterOptions(value: unknown): CheckedOptions {
  const given = checkOptions('options', value, KEYS)
  const { horizon = 1, quantiles = [0.1, 0.5, 0.9], logarithm = 'auto', missing = 'carry' } = given
  const { distribution = 'quantiles', difference = 'auto', future = [], split = {} } = given
  const { model = {}, training = {}, seed = 1, device = 'cpu', resume = false } = given
  const { units = {} } = given
  const checked = {
    targets: checkTargets(given.target),
    units: checkUnits(units, checkTargets(given.target)),
    horizon: checkPositiveInteger('horizon', horizon, MAX_HORIZON),
    window: optional(given.window, (window) => checkPositiveInteger('window', window)),
    inputs: optional(given.inputs, (names) => checkNames('inputs', names)),
    future: checkNames('future', future),
    seasons: optional(given.seasons, checkSeasons),
    quantiles: checkQuantiles(quantiles),
    distribution: checkOneOf('distribution', distribution, ['quantiles', 'normal']),
    logarithm: logarithm === 'auto' ? ('auto' as const) : checkBoolean('logarithm', logarithm),
    difference: checkOneOf('difference', difference, DIFFERENCES),
    missing: checkOneOf('missing', missing, ['carry', 'interpolate', 'mask']),
    minimum: optional(given.minimum, (minimum) => checkNumber('minimum', minimum)),
    maximum: optional(given.maximum, (maximum) => checkNumber('maximum', maximum)),
    split: checkSplit(split),
    model: checkNetwork(model),
    training: checkTraining(training),
    seed: checkSeed('seed', seed),
    device: checkText('device', device),
    checkpoints: optional(given.checkpoints, (folder) => checkPath('checkpoints', folder)),
    resume: checkBoolean('resume', resume),
    signal: optional(given.signal, (signal) => checkAbortSignal('signal', signal)),
    onEpoch: optional(given.onEpoch, (call) => checkFunction('onEpoch', call)),
    onUpdate: optional(given.onUpdate, (call) => checkFunction('onUpdate', call)),
  }
  checkBounds(checked)
  return checked
}

/** A forecast of more steps would be longer than most tables. */
export const MAX_HORIZON = 100_000

function optional<T>(value: unknown, check: (value: unknown) => T): T | undefined {
  return value === undefined ? undefined : check(value)
}

function checkText(argument: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value
  throw argumentError('ERR_GRU_TYPE', argument, 'a string that is not empty', describe(value))
}

function checkNames(argument: string, value: unknown): readonly string[] {
  if (!Array.isArray(value)) {
    throw argumentError('ERR_GRU_TYPE', argument, "an array of columns' names", describe(value))
  }
  const names = value.map((name, i) => checkText(`${argument}[${i}]`, name))
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice === undefined) return names
  throw argumentError('ERR_GRU_VALUE', argument, 'each column once', `${describe(twice)} twice`)
}

function checkTargets(value: unknown): readonly string[] {
  if (typeof value === 'string') return [checkText('target', value)]
  const names = checkNames('target', value)
  if (names.length > 0) return names
  throw argumentError('ERR_GRU_VALUE', 'target', 'at least one column', 'none')
}

function checkUnits(value: unknown, targets: readonly string[]): Readonly<Record<string, string>> {
  const units = checkOptions('units', value, targets)
  return Object.fromEntries(
    Object.entries(units).map(([name, unit]) => {
      if (typeof unit === 'string') return [name, unit]
      throw argumentError('ERR_GRU_TYPE', `units.${name}`, 'a string', describe(unit))
    }),
  )
}

function checkSeasons(value: unknown): readonly number[] {
  if (!Array.isArray(value) || value.length > 3) {
    throw argumentError('ERR_GRU_TYPE', 'seasons', 'an array of at most 3 numbers', describe(value))
  }
  const seasons = value.map((season, i) => checkPositiveInteger(`seasons[${i}]`, season))
  if (new Set(seasons).size === seasons.length) return seasons
  throw argumentError('ERR_GRU_VALUE', 'seasons', 'each season once', JSON.stringify(seasons))
}

function checkQuantiles(value: unknown): readonly number[] {
  if (!Array.isArray(value)) {
    throw argumentError('ERR_GRU_TYPE', 'quantiles', 'an array of numbers', describe(value))
  }
  const quantiles = value.map((quantile, i) =>
    checkNumber(`quantiles[${i}]`, quantile, { above: 0, below: 1 }),
  )
  const increasing = quantiles.every((quantile, i) => i === 0 || quantile > quantiles[i - 1]!)
  if (increasing && quantiles.includes(0.5)) return quantiles
  const expected = 'increasing numbers with 0.5, the median, among them'
  throw argumentError('ERR_GRU_VALUE', 'quantiles', expected, JSON.stringify(quantiles))
}

function checkSplit(value: unknown): CheckedOptions['split'] {
  const { training = 0.7, validation = 0.15 } = checkOptions('split', value, [
    'training',
    'validation',
  ])
  const range = { above: 0, below: 1 }
  const split = {
    training: checkNumber('split.training', training, range),
    validation: checkNumber('split.validation', validation, range),
  }
  if (split.training + split.validation < 1) return split
  const got = String(split.training + split.validation)
  throw argumentError('ERR_GRU_VALUE', 'split', 'a sum below 1, to leave a test part', got)
}

function checkNetwork(value: unknown): CheckedOptions['model'] {
  const given = checkOptions('model', value, [
    'cell',
    'hiddenSize',
    'numLayers',
    'dropout',
    'bidirectional',
  ])
  const { cell = 'gru', numLayers = 1, dropout = 0, bidirectional = false } = given
  return {
    cell: checkOneOf('model.cell', cell, ['gru', 'lstm']),
    hiddenSize: optional(given.hiddenSize, (size) => checkLayerSize('model.hiddenSize', size)),
    numLayers: checkNumLayers('model.numLayers', numLayers),
    dropout: checkDropout('model.dropout', dropout),
    bidirectional: checkBoolean('model.bidirectional', bidirectional),
  }
}

function checkTraining(value: unknown): CheckedOptions['training'] {
  const given = checkOptions('training', value, [
    'epochs',
    'patience',
    'batch',
    'optimizer',
    'learningRate',
    'schedule',
    'weightDecay',
    'clipNorm',
  ])
  const count = (key: string, number: unknown): number | undefined =>
    optional(number, (count) => checkPositiveInteger(`training.${key}`, count))
  const { optimizer = 'adamw', learningRate = 0.002, weightDecay = 0.1, clipNorm = 1 } = given
  const { schedule = 'cosine' } = given
  const above0 = { above: 0, atMost: MAX_FLOAT32 }
  const from0 = { atLeast: 0, atMost: MAX_FLOAT32 }
  return {
    epochs: count('epochs', given.epochs),
    patience: count('patience', given.patience),
    batch: count('batch', given.batch),
    optimizer: checkOneOf('training.optimizer', optimizer, ['sgd', 'rmsprop', 'adam', 'adamw']),
    learningRate: checkNumber('training.learningRate', learningRate, above0),
    schedule: checkOneOf('training.schedule', schedule, RATE_SCHEDULES),
    weightDecay: checkNumber('training.weightDecay', weightDecay, from0),
    clipNorm: checkNumber('training.clipNorm', clipNorm, above0),
  }
}

function checkFunction(argument: string, value: unknown): (told: unknown) => void {
  if (typeof value === 'function') return value as (told: unknown) => void
  throw argumentError('ERR_GRU_TYPE', argument, 'a function', describe(value))
}

function checkBounds(options: CheckedOptions): void {
  const { minimum, maximum, targets, future, inputs, checkpoints, resume } = options
  if (minimum !== undefined && maximum !== undefined && minimum > maximum) {
    const expected = `at least the minimum, ${minimum}`
    throw argumentError('ERR_GRU_VALUE', 'maximum', expected, String(maximum))
  }
  const unknown = future.find((name) => inputs !== undefined && !inputs.includes(name))
  if (unknown !== undefined) {
    throw argumentError('ERR_GRU_VALUE', 'future', 'columns of inputs', describe(unknown))
  }
  const twice = inputs?.find((name) => targets.includes(name))
  if (twice !== undefined) {
    const expected = 'columns other than the targets, which the model always reads'
    throw argumentError('ERR_GRU_VALUE', 'inputs', expected, describe(twice))
  }
  const target = future.find((name) => targets.includes(name))
  if (target !== undefined) {
    const expected = 'columns other than the targets, which are not known'
    throw argumentError('ERR_GRU_VALUE', 'future', expected, describe(target))
  }
  if (resume && checkpoints === undefined) {
    throw argumentError('ERR_GRU_VALUE', 'resume', 'a folder of checkpoints', 'none')
  }
}
