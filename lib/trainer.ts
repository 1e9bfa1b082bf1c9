/**
 * The trainer of a model.
 *
 * @module
 */
import type { NativeTrainer } from '../binding'
import { abortable } from './abort'
import { newFloat32Array } from './arrays'
import { fixProperties } from './fixed-properties'
import {
  type BatchResult,
  type FitOptions,
  type Progress,
  startFit,
  type TrainingData,
} from './fit'
import { type ModelInternals, modelInternals } from './graph-model'
import { type CheckedBatch, countPredicted } from './model-batch'
import { native } from './native'
import type { Parameters } from './parameters'
import type { SequenceModel } from './sequence-model'
import {
  checkTrainerOptions,
  type ResolvedTrainerOptions,
  type TrainerOptions,
} from './trainer-options'
import type {
  AbortableBatch,
  BatchOf,
  EvaluateResult,
  InputsOf,
  PredictionsOf,
  StepResult,
  TrainableModel,
  UpdateResult,
} from './trainer-types'
import {
  type CarryOptions,
  checkBatch,
  checkEvaluation,
  checkForward,
  checkForwardSync,
  checkRate,
  checkStep,
  checkStepSync,
  type StepCall,
  type StepOptions,
  type StepSyncOptions,
  type UpdateOptions,
} from './training-call'
import { runPass, startPass, type TrainingPass } from './training-pass'

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
  #skippedSteps = 0

  /**
   * @throws GruError ERR_GRU_TYPE, ERR_GRU_VALUE for wrong options, also for those of another kind of optimiser, for a
   *   pattern that matches no parameter and for a parameter in two groups; ERR_GRU_BUSY while a promise of the model is
   *   pending; ERR_GRU_DISPOSED; ERR_GRU_MEMORY
   */
  constructor(model: M, options: TrainerOptions) {
    const internals = modelInternals(model)
    const checked = checkTrainerOptions(internals.core.graph, options)
    this.#model = model
    this.#options = checked.resolved
    this.#internals = internals
    this.#native = new (native().NativeTrainer)(internals.core.native, checked.native)
  }

  /** The model that it trains. */
  get model(): M {
    return this.#model
  }

  /** With every default filled in. */
  get options(): ResolvedTrainerOptions {
    return this.#options
  }

  /** Steps and updates that were left out, with `nonFinite: 'skip'`. */
  get skippedSteps(): number {
    return this.#skippedSteps
  }

  /**
   * One update by one batch, or by several as if they were one large batch: the loss of each output is the sum over all
   * of its rows, divided by all that count. All batches are copied before the promise is returned. Where it fails or is
   * aborted, the model and what the optimiser has gathered stay as they were.
   *
   * @param batches - of several batches some may have no valid step
   * @throws GruError ERR_GRU_SHAPE, ERR_GRU_TYPE, ERR_GRU_VALUE for a wrong batch or options, where gradients of passes
   *   wait for {@link update}, and for a learning rate where the optimiser's is 0 and a group has its own;
   *   ERR_GRU_NONFINITE where the loss or a gradient is NaN or infinite: the message names the step and where it began;
   *   ERR_GRU_DISPOSED; ERR_GRU_MEMORY; the signal's reason where it was aborted
   */
  async step(
    batches: AbortableBatch<BatchOf<M>> | readonly BatchOf<M>[],
    options: StepOptions = {},
  ): Promise<StepResult> {
    return this.#step(checkStep(this.#internals, batches, options))
  }

  /**
   * As {@link step}, on the calling thread, reading the batches in place.
   *
   * @throws GruError also ERR_GRU_BUSY while a promise of this trainer, or of its model, is pending
   */
  stepSync(batches: BatchOf<M> | readonly BatchOf<M>[], options: StepSyncOptions = {}): StepResult {
    const call = checkStepSync(this.#internals, batches, options)
    return this.#count(this.#native.stepSync(call.batches, call.options))
  }

  /**
   * The loss of a batch in inference, without an update; NaN where the batch or the parameters hold one.
   *
   * @throws GruError as {@link step}, but for ERR_GRU_NONFINITE
   */
  async evaluate(
    batch: AbortableBatch<BatchOf<M>>,
    options: CarryOptions = {},
  ): Promise<EvaluateResult> {
    const { signal, ...call } = checkEvaluation(this.#internals, batch, options)
    const { loss } = await abortable(signal, (flag) => this.#native.evaluate(call, flag))
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

  /** As {@link resetState}, for {@link evaluate} and {@link evaluateAverage}, which share states. */
  resetEvaluationState(): void {
    this.#native.resetEvaluationState()
  }

  /**
   * As {@link evaluate}, with the moving average in the parameters' place.
   *
   * @throws GruError also ERR_GRU_VALUE where the trainer keeps no average
   */
  async evaluateAverage(
    batch: AbortableBatch<BatchOf<M>>,
    options: CarryOptions = {},
  ): Promise<EvaluateResult> {
    const { signal, ...call } = checkEvaluation(this.#internals, batch, options)
    const { loss } = await abortable(signal, (flag) => this.#native.evaluateAverage(call, flag))
    return { loss }
  }

  /**
   * Copies of the moving average of all parameters, by their names: what {@link Model.setParameters} takes.
   *
   * @throws GruError ERR_GRU_VALUE where the trainer keeps no average; ERR_GRU_BUSY while a promise of this trainer, or
   *   of its model, is pending; ERR_GRU_DISPOSED
   */
  getAverage(): Parameters {
    const { parameters } = this.#internals.core
    const flat = newFloat32Array('average', 'all parameters', parameters.count)
    this.#native.readAverage(flat)
    return parameters.views(flat)
  }

  /**
   * A training pass, with dropout, for a loss of the caller's own: its predictions, from which the caller makes the
   * loss's gradients for `backward` of the pass. The inputs are copied before the promise is returned. Several passes
   * may be there at once; each has memory of its own.
   *
   * @throws GruError as {@link step}, but for ERR_GRU_NONFINITE
   */
  async forward(batch: AbortableBatch<InputsOf<M>>): Promise<TrainingPass<PredictionsOf<M>>> {
    const { signal, ...call } = checkForward(this.#internals, batch)
    return startPass(this.#internals, this.#native, call, signal)
  }

  /**
   * As {@link forward}, on the calling thread.
   *
   * @throws GruError also ERR_GRU_BUSY while a promise of this trainer, or of its model, is pending
   */
  forwardSync(batch: InputsOf<M>): TrainingPass<PredictionsOf<M>> {
    return runPass(this.#internals, this.#native, checkForwardSync(this.#internals, batch))
  }

  /**
   * One update by the sum of the gradients that `backward` of passes gathered since the last one: clips and updates as
   * {@link step} does. Where it fails, parameters and gathered gradients stay as they were.
   *
   * @throws GruError ERR_GRU_VALUE where nothing was gathered, and for wrong options; ERR_GRU_NONFINITE where a gradient
   *   is NaN or infinite: the message names the parameter; ERR_GRU_DISPOSED
   */
  async update(options: UpdateOptions = {}): Promise<UpdateResult> {
    const { gradNorm, skipped } = this.#count(await this.#native.update(checkRate(options)))
    return { gradNorm, skipped }
  }

  /**
   * As {@link update}, on the calling thread.
   *
   * @throws GruError also ERR_GRU_BUSY while a promise of this trainer, or of its model, is pending
   */
  updateSync(options: UpdateOptions = {}): UpdateResult {
    const { gradNorm, skipped } = this.#count(this.#native.updateSync(checkRate(options)))
    return { gradNorm, skipped }
  }

  /** Drops the gradients that passes gathered. */
  async discard(): Promise<void> {
    await this.#native.discard()
  }

  /**
   * As {@link discard}, on the calling thread.
   *
   * @throws GruError ERR_GRU_BUSY while a promise of this trainer, or of its model, is pending
   */
  discardSync(): void {
    this.#native.discardSync()
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
      check: (batch: unknown) => checkBatch(this.#internals, batch),
      step: (batch: CheckedBatch, signal: unknown) => this.#fitStep(batch, signal),
      evaluate: (batch: CheckedBatch, signal: unknown) => this.#fitEvaluate(batch, signal),
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

  async #step({ batches, options, signal }: StepCall): Promise<StepResult> {
    return this.#count(await abortable(signal, (flag) => this.#native.step(batches, options, flag)))
  }

  #count({ loss, gradNorm, skipped }: StepResult): StepResult {
    if (skipped) this.#skippedSteps++
    return { loss, gradNorm, skipped }
  }

  async #fitStep(batch: CheckedBatch, signal: unknown): Promise<BatchResult> {
    const predicted = countPredicted(this.#internals.core.graph, batch)
    const call = { batches: [batch], options: { learningRate: null }, signal }
    return { ...(await this.#step(call)), predicted }
  }

  async #fitEvaluate(batch: CheckedBatch, signal: unknown): Promise<BatchResult> {
    const predicted = countPredicted(this.#internals.core.graph, batch)
    const result = await abortable(signal, (flag) => this.#native.evaluate(batch, flag))
    return { ...result, predicted }
  }
}

fixProperties(Trainer, 'options are given to new Trainer')
