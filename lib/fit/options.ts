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
  /** How many times to go through the data. */
  readonly epochs: number
  /** Sequences in a batch, of a Dataset. Default 32. */
  readonly batchSize?: number | undefined
  /**
   * How many batches make one update, as if they were one batch; the last update of an epoch may have fewer. Default 1.
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
   * An integer from 0 to 2^53 - 1 that this call's orders follow from: each call with it begins with the same one.
   * Default: the model's seed, with orders that go on where the trainer's last call without a seed stopped.
   */
  readonly seed?: number | undefined
  /**
   * The learning rate of each update, from the optimiser's as its base rate. Options begin a new schedule with this
   * call; a {@link Schedule} goes on from where it is. A plateau heeds the watched figure after each epoch. Default: the
   * optimiser's rate.
   */
  readonly schedule?: ScheduleOptions | Schedule | undefined
  /**
   * Data whose loss and metrics are measured after each epoch, in inference and in their own order: one set, or several
   * by their names.
   */
  readonly validation?: TrainingData<B> | Readonly<Record<string, TrainingData<B>>> | undefined
  /** Figures to compute over each set of validation data, beside the loss: by name, or of the caller's own. Default: none. */
  readonly metrics?: readonly (MetricName | Metric)[] | undefined
  /**
   * The figure that tells the best epoch, by its name in records: `meanLoss`; of the one validation set `validationLoss`
   * or a metric's name; of several sets `SET.loss` or `SET.METRIC`. Default: the first validation set's loss, else
   * `meanLoss`.
   */
  readonly monitor?: string | undefined
  /** By how much the watched figure must be better than the best to count as better, 0 or more. Default 0. */
  readonly minDelta?: number | undefined
  /**
   * Epochs in a row whose watched figure may be no better, 1 or more: the last of them ends the training. At its end,
   * this one or that of all epochs, the parameters of the best epoch are put back, before the last progress comes; what
   * the optimiser has gathered stays. Leaving the loop, an error or a signal puts nothing back. Default: no early end,
   * and nothing is put back.
   */
  readonly patience?: number | undefined
  /** Files to write the training down in, each update and each epoch. Default: none. */
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
  /** Counts the orders of its seed that epochs had. */
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

/** What is measured after each epoch, and what follows from it. */
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
