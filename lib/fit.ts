/**
 * Training over epochs.
 *
 * @module
 */
import type { StepMetrics } from '../binding'
import type { AnyTrainingBatch, BatchForm, TrainingBatch } from './batch-forms'
import { batchLosses, type BatchLosses } from './batch-losses'
import {
  type AnyTrainingSequence,
  batchesOf,
  checkDataset,
  Dataset,
  epochOrder,
  sequenceNumbersOf,
  type SequenceOf,
} from './data'
import { argumentError, describe } from './errors'
import { checkFiniteBatch } from './finite'
import type { Graph } from './graph'
import { MeanLoss } from './mean-loss'
import type { CheckedBatch } from './model-batch'
import {
  checkAbortSignal,
  checkBoolean,
  checkOptions,
  checkPositiveInteger,
  checkSeed,
} from './validate'

/**
 * What to train on: sequences in memory, or ready batches from an iterable, which is run through once
 * an epoch. Each batch is copied before the next one is asked for.
 */
export type TrainingData<B extends AnyTrainingBatch = TrainingBatch> =
  Dataset<SequenceOf<B>> | Iterable<B> | AsyncIterable<B>

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

/** How far the training is, after each step. */
export interface Progress extends BatchLosses {
  /** From 1 to `epochs` */
  readonly epoch: number
  readonly epochs: number
  /** Within its epoch, from 1 to `batches` */
  readonly batch: number
  /** Batches of this epoch: known with a Dataset, and at an epoch's end */
  readonly batches: number | undefined
  /** The batch's loss before its step */
  readonly loss: number
  /** As in {@link BatchLosses}; for a Dataset the numbers of its sequences, else their places in the batch */
  readonly impossible?: readonly number[]
  /**
   * Mean of the losses since the epoch began: for each output the mean of its losses, weighted by their denominators,
   * then the sum over all outputs
   */
  readonly meanLoss: number
  /** The batch's global L2 norm of all gradients, before any clipping */
  readonly gradNorm: number
  /** Whether this was the epoch's last step */
  readonly epochEnd: boolean
  /** Mean loss over the validation data, at an epoch's end where there are such data and nothing failed */
  readonly validationLoss: number | undefined
}

/** What fit needs of a trainer. */
export interface FitJobs {
  readonly graph: Graph
  /** How the model's batches are given. */
  readonly form: BatchForm
  readonly modelSeed: number
  /** Counts an epoch that begins, and returns its number, from 1 in the trainer's life. */
  readonly nextEpoch: () => number
  readonly check: (batch: unknown) => CheckedBatch
  readonly step: (batch: CheckedBatch, signal: unknown) => Promise<StepMetrics>
  readonly evaluate: (batch: CheckedBatch, signal: unknown) => Promise<StepMetrics>
}

const KEYS = ['epochs', 'batchSize', 'shuffle', 'seed', 'validation', 'signal'] as const
const DATASET_KEYS = ['batchSize', 'shuffle', 'seed'] as const

type Batches = Iterable<unknown> | AsyncIterable<unknown>

/** Data as one epoch after another. */
interface EpochSource {
  /** How many batches each epoch has, where that is known. */
  readonly batches: number | undefined
  /** @param order - which of its seed's orders the epoch has, where it is shuffled */
  readonly epoch: (order: number) => Batches
}

/** What is trained on, and how long. */
interface Training extends EpochSource {
  readonly epochs: number
  /** Which of its seed's orders an epoch of this call has. */
  readonly orderOf: (epoch: number) => number
}

/** Checks everything that can be checked before the first step, and returns the training that will be done. */
export function startFit(
  jobs: FitJobs,
  data: unknown,
  options: unknown,
): AsyncGenerator<Progress, void, undefined> {
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
  if (!(data instanceof Dataset)) {
    for (const key of DATASET_KEYS) {
      const isForValidation = key === 'batchSize' && given.validation instanceof Dataset
      if (given[key] !== undefined && !isForValidation) {
        throw argumentError(
          'ERR_GRU_VALUE',
          key,
          'none, since data are ready batches',
          describe(given[key]),
        )
      }
    }
  }
  const orderOf = given.seed === undefined ? jobs.nextEpoch : (epoch: number) => epoch
  const training = { ...source, epochs, orderOf }
  return run(jobs, training, validation, signal)
}

