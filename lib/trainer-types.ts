/**
 * Types of the arguments and results of a trainer's calls, for each kind of model.
 *
 * @module
 */
import type { NonSharedFloat32Array } from '../binding'
import type { InputBatch, ModelInputBatch, ModelTrainingBatch, TrainingBatch } from './batch-forms'
import type { BatchLosses } from './batch-losses'
import type { Model, Predictions } from './model'
import type { Seq2Seq } from './seq2seq'
import type { SequenceModel } from './sequence-model'

/** A model that can be trained. */
export type TrainableModel = SequenceModel | Model | Seq2Seq

/** The batches of a model M. */
export type BatchOf<M extends TrainableModel> = M extends SequenceModel
  ? TrainingBatch
  : ModelTrainingBatch

/** The inputs of a model M. */
export type InputsOf<M extends TrainableModel> = M extends SequenceModel
  ? InputBatch
  : ModelInputBatch

/** The predictions of a model M. */
export type PredictionsOf<M extends TrainableModel> = M extends SequenceModel
  ? NonSharedFloat32Array
  : Predictions

/** A batch for a call that returns a promise. */
export type AbortableBatch<B extends InputBatch | ModelInputBatch = TrainingBatch> = B & {
  /**
   * Stops the call: at once if it has not begun, otherwise between two steps of the sequences. It then rejects with the
   * signal's reason and changes nothing.
   */
  readonly signal?: AbortSignal | undefined
}

/** The outcome of a training step: its losses before the update. */
export interface StepResult extends BatchLosses {
  /** Global L2 norm of all gradients, before any clipping. */
  readonly gradNorm: number
  /** Whether the step was skipped because its loss or a gradient is not finite, with `nonFinite: 'skip'`. */
  readonly skipped: boolean
}

/** The result of an update with the gradients of passes. */
export type UpdateResult = Pick<StepResult, 'gradNorm' | 'skipped'>

/** The outcome of an evaluation. */
export type EvaluateResult = BatchLosses
