/**
 * The trainer of a model.
 *
 * @module
 */
import type { NativeTrainer, StepMetrics, TrainerMemory, UpdateMetrics } from '../binding'
import { abortable } from './abort'
import { newFloat32Array } from './arrays'
import { batchLosses } from './batch-losses'
import { argumentError } from './errors'
import { type CheckedLoad, checkLoad, type LoadOptions } from './base-model'
import { FitPosition } from './fit/position'
import { checkFitState, type FitState } from './fit/state'
import { fixProperties } from './fixed-properties'
import type { TrainingData } from './fit/epochs'
import type { FitJobs } from './fit/jobs'
import { startFit } from './fit/loop'
import type { FitOptions } from './fit/options'
import type { Progress } from './fit/progress'
import { trainerJobs } from './fit/trainer-jobs'
import { checkSource, type FileSource } from './formats/open-bytes'
import { readSafetensors, type SafetensorsFile } from './formats/safetensors-reader'
import { type ModelInternals, modelInternals, type SaveOptions } from './graph-model'
import { isFolder, loadNewest } from './load-newest'
import { native } from './native'
import type { Parameters } from './parameters'
import type { DeviceOptions } from './recurrent-options'
import type { SequenceModel } from './sequence-model'
import {
  asFormat,
  formatError,
  type ReadTrainer,
  readTrainer,
  restoreArrays,
  type SavedTrainer,
  writeTrainer,
} from './trainer-file'
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
  checkEvaluation,
  checkForward,
  checkForwardSync,
  checkRate,
  checkStep,
  checkStepSync,
  type EvaluateOptions,
  type StepCall,
  type StepOptions,
  type StepSyncOptions,
  type UpdateOptions,
} from './training-call'
import { runPass, startPass, type TrainingPass } from './training-pass'
import { checkPath } from './validate'

let jobsOf: <M extends TrainableModel>(trainer: Trainer<M>) => FitJobs

/** What `fit` of a trainer works with. */
export function fitJobs<M extends TrainableModel>(trainer: Trainer<M>): FitJobs {
  return jobsOf(trainer)
}

