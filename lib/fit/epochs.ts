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
  sequenceNumbersOf,
  type SequenceOf,
} from '../data'
import { argumentError, describe, inPlace } from '../errors'
import { checkFiniteBatch } from '../finite'
import type { Pauses } from '../pauses'
import { copyOfTarget } from '../targets'
import type { CarriedBatch } from '../training-call'
import type { FitJobs } from './jobs'

/**
 * Training data: sequences in memory, or ready batches from an iterable, which is run through once
 * in each epoch. Each batch is copied before the next one is asked for.
 */
export type TrainingData<B extends AnyTrainingBatch = TrainingBatch> =
  Dataset<SequenceOf<B>> | Iterable<B> | AsyncIterable<B>

/** A checked batch, with the numbers of its sequences in their Dataset if it comes from one. */
export interface FitBatch extends CarriedBatch {
  readonly numbers: readonly number[] | undefined
}

/** The batches of an epoch, unchecked. */
export type Batches = Iterable<unknown> | AsyncIterable<unknown>

/** Data as one epoch after another. */
export interface EpochSource {
  /** The number of batches in each epoch; undefined if it is not known. */
  readonly batches: number | undefined
  /** Checks all sequences of a Dataset. Ready batches are checked one by one, as they come. */
  readonly check: (pauses: Pauses) => Promise<void>
  /**
   * @param order - the number of the epoch's random order among those of the seed, if it is shuffled
   * @param skip - batches at the epoch's beginning to leave out. Those of a Dataset are not made; an iterable is run
   *   through them.
   */
  readonly epoch: (order: number, skip: number) => Batches
}

/** In which order an epoch goes through a Dataset. */
export interface OrderOptions {
  readonly shuffle: boolean
  readonly seed: number
}

/**
 * Makes data a source of epochs. Only the kind of data is checked.
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
    const sequences = (order: number): Uint32Array => epochOrder(data.size, shuffle, seed, order)
    return {
      batches: Math.ceil(data.size / batchSize),
      check: (pauses) => checkDataset(argument, data, graph, form, pauses),
      epoch: (order, skip) => {
        const left = sequences(order).subarray(skip * batchSize)
        return batchesOf(argument, data, graph, form, batchSize, left)
      },
    }
  }
  if (isIterable(data)) {
    return {
      batches: undefined,
      check: () => Promise.resolve(),
      epoch: (_, skip) => (skip === 0 ? data : behind(data, skip)),
    }
  }
  const expected = 'a Dataset or an iterable of batches'
  throw argumentError('ERR_GRU_TYPE', argument, expected, describe(data))
}

/** Whether a value is a Dataset or an iterable. Its content is not checked. */
export function isData(value: unknown): boolean {
  return isDataset(value) || isIterable(value)
}

function isDataset(value: unknown): value is Dataset<AnyTrainingSequence> {
  return value instanceof Dataset
}

/** A typed array is one of numbers, and not of batches. Without its memory it cannot even be iterated. */
function isIterable(value: unknown): value is Batches {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false
  const { [Symbol.iterator]: sync, [Symbol.asyncIterator]: async } = value as {
    [Symbol.iterator]?: unknown
    [Symbol.asyncIterator]?: unknown
  }
  return typeof sync === 'function' || typeof async === 'function'
}

async function* behind(batches: Batches, skip: number): AsyncGenerator<unknown, void, undefined> {
  let number = 0
  for await (const batch of batches) if (++number > skip) yield batch
}

/**
 * The batches of one epoch of `argument` as they come, each one checked.
 *
 * @param skipped - the number of batches of the epoch before them
 */
export async function* checked(
  argument: string,
  epoch: number,
  jobs: FitJobs,
  batches: Batches,
  skipped = 0,
): AsyncGenerator<FitBatch, void, undefined> {
  let number = skipped
  for await (const given of batches) {
    const place = `${argument}: batch ${++number} of epoch ${epoch}`
    const batch = inPlace(place, () => jobs.check(given))
    checkFiniteBatch(place, jobs.graph, batch)
    yield { ...batch, numbers: sequenceNumbersOf(given) }
  }
}

/**
 * Groups of `count` batches. The last group may be smaller. If a group has several batches, they are copies: an iterable
 * may reuse its arrays.
 */
export async function* grouped(
  batches: AsyncIterable<FitBatch>,
  count: number,
): AsyncGenerator<readonly FitBatch[], void, undefined> {
  let group: FitBatch[] = []
  for await (const batch of batches) {
    group.push(count === 1 ? batch : copyOf(batch))
    if (group.length < count) continue
    yield group
    group = []
  }
  if (group.length > 0) yield group
}

function copyOf({ batch, inputs, targets, numbers }: FitBatch): FitBatch {
  return {
    batch,
    numbers,
    inputs: inputs.map(({ steps, lengths, values }) => ({
      steps,
      lengths: lengths?.slice() ?? null,
      values: values.slice(),
    })),
    targets: targets.map(copyOfTarget),
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
