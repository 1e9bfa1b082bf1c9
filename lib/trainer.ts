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
import { argumentError } from './errors'
import { fixProperties } from './fixed-properties'
import type { TrainingData } from './fit/epochs'
import type { FitJobs } from './fit/jobs'
import { startFit } from './fit/loop'
import type { FitOptions } from './fit/options'
import type { Progress } from './fit/progress'
import { type ModelInternals, modelInternals } from './graph-model'
import type { BatchResult } from './mean-loss'
import type { Model } from './model'
import { type CheckedBatch, checkInputs, checkTargets, countPredicted } from './model-batch'
import { native } from './native'
import { checkOptimizer, type CheckedOptimizer, type OptimizerOptions } from './optimizer'
import type { SequenceModel } from './sequence-model'
import { checkNumber, checkOptions, MAX_FLOAT32 } from './validate'

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
export type TrainableModel = SequenceModel | Model

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

const OPTION_KEYS = ['optimizer', 'clipNorm', 'clipValue'] as const
const BATCH_KEYS = ['batch', 'lengths'] as const
const ABORTABLE_KEYS = [...BATCH_KEYS, 'signal'] as const

interface StepCall extends CheckedBatch {
  /** Unchecked */
  readonly signal: unknown
}

let jobsOf: <M extends TrainableModel>(trainer: Trainer<M>) => FitJobs

/** What `fit` of a trainer works with. */
export function fitJobs<M extends TrainableModel>(trainer: Trainer<M>): FitJobs {
  return jobsOf(trainer)
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
  static {
    jobsOf = (trainer) => trainer.#fitJobs()
  }

  readonly #model: M
  readonly #options: ResolvedTrainerOptions
  readonly #native: NativeTrainer
  readonly #internals: ModelInternals
  /** Epochs begun by calls of fit without a seed. */
  readonly #epochs = { count: 0 }

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
   * @throws GruError ERR_GRU_SHAPE, ERR_GRU_TYPE, ERR_GRU_VALUE for a wrong batch; ERR_GRU_NONFINITE where the loss or a
   *   gradient is NaN or infinite; ERR_GRU_DISPOSED; ERR_GRU_MEMORY; the signal's reason where it was aborted
   */
  async step(batch: AbortableBatch<BatchOf<M>>): Promise<StepResult> {
    const { loss, gradNorm } = await this.#step(this.#check(batch, ABORTABLE_KEYS))
    return { loss, gradNorm }
  }

  /**
   * As {@link step}, on the calling thread, reading the batch in place.
   *
   * @throws GruError also ERR_GRU_BUSY while a promise of this trainer, or of its model, is pending
   */
  stepSync(batch: BatchOf<M>): StepResult {
    const call = this.#check(batch, BATCH_KEYS)
    const { loss, gradNorm } = this.#native.stepSync(call.batch, call.inputs, call.targets)
    return { loss, gradNorm }
  }

  /**
   * The loss of a batch in inference, without an update; NaN where the batch or the parameters hold one.
   *
   * @throws GruError as {@link step}, but for ERR_GRU_NONFINITE
   */
  async evaluate(batch: AbortableBatch<BatchOf<M>>): Promise<EvaluateResult> {
    const { loss } = await this.#evaluate(this.#check(batch, ABORTABLE_KEYS))
    return { loss }
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
    return startFit(this.#fitJobs(), data, options)
  }

  /** Frees the gradients' and the optimiser's memory, not the model's, when pending calls have ended; may be called again. */
  dispose(): void {
    this.#native.dispose()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  #fitJobs(): FitJobs {
    const { core, form } = this.#internals
    return {
      graph: core.graph,
      form,
      modelSeed: this.#model.options.seed,
      baseRate: this.#options.optimizer.learningRate!,
      clock: { now: () => performance.now(), date: () => Date.now() },
      epochs: this.#epochs,
      check: (batch) => this.#check(batch, BATCH_KEYS),
      step: (batches, { learningRate, signal }) => {
        if (learningRate !== undefined || batches.length > 1) {
          const got = 'one'
          throw argumentError('ERR_GRU_VALUE', 'options', 'no schedule and no accumulate', got)
        }
        return this.#step({ ...batches[0]!, signal })
      },
      evaluate: (batch, signal) => this.#evaluate({ ...batch, signal }),
      predict: (batch, signal) => core.predictChecked(batch, [], signal),
      readParameters: () => core.parameters.readFlat('trainer.fit'),
      writeParameters: (parameters) => {
        core.parameters.writeFlat(parameters, 'trainer.fit')
      },
    }
  }

  #check(value: unknown, keys: readonly string[]): StepCall {
    const { core, form } = this.#internals
    const given: Readonly<Record<string, unknown>> = checkOptions('batch', value, [
      ...form.keys,
      ...keys,
    ])
    const inputs = checkInputs(core.graph, givenBatch(form, core.graph, given))
    const targets = checkTargets(core.graph, inputs, form.targetsOf(core.graph, '', given))
    return { ...inputs, targets, signal: given['signal'] }
  }

  async #step({ batch, inputs, targets, signal }: StepCall): Promise<BatchResult> {
    const predicted = countPredicted(this.#internals.core.graph, { batch, inputs })
    const { loss, gradNorm } = await abortable(signal, (flag) =>
      this.#native.step(batch, inputs, targets, flag),
    )
    return { loss, gradNorm, predicted }
  }

  async #evaluate({ batch, inputs, targets, signal }: StepCall): Promise<BatchResult> {
    const predicted = countPredicted(this.#internals.core.graph, { batch, inputs })
    const { loss, gradNorm } = await abortable(signal, (flag) =>
      this.#native.evaluate(batch, inputs, targets, flag),
    )
    return { loss, gradNorm, predicted }
  }
}

fixProperties(Trainer, 'options are given to new Trainer')

const CLIP_RANGE = { above: 0, atMost: MAX_FLOAT32 }

function checkClip(argument: string, given: unknown): number | undefined {
  return given === undefined ? undefined : checkNumber(argument, given, CLIP_RANGE)
}