function epochsOf(
  argument: string,
  data: unknown,
  { graph, form }: Pick<FitJobs, 'graph' | 'form'>,
  batchSize: number,
  { shuffle, seed }: { readonly shuffle: boolean; readonly seed: number },
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

/** A batch, or its result, with the numbers of its sequences in their Dataset, if it comes from one. */
interface Numbered {
  readonly sequences: readonly number[] | undefined
}
type FitBatch = CheckedBatch & Numbered
type FitResult = StepMetrics & Numbered

async function* run(
  jobs: FitJobs,
  training: Training,
  validation: EpochSource | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<Progress, void, undefined> {
  const { epochs, orderOf } = training
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const batches = checked('data', epoch, jobs, training.epoch(orderOf(epoch)))
    const mean = new MeanLoss()
    const step = async (one: FitBatch): Promise<FitResult> => ({
      ...(await jobs.step(one, signal)),
      sequences: one.sequences,
    })
    let batch = 0
    for await (const { result, last } of mapMarkingLast(batches, step)) {
      mean.add(result)
      batch++
      const validated =
        last && validation ? await outcome(evaluate(jobs, validation, epoch, signal)) : {}
      yield {
        epoch,
        epochs,
        batch,
        batches: last ? batch : training.batches,
        ...batchLosses(jobs.graph, result, result.sequences),
        meanLoss: mean.value,
        gradNorm: result.gradNorm,
        epochEnd: last,
        validationLoss: validated.value,
      }
      if ('error' in validated) throw validated.error
    }
    if (batch === 0) throw noBatches('data', epoch)
  }
}

async function evaluate(
  jobs: FitJobs,
  validation: EpochSource,
  epoch: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  const mean = new MeanLoss()
  for await (const batch of checked('validation', epoch, jobs, validation.epoch(epoch))) {
    mean.add(await jobs.evaluate(batch, signal))
  }
  if (mean.isEmpty) throw noBatches('validation', epoch)
  return mean.value
}

/** The batches of one epoch of `argument` as they come, each one checked. */
async function* checked(
  argument: string,
  epoch: number,
  jobs: FitJobs,
  batches: Batches,
): AsyncGenerator<FitBatch, void, undefined> {
  let number = 0
  for await (const given of batches) {
    const batch = jobs.check(given)
    checkFiniteBatch(`${argument}: batch ${++number} of epoch ${epoch}`, jobs.graph, batch)
    yield { ...batch, sequences: sequenceNumbersOf(given) }
  }
}

function noBatches(argument: string, epoch: number): Error {
  return argumentError(
    'ERR_GRU_VALUE',
    argument,
    'at least one batch in every epoch (a generator runs only once)',
    `none in epoch ${epoch}`,
  )
}

/**
 * Maps items one by one, and tells which is the last. The next item is asked for before the result of
 * one is handed on, but only after the mapping of that one has ended: an iterable may reuse its arrays.
 * Where the next item fails to come, the result is handed on before the error.
 */
async function* mapMarkingLast<T, R>(
  items: AsyncIterable<T>,
  map: (item: T) => Promise<R>,
): AsyncGenerator<{ readonly result: R; readonly last: boolean }, void, undefined> {
  let held: { readonly result: R } | undefined
  try {
    for await (const item of items) {
      const ready = held
      held = undefined
      if (ready !== undefined) yield { ...ready, last: false }
      held = { result: await map(item) }
    }
  } catch (error) {
    if (held !== undefined) yield { ...held, last: false }
    throw error
  }
  if (held !== undefined) yield { ...held, last: true }
}

/** What a promise settles with, as a value. */
type Outcome<T> = { readonly value?: T } | { readonly value?: never; readonly error: unknown }

async function outcome<T>(promise: Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await promise }
  } catch (error) {
    return { error }
  }
}
