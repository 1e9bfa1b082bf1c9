/**
 * The options of training over epochs.
 *
 * @module
 */
import type { AnyTrainingBatch, TrainingBatch } from '../batch-forms'
import { Dataset } from '../data'
import { argumentError, describe } from '../errors'
import type { Metric } from '../metrics/metric'
import { type CheckedMetric, checkMetrics, type MetricName } from '../metrics/options'
import { checkRecords, type RecordOptions } from '../records/open'
import type { ScheduleOptions } from '../schedules/options'
import { Schedule } from '../schedules/schedule'
import {
  checkAbortSignal,
  checkBoolean,
  checkNumber,
  checkOptions,
  checkPositiveInteger,
  checkSeed,
} from '../validate'
import { type CheckedCheckpoint, checkCheckpoint, type CheckpointOptions } from './checkpoints'
import { checkChunkSteps } from './chunk-steps'
import type { StoppingOptions } from './early-stopping'
import { type EpochSource, epochsOf, type TrainingData } from './epochs'
import { checkFigures, checkMonitor, type Figure, type WatchedFigure } from './figures'
import type { FitJobs } from './jobs'
import type { BatchSettings } from './state'
import { checkValidation, type ValidationSet } from './validation'

/** How {@link Trainer.fit} trains. */
export interface FitOptions<B extends AnyTrainingBatch = TrainingBatch> {
  /** The number of times that the training goes through the data. */
  readonly epochs: number
  /** Sequences in a batch, of a Dataset. Default 32. */
  readonly batchSize?: number | undefined
  /**
   * The number of batches that make one update, as if they were one batch. The last update of an epoch may have fewer.
   * Default 1.
   */
  readonly accumulate?: number | undefined
  /**
   * Cuts each batch into chunks of so many steps, 1 or more, each of which makes one update: truncated back-propagation
   * through time. A chunk begins with the states in which the one before ended, and no gradient goes back beyond it; each
   * batch begins at zero. A sequence that has ended has length 0 in the chunks that follow. With `accumulate` the batches
   * of an update are cut at the same steps. Validation is not cut. The states are those that {@link Trainer.step} carries
   * with `carryState`: within the loop neither call it with this option nor reset its state, and reset it after the loop.
   * The model must predict at every step. It may have no attention, no select, no recurrent layer of two directions, and
   * no inputs whose steps differ. Default: whole sequences.
   */
  readonly chunkSteps?: number | undefined
  /** Whether each epoch goes through a Dataset in a new random order. Default true. */
  readonly shuffle?: boolean | undefined
  /**
   * The seed of the random orders, an integer from 0 to 2^53 - 1: each call with this seed begins with the same order.
   * Default: the model's seed. The orders then continue those of the trainer's last call without a seed.
   */
  readonly seed?: number | undefined
  /**
   * The schedule that gives the learning rate of each update; its base rate is the optimiser's. Options begin a new
   * schedule in this call; a {@link Schedule} continues from the updates that it has counted. A plateau schedule observes
   * the watched figure after each epoch. Default: the optimiser's rate.
   */
  readonly schedule?: ScheduleOptions | Schedule | undefined
  /**
   * Data whose loss and metrics are measured after each epoch, in inference and in the order of the data: one set, or
   * several by their names.
   */
  readonly validation?: TrainingData<B> | Readonly<Record<string, TrainingData<B>>> | undefined
  /** Metrics to compute for each set of validation data in addition to the loss: by name, or your own. Default: none. */
  readonly metrics?: readonly (MetricName | Metric)[] | undefined
  /**
   * The figure that tells the best epoch, by its name in records: `meanLoss`; with one validation set `validationLoss` or
   * the name of a metric; with several sets `SET.loss` or `SET.METRIC`. Default: the loss of the first validation set, or
   * `meanLoss` if there is none.
   */
  readonly monitor?: string | undefined
  /** A figure is better only if the difference to the best one so far is more than this, 0 or more. Default 0. */
  readonly minDelta?: number | undefined
  /**
   * The training ends after this number of epochs in a row whose watched figure was not better than the best one, 1 or
   * more. When the training ends, early or after all epochs, the model gets the parameters of the best epoch, before the
   * last progress comes. The state of the optimiser stays as it is. If the loop is left before, or an error or a signal ends
   * the training, the model keeps the parameters of the last update. Default: no early end, and the model keeps the
   * parameters of the last epoch.
   */
  readonly patience?: number | undefined
  /** Files to write each update and each epoch to. Default: none. */
  readonly records?: readonly RecordOptions[] | undefined
  /** Writes checkpoints during the training, for {@link Trainer.latest} and `resume`. Default: none. */
  readonly checkpoint?: CheckpointOptions | undefined
  /**
   * Whether to continue from the state of this trainer's last `fit`: its loop was left, it failed, or the trainer was loaded
   * from a file. Data and options must be the same as then; `epochs` and `patience` may change. If there is no such state,
   * or other calls made updates since, it begins with the first epoch. Default false.
   */
  readonly resume?: boolean | undefined
  /** Stops the training; the next step then rejects with the signal's reason, and the model keeps what the last finished step made. */
  readonly signal?: AbortSignal | undefined
}

