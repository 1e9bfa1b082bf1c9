/**
 * The trainer of a model.
 *
 * @module
 */
import type { NativeTrainer } from '../binding'
import { abortable } from './abort'
import {
  type AnyTrainingBatch,
  givenBatch,
  type ModelTrainingBatch,
  type TrainingBatch,
} from './batch-forms'
import { fixProperties } from './fixed-properties'
import {
  type BatchResult,
  type FitOptions,
  type Progress,
  startFit,
  type TrainingData,
} from './fit'
import { type ModelInternals, modelInternals } from './graph-model'
import type { Model } from './model'
import { type CheckedBatch, checkInputs, checkTargets, countPredicted } from './model-batch'
import { native } from './native'
import { checkOptimizer, type CheckedOptimizer, type OptimizerOptions } from './optimizer'
import type { Seq2Seq } from './seq2seq'
import type { SequenceModel } from './sequence-model'
import { checkBoolean, checkNumber, checkOptions, MAX_FLOAT32 } from './validate'

/** How a {@link Trainer} changes parameters. */
export interface TrainerOptions {
  readonly optimizer: OptimizerOptions
  /** Bound on the global L2 norm of all gradients, above 0 and within float32. Default: none. */
  readonly clipNorm?: number | undefined
  /** Bound on the magnitude of each gradient, as clipNorm, after which it is applied. Default: none. */
  readonly clipValue?: number | undefined
}

/** The options of a {@link Trainer} with every default filled in. */
export interface ResolvedTrainerOptions {
  readonly optimizer: CheckedOptimizer['resolved']
  readonly clipNorm: number | undefined
  readonly clipValue: number | undefined
}

/** A model that can be trained. */
export type TrainableModel = SequenceModel | Model | Seq2Seq

/** The batches of a model M. */
export type BatchOf<M extends TrainableModel> = M extends SequenceModel
  ? TrainingBatch
  : ModelTrainingBatch

/** A batch for a call that returns a promise. */
export type AbortableBatch<B extends AnyTrainingBatch = TrainingBatch> = B & {
  /** Stops the call between two steps of the sequences; it then rejects with the signal's reason and changes nothing. */
  readonly signal?: AbortSignal | undefined
}

/** The outcome of a training step. */
export interface StepResult {
  /** Mean over the valid predicted rows (over their values, with meanSquaredError), before the update; of several outputs the sum. */
  readonly loss: number
  /** Global L2 norm of all gradients, before any clipping. */
  readonly gradNorm: number
}

/** The outcome of an evaluation. */
export interface EvaluateResult {
  /** Mean over the valid predicted rows (over their values, with meanSquaredError); of several outputs the sum. */
  readonly loss: number
}

/** How a batch is trained on or evaluated. */
export interface StepOptions {
  /**
   * Begins with the states in which the last step with this option ended, at first with zeros, and keeps those in which
   * this one ends: truncated back-propagation through time. No gradient goes from a batch to the one before. Each
   * sequence goes on at its place in the batch; one that has ended has length 0, and keeps its state. Where the step fails or is aborted,
   * the states stay as they were. A step without this option begins at zero, and changes no state that is kept. Default
   * false.
   */
  readonly carryState?: boolean | undefined
}

const STEP_KEYS = ['carryState'] as const
const OPTION_KEYS = ['optimizer', 'clipNorm', 'clipValue'] as const
const BATCH_KEYS = ['batch', 'lengths'] as const
const ABORTABLE_KEYS = [...BATCH_KEYS, 'signal'] as const

interface StepCall extends CheckedBatch {
  readonly carryState: boolean
  /** Unchecked */
  readonly signal: unknown
}

/**
 * Trains one model. A step is one native call: forward, loss, backward, clipping and the update.
 *
 * What the optimiser has gathered (its moments and its count of steps) lives in this object alone: a saved
 * model does not hold it, and another trainer of the same model starts without it.
 *
 * A trainer's properties cannot be set: an assignment, as `trainer.learningRate = 0.1`, throws a GruError, ERR_GRU_VALUE.
 */
export class Trainer<M extends TrainableModel = SequenceModel> {
  readonly #model: M
  readonly #options: ResolvedTrainerOptions
  readonly #native: NativeTrainer
  readonly #internals: ModelInternals
  /** Epochs begun by calls of fit without a seed. */
  #epochs = 0

