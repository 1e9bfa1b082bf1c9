/**
 * What training over epochs needs of a trainer.
 *
 * @module
 */
import type { NonSharedFloat32Array, StepMetrics } from '../../binding'
import type { BatchForm } from '../batch-forms'
import type { Graph } from '../graph'
import type { CheckedBatch } from '../model-batch'
import type { CarriedBatch } from '../training-call'
import type { WriteSnapshot } from './checkpoints'
import type { FitPosition } from './position'
import type { FitState } from './state'

/** How an update is made. */
export interface UpdateSettings {
  /** Undefined: the optimiser's rate. */
  readonly learningRate: number | undefined
  readonly signal: AbortSignal | undefined
}

/** The source of time. */
export interface Clock {
  /** Milliseconds since any moment; they never go back. */
  readonly now: () => number
  /** Milliseconds since 1970. */
  readonly date: () => number
}

/** The functions of a trainer that fit uses. Their batches are checked already. */
export interface FitJobs {
  readonly graph: Graph
  /** How the model's batches are given. */
  readonly form: BatchForm
  readonly modelSeed: number
  /** The optimiser's learning rate. */
  readonly baseRate: number
  readonly clock: Clock
  /** Epochs begun by calls of fit without a seed, in the trainer's life. */
  readonly epochs: { count: number }
  /** Where the trainer's last training is. */
  readonly position: FitPosition
  /** Copies what the trainer and its model hold, to be saved with the state of the training. */
  readonly snapshot: (state: FitState) => Promise<WriteSnapshot>
  readonly check: (batch: unknown) => CheckedBatch
  /** One update with all batches, as if they were one. Copies them before it returns. */
  readonly step: (batches: readonly CarriedBatch[], options: UpdateSettings) => Promise<StepMetrics>
  /** Lets the next step that carries states begin at zero. */
  readonly resetState: () => void
  /**
   * The losses in inference.
   *
   * @param predictions - memory for the predictions of each output; an empty list: they are not stored
   */
  readonly evaluate: (
    batch: CheckedBatch,
    predictions: Float32Array[],
    signal: AbortSignal | undefined,
  ) => Promise<StepMetrics>
  /** A copy of all parameters in one array. */
  readonly readParameters: () => Promise<NonSharedFloat32Array>
  readonly writeParameters: (parameters: NonSharedFloat32Array) => Promise<void>
}
