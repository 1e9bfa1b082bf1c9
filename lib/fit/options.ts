/**
 * The options of training over epochs.
 *
 * @module
 */
import type { AnyTrainingBatch, TrainingBatch } from '../batch-forms'
import { Dataset } from '../data'
import { argumentError, describe } from '../errors'
import {
  checkAbortSignal,
  checkBoolean,
  checkOptions,
  checkPositiveInteger,
  checkSeed,
} from '../validate'
import { type EpochSource, epochsOf, type TrainingData } from './epochs'
import type { FitJobs } from './jobs'

/** How {@link Trainer.fit} trains. */
export interface FitOptions<B extends AnyTrainingBatch = TrainingBatch> {
  /** How many times to go through the data. */
  readonly epochs: number
  /** Sequences in a batch, of a Dataset. Default 32. */
  readonly batchSize?: number | undefined
  /** Whether each epoch goes through a Dataset in a new random order. Default true. */
  readonly shuffle?: boolean | undefined
  /**
   * An integer from 0 to 2^53 - 1 that this call's orders follow from: each call with it begins with the same one.
   * Default: the model's seed, with orders that go on where the trainer's last call without a seed stopped.
   */
  readonly seed?: number | undefined
  /** Data whose loss is measured after each epoch, in inference and in their own order. */
  readonly validation?: TrainingData<B> | undefined
  /** Stops the training; the next step then rejects with the signal's reason, and the model keeps what the last finished step made. */
  readonly signal?: AbortSignal | undefined
}

const KEYS = ['epochs', 'batchSize', 'shuffle', 'seed', 'validation', 'signal'] as const
const DATASET_KEYS = ['batchSize', 'shuffle', 'seed'] as const

type Given = Readonly<Partial<Record<(typeof KEYS)[number], unknown>>>

/** What is trained on, and how. */
export interface Training {
  readonly epochs: number
  readonly source: EpochSource
  /** Which of its seed's orders an epoch of this call has. */
  readonly orderOf: (epoch: number) => number
  readonly validation: EpochSource | undefined
  readonly signal: AbortSignal | undefined
}

/** Checks everything that can be checked before the first step. */
export function checkFit(jobs: FitJobs, data: unknown, options: unknown): Training {
  const given = checkOptions('options', options, KEYS)
  const epochs = checkPositiveInteger('epochs', given.epochs)
  const { batchSize = 32, shuffle = true, seed = jobs.modelSeed } = given
  const size = checkPositiveInteger('batchSize', batchSize)
  const order = {
    shuffle: checkBoolean('shuffle', shuffle),
    seed: checkSeed('seed', seed),
  }
  const signal = given.signal === undefined ? undefined : checkAbortSignal('signal', given.signal)
  const validation =
    given.validation === undefined
      ? undefined
      : epochsOf('validation', given.validation, jobs, size, { shuffle: false, seed: 0 })
  const source = epochsOf('data', data, jobs, size, order)
  if (!(data instanceof Dataset)) refuseDatasetOptions(given)
  const orderOf = given.seed === undefined ? jobs.nextEpoch : (epoch: number) => epoch
  return { epochs, source, orderOf, validation, signal }
}

function refuseDatasetOptions(given: Given): void {
  for (const key of DATASET_KEYS) {
    const isForValidation = key === 'batchSize' && given.validation instanceof Dataset
    if (given[key] === undefined || isForValidation) continue
    const expected = 'none, since data are ready batches'
    throw argumentError('ERR_GRU_VALUE', key, expected, describe(given[key]))
  }
}