  /**
   * @throws GruError ERR_GRU_TYPE, ERR_GRU_VALUE for wrong options, also for those of another kind of optimiser;
   *   ERR_GRU_BUSY while a promise of the model is pending; ERR_GRU_DISPOSED; ERR_GRU_MEMORY
   */
  constructor(model: M, options: TrainerOptions) {
    const internals = modelInternals(model)
    const given = checkOptions('options', options, OPTION_KEYS)
    const optimizer = checkOptimizer(given.optimizer)
    const clipNorm = checkClip('clipNorm', given.clipNorm)
    const clipValue = checkClip('clipValue', given.clipValue)
    this.#model = model
    this.#options = Object.freeze({ optimizer: optimizer.resolved, clipNorm, clipValue })
    this.#internals = internals
    this.#native = new (native().NativeTrainer)(internals.core.native, {
      ...optimizer.native,
      clipNorm: clipNorm ?? 0,
      clipValue: clipValue ?? 0,
    })
  }

  /** The model that it trains. */
  get model(): M {
    return this.#model
  }

  /** With every default filled in. */
  get options(): ResolvedTrainerOptions {
    return this.#options
  }

  /**
   * One update by one batch, which is copied before the promise is returned. Where it fails or is
   * aborted, the model and what the optimiser has gathered stay as they were.
   *
   * @throws GruError ERR_GRU_SHAPE, ERR_GRU_TYPE, ERR_GRU_VALUE for a wrong batch or option, also where the state that
   *   is carried is of another number of sequences, or the model has none or a reverse direction; ERR_GRU_NONFINITE where the loss or a
   *   gradient is NaN or infinite; ERR_GRU_DISPOSED; ERR_GRU_MEMORY; the signal's reason where it was aborted
   */
  async step(batch: AbortableBatch<BatchOf<M>>, options: StepOptions = {}): Promise<StepResult> {
    const { loss, gradNorm } = await this.#step(this.#check(batch, ABORTABLE_KEYS, options))
    return { loss, gradNorm }
  }

  /**
   * As {@link step}, on the calling thread, reading the batch in place.
   *
   * @throws GruError also ERR_GRU_BUSY while a promise of this trainer, or of its model, is pending
   */
  stepSync(batch: BatchOf<M>, options: StepOptions = {}): StepResult {
    const call = this.#check(batch, BATCH_KEYS, options)
    const { loss, gradNorm } = this.#native.stepSync(
      call.batch,
      call.inputs,
      call.targets,
      call.carryState,
    )
    return { loss, gradNorm }
  }

  /**
   * The loss of a batch in inference, without an update; NaN where the batch or the parameters hold one. With
   * `carryState` it carries states of its own, apart from those of the steps.
   *
   * @throws GruError as {@link step}, but for ERR_GRU_NONFINITE
   */
  async evaluate(
    batch: AbortableBatch<BatchOf<M>>,
    options: StepOptions = {},
  ): Promise<EvaluateResult> {
    const { loss } = await this.#evaluate(this.#check(batch, ABORTABLE_KEYS, options))
    return { loss }
  }

  /**
   * Lets the next step with `carryState` begin at zero: before new sequences.
   *
   * @throws GruError ERR_GRU_BUSY while a promise of this trainer, or of its model, is pending; ERR_GRU_DISPOSED
   */
  resetState(): void {
    this.#native.resetState()
  }

  /** As {@link resetState}, for {@link evaluate}. */
  resetEvaluationState(): void {
    this.#native.resetEvaluationState()
  }

  /**
   * Trains over epochs, and tells of each step. Nothing is computed but while the next progress is
   * awaited: leaving the loop ends the training, and the model keeps what the last step made of it.
   *
   * Random orders go on from call to call: N calls of one epoch are the same as one call of N epochs, to the
   * bit. Where a `seed` is given, they begin anew with it.
   *
   * Where something fails after a step, the step's progress comes first and the error with the next one.
   *
   * @throws GruError ERR_GRU_TYPE, ERR_GRU_VALUE, ERR_GRU_SHAPE for wrong options or a Dataset that does not fit the
   *   model or holds a number that is not finite, at once; from the generator what {@link step} throws, ERR_GRU_VALUE
   *   where a ready batch holds a number that is not finite, and what an iterable of the caller's throws
   */
  fit(
    data: TrainingData<BatchOf<M>>,
    options: FitOptions<BatchOf<M>>,
  ): AsyncGenerator<Progress, void, undefined> {
    const jobs = {
      graph: this.#internals.core.graph,
      form: this.#internals.form,
      modelSeed: this.#model.options.seed,
      nextEpoch: () => ++this.#epochs,
      check: (batch: unknown) => this.#check(batch, BATCH_KEYS),
      step: (batch: CheckedBatch, signal: unknown) =>
        this.#step({ ...batch, carryState: false, signal }),
      evaluate: (batch: CheckedBatch, signal: unknown) =>
        this.#evaluate({ ...batch, carryState: false, signal }),
    }
    return startFit(jobs, data, options)
  }

  /** Frees the gradients' and the optimiser's memory, not the model's, when pending calls have ended; may be called again. */
  dispose(): void {
    this.#native.dispose()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  #check(value: unknown, keys: readonly string[], options: unknown = {}): StepCall {
    const { core, form } = this.#internals
    const { carryState = false } = checkOptions('options', options, STEP_KEYS)
    const given: Readonly<Record<string, unknown>> = checkOptions('batch', value, [
      ...form.keys,
      ...keys,
    ])
    const inputs = checkInputs(core.graph, givenBatch(form, core.graph, given))
    const targets = checkTargets(core.graph, inputs, form.targetsOf(core.graph, '', given))
    return {
      ...inputs,
      targets,
      carryState: checkBoolean('carryState', carryState),
      signal: given['signal'],
    }
  }

  async #step({ batch, inputs, targets, carryState, signal }: StepCall): Promise<BatchResult> {
    const predicted = countPredicted(this.#internals.core.graph, { batch, inputs })
    const { loss, gradNorm } = await abortable(signal, (flag) =>
      this.#native.step(batch, inputs, targets, flag, carryState),
    )
    return { loss, gradNorm, predicted }
  }

  async #evaluate({ batch, inputs, targets, carryState, signal }: StepCall): Promise<BatchResult> {
    const predicted = countPredicted(this.#internals.core.graph, { batch, inputs })
    const { loss, gradNorm } = await abortable(signal, (flag) =>
      this.#native.evaluate(batch, inputs, targets, flag, carryState),
    )
    return { loss, gradNorm, predicted }
  }
}

fixProperties(Trainer, 'options are given to new Trainer')

const CLIP_RANGE = { above: 0, atMost: MAX_FLOAT32 }

function checkClip(argument: string, given: unknown): number | undefined {
  return given === undefined ? undefined : checkNumber(argument, given, CLIP_RANGE)
}
