/**
 * What training over epochs tells of itself.
 *
 * @module
 */
import type { BatchLosses } from '../batch-losses'
import type { Best } from './early-stopping'
import type { ValidationResult } from './validation'

/** How far the training is, after each update. */
export interface Progress extends BatchLosses {
  /** From 1 to `epochs` */
  readonly epoch: number
  readonly epochs: number
  /** The number of the update's last batch within its epoch, from 1 to `batches`: with `accumulate: k` it grows by k */
  readonly batch: number
  /** Batches of this epoch: known with a Dataset, and at an epoch's end */
  readonly batches: number | undefined
  /** The number of the chunk of its batches that the update was made of, from 1 to `chunks`. Without `chunkSteps` 1 */
  readonly chunk: number
  /** Chunks of these batches */
  readonly chunks: number
  /** Updates made since the first epoch began, this one included; one that was skipped does not count */
  readonly update: number
  /** Whether the update was left out, since its loss or a gradient is not finite: with the trainer's `nonFinite: 'skip'` */
  readonly skipped: boolean
  /** The loss of the update's batches, or of their chunk, before it */
  readonly loss: number
  /** As in {@link BatchLosses}; for a Dataset the numbers of its sequences, else their places in the update's batches */
  readonly impossible?: readonly number[]
  /**
   * Mean of the losses since the epoch began: for each output the mean of its losses, weighted by their denominators,
   * then the sum over all outputs. It leaves out updates that were skipped, and is NaN if there was no other
   */
  readonly meanLoss: number
  /** The global L2 norm of all gradients of the update, before any clipping */
  readonly gradNorm: number
  /** The learning rate of the update */
  readonly learningRate: number
  /** Whether this was the epoch's last update */
  readonly epochEnd: boolean
  /** Mean loss over the one set of validation data, at an epoch's end where there is one and nothing failed */
  readonly validationLoss: number | undefined
  /** The metrics of the one set of validation data by their names, where there is a `validationLoss` */
  readonly metrics: Readonly<Record<string, number>> | undefined
  /** The same of several sets, by the names of the sets */
  readonly validation: Readonly<Record<string, ValidationResult>> | undefined
  /** The epoch whose watched figure was the best so far; undefined before the first that has a finite one */
  readonly best: Best | undefined
  /** Whether the training ends here because the watched figure did not improve any more */
  readonly stopped: boolean
  /** Seconds since this call's first progress was asked for */
  readonly elapsed: number
  /** Sequences that this call trained on, divided by `elapsed` */
  readonly samplesPerSecond: number
  /**
   * Seconds until the last epoch ends, if its batches take as long as those so far: undefined where their number is
   * not known. Early stopping may end the training before.
   */
  readonly secondsLeft: number | undefined
}
