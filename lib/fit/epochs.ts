/**
 * Data as one epoch after another.
 *
 * @module
 */
import type { AnyTrainingBatch, TrainingBatch } from '../batch-forms'
import {
  type AnyTrainingSequence,
  batchesOf,
  checkDataset,
  Dataset,
  epochOrder,
  type SequenceOf,
} from '../data'
import { argumentError, describe } from '../errors'
import { checkFiniteBatch } from '../finite'
import type { CheckedBatch } from '../model-batch'
import type { FitJobs } from './jobs'

/**
 * What to train on: sequences in memory, or ready batches from an iterable, which is run through once
 * an epoch. Each batch is copied before the next one is asked for.
 */
export type TrainingData<B extends AnyTrainingBatch = TrainingBatch> =
  Dataset<SequenceOf<B>> | Iterable<B> | AsyncIterable<B>

/** The batches of an epoch, unchecked. */
export type Batches = Iterable<unknown> | AsyncIterable<unknown>

/** Data as one epoch after another. */
export interface EpochSource {
  /** How many batches each epoch has, where that is known. */
  readonly batches: number | undefined
  /** @param order - which of its seed's orders the epoch has, where it is shuffled */
  readonly epoch: (order: number) => Batches
}

/** In which order an epoch goes through a Dataset. */
export interface OrderOptions {
  readonly shuffle: boolean
  readonly seed: number
}

/**
 * Checks data, and makes them a source of epochs.
 *
 * @param argument - 'data' or 'validation'
 */
export function epochsOf(
  argument: string,
  data: unknown,
  { graph, form }: Pick<FitJobs, 'graph' | 'form'>,
  batchSize: number,
  { shuffle, seed }: OrderOptions,
): EpochSource {
  if (isDataset(data)) {
    checkDataset(argument, data, graph, form)
    const sequences = (order: number): Uint32Array => epochOrder(data.size, shuffle, seed, order)
    return {
      batches: Math.ceil(data.size / batchSize),
      epoch: (order) => batchesOf(argument, data, graph, form, batchSize, sequences(order)),
    }
  }
  if (isIterable(data)) return { batches: undefined, epoch: () => data }
  const expected = 'a Dataset or an iterable of batches'
  throw argumentError('ERR_GRU_TYPE', argument, expected, describe(data))
}

function isDataset(value: unknown): value is Dataset<AnyTrainingSequence> {
  return value instanceof Dataset
}

function isIterable(value: unknown): value is Batches {
  if (typeof value !== 'object' || value === null) return false
  const { [Symbol.iterator]: sync, [Symbol.asyncIterator]: async } = value as {
    [Symbol.iterator]?: unknown
    [Symbol.asyncIterator]?: unknown
  }
  return typeof sync === 'function' || typeof async === 'function'
}

/** The batches of one epoch of `argument` as they come, each one checked. */
export async function* checked(
  argument: string,
  epoch: number,
  jobs: FitJobs,
  batches: Batches,
): AsyncGenerator<CheckedBatch, void, undefined> {
  let number = 0
  for await (const given of batches) {
    const batch = jobs.check(given)
    checkFiniteBatch(`${argument}: batch ${++number} of epoch ${epoch}`, jobs.graph, batch)
    yield batch
  }
}

/** The error for an epoch of `argument` without batches. */
export function noBatches(argument: string, epoch: number): Error {
  return argumentError(
    'ERR_GRU_VALUE',
    argument,
    'at least one batch in every epoch (a generator runs only once)',
    `none in epoch ${epoch}`,
  )
}