const DATASET_KEYS = ['batchSize', 'shuffle', 'seed'] as const
const KEYS = [
  'epochs',
  'accumulate',
  'chunkSteps',
  'schedule',
  'validation',
  'metrics',
  'monitor',
  'minDelta',
  'patience',
  'records',
  'checkpoint',
  'resume',
  'signal',
  ...DATASET_KEYS,
] as const

type Given = Readonly<Partial<Record<(typeof KEYS)[number], unknown>>>

/** What is trained on, and how. */
export interface Training {
  readonly epochs: number
  readonly source: EpochSource
  readonly settings: BatchSettings | undefined
  /** Counts the orders of the seed that were used. */
  readonly orders: { count: number }
  readonly accumulate: number
  /** Steps of a chunk; undefined for whole sequences. */
  readonly chunkSteps: number | undefined
  readonly schedule: Schedule | undefined
  readonly validation: readonly ValidationSet[]
  readonly metrics: readonly CheckedMetric[]
  readonly figures: readonly Figure[]
  readonly watched: WatchedFigure
  readonly stopping: StoppingOptions
  readonly records: readonly RecordOptions[]
  readonly checkpoint: CheckedCheckpoint | undefined
  /** Whether to go on from where the trainer's last training is. */
  readonly resume: boolean
  readonly signal: AbortSignal | undefined
}

/** Checks everything that can be checked before the first step. */
export function checkFit(jobs: FitJobs, data: unknown, options: unknown): Training {
  const given = checkOptions('options', options, KEYS)
  const epochs = checkPositiveInteger('epochs', given.epochs)
  const { accumulate = 1, chunkSteps, records = [], checkpoint, resume = false, signal } = given
  return {
    epochs,
    accumulate: checkPositiveInteger('accumulate', accumulate),
    chunkSteps: chunkSteps === undefined ? undefined : checkChunkSteps(jobs.graph, chunkSteps),
    ...checkMeasures(jobs, given),
    ...checkData(jobs, data, given),
    records: checkRecords('records', records),
    checkpoint: checkpoint === undefined ? undefined : checkCheckpoint('checkpoint', checkpoint),
    resume: checkBoolean('resume', resume),
    signal: signal === undefined ? undefined : checkAbortSignal('signal', signal),
  }
}

function checkData(
  jobs: FitJobs,
  data: unknown,
  given: Given,
): Pick<Training, 'source' | 'settings' | 'orders'> {
  const { shuffle = true, seed = jobs.modelSeed } = given
  const batchSize = checkBatchSize(given)
  const order = { shuffle: checkBoolean('shuffle', shuffle), seed: checkSeed('seed', seed) }
  const source = epochsOf('data', data, jobs, batchSize, order)
  const isDataset = data instanceof Dataset
  if (!isDataset) refuseDatasetOptions(given)
  return {
    source,
    settings: isDataset ? { sequences: data.size, batchSize, ...order } : undefined,
    orders: given.seed === undefined ? jobs.epochs : { count: 0 },
  }
}

function checkBatchSize({ batchSize = 32 }: Given): number {
  return checkPositiveInteger('batchSize', batchSize)
}

function refuseDatasetOptions(given: Given): void {
  for (const key of DATASET_KEYS) {
    if (given[key] === undefined) continue
    if (key === 'batchSize' && holdsDataset(given.validation)) continue
    const expected = 'none, since data are ready batches'
    throw argumentError('ERR_GRU_VALUE', key, expected, describe(given[key]))
  }
}

function holdsDataset(validation: unknown): boolean {
  if (validation instanceof Dataset) return true
  return Object.values(validation ?? {}).some((data) => data instanceof Dataset)
}

/** The options for measuring each epoch, and for early stopping and the schedule, which depend on the figures. */
function checkMeasures(
  jobs: FitJobs,
  given: Given,
): Pick<Training, 'validation' | 'metrics' | 'figures' | 'watched' | 'stopping' | 'schedule'> {
  const validation = checkValidation(jobs, given.validation, checkBatchSize(given))
  const metrics = checkMetrics(jobs.graph, given.metrics)
  if (metrics.length > 0 && validation.length === 0) {
    const expected = 'none, since there are no validation data'
    throw argumentError('ERR_GRU_VALUE', 'metrics', expected, describe(given.metrics))
  }
  const figures = checkFigures(validation, metrics)
  const watched = checkMonitor(figures, given.monitor)
  const stopping = checkStopping(watched, given)
  const schedule = checkSchedule(watched, given.schedule)
  return { validation, metrics, figures, watched, stopping, schedule }
}

function checkStopping(
  { name, mode }: WatchedFigure,
  { minDelta = 0, patience }: Given,
): StoppingOptions {
  return {
    monitor: name,
    mode,
    minDelta: checkNumber('minDelta', minDelta, { atLeast: 0 }),
    patience: patience === undefined ? undefined : checkPositiveInteger('patience', patience),
  }
}

function checkSchedule(watched: WatchedFigure, value: unknown): Schedule | undefined {
  if (value === undefined) return undefined
  const schedule = value instanceof Schedule ? value : new Schedule(value as ScheduleOptions)
  const { options } = schedule
  if (options.kind === 'plateau' && options.mode !== watched.mode) {
    const expected = `${describe(watched.mode)}, since ${watched.name} is watched`
    throw argumentError('ERR_GRU_VALUE', 'schedule.mode', expected, describe(options.mode))
  }
  return schedule
}