/**
 * Trains one model. A step is one native call: forward, loss, backward, clipping and the update.
 *
 * What the optimiser has gathered (its moments and its count of steps) lives in this object: {@link save} saves it with the
 * model, a model's own `save` does not, and another trainer of the same model starts without it.
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
  readonly #position = new FitPosition()
  #skippedSteps = 0

  /**
   * Loads a trainer and its model from a file of {@link save} or a checkpoint of {@link fit}, or from the newest checkpoint
   * of a folder. From then on the trainer computes the same bits as the saved one would have, with the same version of this
   * package on the same kind of processor or GPU.
   *
   * @param source - the path of a file or of a folder of checkpoints, or the bytes of a file, which must not change before
   *   the promise settles. If the newest checkpoint is damaged, there is a warning, GRU_WARN_CHECKPOINT, and the one before
   *   it is loaded.
   * @returns a trainer whose `model` has the class of the saved one
   * @throws GruError ERR_GRU_FORMAT if the file cannot be read, is damaged or has other content, or if the folder has no
   *   checkpoint: the message names the file and the fault; ERR_GRU_DEVICE, ERR_GRU_MEMORY; the signal's reason if it was
   *   aborted
   */
  static async load(
    source: FileSource,
    options: LoadOptions = {},
  ): Promise<Trainer<TrainableModel>> {
    const given = checkSource('path', source)
    const load = checkLoad(options)
    if (typeof given !== 'string' || !(await isFolder(given))) return Trainer.#loadFile(given, load)
    const newest = await Trainer.latest(given, options)
    if (newest !== undefined) return newest
    const expected = 'the file of a trainer, or a folder of checkpoints'
    throw argumentError('ERR_GRU_FORMAT', given, expected, 'a folder without any')
  }

  /**
   * Loads the newest checkpoint of a folder, as {@link load}.
   *
   * @returns undefined if the folder has no checkpoint or does not exist, so that one script can begin and continue
   * @throws GruError as {@link load}
   */
  static async latest(
    folder: string,
    options: LoadOptions = {},
  ): Promise<Trainer<TrainableModel> | undefined> {
    checkPath('folder', folder)
    const load = checkLoad(options)
    return loadNewest(folder, (file) => Trainer.#loadFile(file, load))
  }

  static #loadFile(
    source: FileSource,
    { device, signal }: CheckedLoad,
  ): Promise<Trainer<TrainableModel>> {
    return readSafetensors(source, (file) => Trainer.#loadOpen(file, device), signal)
  }

  static async #loadOpen(
    file: SafetensorsFile,
    device: DeviceOptions,
  ): Promise<Trainer<TrainableModel>> {
    const read = await readTrainer(file)
    const model = await read.model.make('Trainer.load', device)
    try {
      const given = read.options as TrainerOptions
      const trainer = asFormat(read.place, () => new Trainer(model, given))
      await trainer.#restore(file, read)
      return trainer
    } catch (error) {
      model.dispose()
      throw error
    }
  }

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

  /** The number of steps and updates that were skipped, with `nonFinite: 'skip'`. */
  get skippedSteps(): number {
    return this.#skippedSteps
  }

  /**
   * One update with one batch, or with several batches as if they were one large batch: the loss of each output is the sum
   * over all rows, divided by the number of all rows that count. All batches are copied before the promise is returned. If
   * the step fails or is aborted, the model and the state of the optimiser stay as they were.
   *
   * @param batches - some of several batches may have no valid step
   * @throws GruError ERR_GRU_SHAPE, ERR_GRU_TYPE, ERR_GRU_VALUE for a wrong batch or wrong options, if gradients wait for
   *   {@link update}, and for a learning rate if the optimiser's is 0 and a group has its own; ERR_GRU_NONFINITE if the
   *   loss or a gradient is NaN or infinite: the message names the step and the input, layer, output or parameter where
   *   this began; ERR_GRU_DISPOSED; ERR_GRU_MEMORY; the signal's reason if it was aborted
   */
  async step(
    batches: AbortableBatch<BatchOf<M>> | readonly BatchOf<M>[],
    options: StepOptions = {},
  ): Promise<StepResult> {
    return this.#result(await this.#step(checkStep(this.#internals, batches, options)))
  }

  /**
   * As {@link step}, on the calling thread, reading the batches in place.
   *
   * @throws GruError also ERR_GRU_BUSY while a promise of this trainer, or of its model, is pending
   */
  stepSync(batches: BatchOf<M> | readonly BatchOf<M>[], options: StepSyncOptions = {}): StepResult {
    const call = checkStepSync(this.#internals, batches, options)
    return this.#result(this.#count(this.#beginUpdate().stepSync(call.batches, call.options)))
  }

  /**
   * The loss of a batch in inference, without an update. It is NaN if the batch or the parameters contain a NaN.
   *
   * @throws GruError as {@link step}, except ERR_GRU_NONFINITE
   */
  async evaluate(
    batch: AbortableBatch<BatchOf<M>>,
    options: EvaluateOptions = {},
  ): Promise<EvaluateResult> {
    const { signal, ...call } = checkEvaluation(this.#internals, batch, options)
    const metrics = await abortable(signal, (flag) => this.#native.evaluate(call, flag))
    return batchLosses(this.#internals.core.graph, metrics)
  }

  /**
   * Lets the next step with `carryState` begin at zero. Call it before new sequences.
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
   * As {@link evaluate}, with the moving average instead of the parameters.
   *
   * @throws GruError also ERR_GRU_VALUE if the trainer keeps no average
   */
  async evaluateAverage(
    batch: AbortableBatch<BatchOf<M>>,
    options: EvaluateOptions = {},
  ): Promise<EvaluateResult> {
    const { signal, ...call } = checkEvaluation(this.#internals, batch, options)
    const metrics = await abortable(signal, (flag) => this.#native.evaluateAverage(call, flag))
    return batchLosses(this.#internals.core.graph, metrics)
  }

  /**
   * Copies of the moving average of all parameters, by their names, as {@link Model.setParameters} takes them.
   *
   * @throws GruError ERR_GRU_VALUE if the trainer keeps no average; ERR_GRU_BUSY while a promise of this trainer, or
   *   of its model, is pending; ERR_GRU_DISPOSED
   */
  getAverage(): Parameters {
    const { parameters } = this.#internals.core
    const flat = newFloat32Array('average', 'all parameters', parameters.count)
    this.#native.readAverageSync(flat)
    return parameters.views(flat)
  }

  /**
   * As {@link getAverage}, as a promise: it waits for its turn behind the calls before it, and the copies are made on the
   * engine's threads.
   *
   * @throws GruError ERR_GRU_VALUE if the trainer keeps no average; ERR_GRU_DISPOSED; ERR_GRU_MEMORY
   */
  async readAverage(): Promise<Parameters> {
    return this.#internals.core.parameters.views(await this.#native.readAverage())
  }

  /**
   * Runs a training pass, with dropout, for a loss that the caller computes. From the pass's predictions the caller
   * computes the gradients of the loss, for `backward` of the pass. The inputs are copied before the promise is returned.
   * Several passes may exist at the same time; each has its own memory.
   *
   * @throws GruError as {@link step}, except ERR_GRU_NONFINITE
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
   * One update with the sum of the gradients that passes added since the last update. It clips and updates as
   * {@link step} does. If it fails, parameters and gradients stay as they were: call {@link discard} to discard the
   * gradients. If the update is skipped, with `nonFinite: 'skip'`, the gradients are discarded.
   *
   * @throws GruError ERR_GRU_VALUE if there are no gradients, and for wrong options; ERR_GRU_NONFINITE if a gradient is
   *   NaN or infinite, and the message names the parameter; ERR_GRU_DISPOSED
   */
  async update(options: UpdateOptions = {}): Promise<UpdateResult> {
    const { gradNorm, skipped } = this.#count(await this.#beginUpdate().update(checkRate(options)))
    return { gradNorm, skipped }
  }

  /**
   * As {@link update}, on the calling thread.
   *
   * @throws GruError also ERR_GRU_BUSY while a promise of this trainer, or of its model, is pending
   */
  updateSync(options: UpdateOptions = {}): UpdateResult {
    const { gradNorm, skipped } = this.#count(this.#beginUpdate().updateSync(checkRate(options)))
    return { gradNorm, skipped }
  }

  /** Discards the gradients that wait for an update. */
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
   * Trains over epochs, and yields the progress after each update. It computes only while the next progress is awaited:
   * if you leave the loop, the training ends, and the model keeps the parameters of the last update.
   *
   * Each call continues the random orders of the call before: N calls of one epoch give the same bits as one call of N
   * epochs, if they share one {@link Schedule} or have none. With a `seed`, the orders begin anew.
   *
   * If something fails after an update, the progress of the update comes first, and the error instead of the next progress.
   *
   * @throws GruError ERR_GRU_TYPE, ERR_GRU_VALUE for wrong options, at once; from the generator, before the first update,
   *   ERR_GRU_TYPE, ERR_GRU_VALUE, ERR_GRU_SHAPE for a Dataset that does not fit the model or holds a number that is not
   *   finite; then what {@link step} throws, ERR_GRU_VALUE where a ready batch holds a number that is not finite or
   *   `checkpoint.path` has checkpoints of another training, ERR_GRU_FORMAT where a record or a checkpoint cannot be
   *   written, ERR_GRU_BUSY where another promise of the model is pending at a batch's beginning with `chunkSteps`, and
   *   what an iterable or a metric of the caller's throws
   */
  fit(
    data: TrainingData<BatchOf<M>>,
    options: FitOptions<BatchOf<M>>,
  ): AsyncGenerator<Progress, void, undefined> {
    return startFit(this.#fitJobs(), data, options)
  }

  /**
   * Saves the trainer and its model as one safetensors file: the parameters, the moments, the average, carried states, all
   * counters and options, and the state of {@link fit}, from which its `resume` continues. `load` of the model's class
   * loads the model alone from the same file.
   *
   * The state is copied when the calls before this one have ended, and between two updates of `fit`; a call during an update
   * of `fit` waits for its end, so an iterable of data must not await it. Then the file is written while other calls go on.
   * A file with this name is replaced only when the new one is complete. Gradients of passes that wait for {@link update}
   * are not saved, nor are the states that evaluations carry, nor the state of a `fit` whose validation failed.
   *
   * @param options - `metadata` as for {@link Model.save}
   * @throws GruError ERR_GRU_FORMAT if the file cannot be written; ERR_GRU_DISPOSED; ERR_GRU_MEMORY
   */
  async save(path: string, options: SaveOptions = {}): Promise<void> {
    checkPath('path', path)
    const { core } = this.#internals
    const model = core.toSave(options)
    const saved = await this.#position.whenAtRest((fit) => this.#copy(fit))
    await writeTrainer(path, model, core.graph, saved)
  }

  /**
   * The bytes that the trainer holds beside its model and its passes. While calls are pending, the numbers are those after
   * the last call that ended.
   *
   * @throws GruError ERR_GRU_DISPOSED
   */
  memory(): TrainerMemory {
    return this.#native.memory()
  }

  /**
   * Frees the memory that calls keep for later calls, `working` in {@link memory}, when the calls before this one have
   * ended. The next call allocates it again, takes longer, and has the same bits. Gradients that wait for {@link update}
   * stay.
   *
   * @throws GruError ERR_GRU_DISPOSED
   */
  async trim(): Promise<void> {
    await this.#native.trim()
  }

  /**
   * As {@link trim}, on the calling thread.
   *
   * @throws GruError also ERR_GRU_BUSY while a promise of this trainer, or of its model, is pending
   */
  trimSync(): void {
    this.#native.trimSync()
  }

  /** Frees the memory of gradients and optimiser, but not of the model, after pending calls have ended. May be called again. */
  dispose(): void {
    this.#native.dispose()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  #fitJobs(): FitJobs {
    return trainerJobs(this.#internals, {
      native: this.#native,
      modelSeed: this.#model.options.seed,
      baseRate: this.#options.optimizer.learningRate!,
      epochs: this.#epochs,
      position: this.#position,
      step: (call) => this.#step(call),
      snapshot: async (fit) => {
        const { core } = this.#internals
        const saved = await this.#copy(fit)
        return (file) => writeTrainer(file, core.toSave({}), core.graph, saved)
      },
    })
  }

  async #copy(fit: FitState | undefined): Promise<SavedTrainer> {
    const epochs = this.#epochs.count
    const state = await this.#native.readState()
    // Steps before the copy have been counted by now, and none after it.
    return { options: this.#options, state, skippedSteps: this.#skippedSteps, epochs, fit }
  }

  async #restore(file: SafetensorsFile, read: ReadTrainer): Promise<void> {
    const { place, counts, skippedSteps, epochs, fit } = read
    const { graph } = this.#internals.core
    const position =
      fit === undefined ? undefined : asFormat(place, () => checkFitState(fit, graph))
    try {
      await this.#native.writeState(counts)
    } catch (cause) {
      throw formatError(place, cause)
    }
    await restoreArrays(file, graph, read, this.#native)
    this.#skippedSteps = skippedSteps
    this.#epochs.count = epochs
    this.#position.restore(position)
  }

  /** The native trainer, for an update. */
  #beginUpdate(): NativeTrainer {
    this.#position.noteUpdate()
    return this.#native
  }

  async #step({ batches, options, signal }: StepCall): Promise<StepMetrics> {
    return this.#count(
      await abortable(signal, (flag) => this.#beginUpdate().step(batches, options, flag)),
    )
  }

  #count<T extends UpdateMetrics>(metrics: T): T {
    if (metrics.skipped) this.#skippedSteps++
    return metrics
  }

  #result(metrics: StepMetrics): StepResult {
    const { gradNorm, skipped } = metrics
    const { loss, ...others } = batchLosses(this.#internals.core.graph, metrics)
    return { loss, gradNorm, skipped, ...others }
  }
}

fixProperties(Trainer, 'options are given to new Trainer')
