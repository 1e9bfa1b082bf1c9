/**
 * One training over epochs: how far it is, and what each update and each epoch does.
 *
 * @module
 */
import type { NonSharedFloat32Array, StepMetrics } from '../../binding'
import { batchLosses } from '../batch-losses'
import { MeanLoss } from '../mean-loss'
import { chunked, type UpdateBatches, whole } from './chunks'
import { EarlyStopping } from './early-stopping'
import { checked, type FitBatch, grouped } from './epochs'
import type { EpochResult } from './figures'
import type { FitJobs } from './jobs'
import type { Training } from './options'
import type { Progress } from './progress'
import { Speed } from './speed'
import type { FitState } from './state'
import { validate, type ValidationResult } from './validation'

/** The result of an update. */
export interface Update extends StepMetrics, Pick<UpdateBatches, 'chunk' | 'chunks'> {
  readonly learningRate: number
  readonly batches: number
  readonly sequences: number
  /** The numbers of the sequences in their Dataset, if all come from one. */
  readonly numbers: readonly number[] | undefined
}

/** The position of a training in its data. */
type Position = Pick<FitState, 'epoch' | 'order' | 'batches' | 'epochEnd' | 'epochBatches'>

/** Knows how far a training is. The loop calls its methods, one after another. */
export class TrainingRun {
  readonly training: Training
  readonly #jobs: FitJobs
  readonly #speed: Speed
  readonly #stopping: EarlyStopping
  readonly #mean = new MeanLoss()
  #position: Position
  /** Of the batches whose chunks are being trained on, what is done, in batches. */
  #batchesBegun = 0
  #updates = 0
  #bestParameters: NonSharedFloat32Array | undefined
  /** Whether some chunks of a batch are not done, or what follows an epoch's last update. */
  #isAmid = false

  constructor(jobs: FitJobs, training: Training) {
    this.training = training
    this.#jobs = jobs
    this.#speed = new Speed(jobs.clock)
    this.#stopping = new EarlyStopping(training.stopping)
    const epochBatches = training.source.batches
    this.#position = { epoch: 0, order: 0, batches: 0, epochEnd: true, epochBatches }
  }

  /** Undefined before the first epoch, between two chunks, and at an epoch's end until all that follows it is done. */
  get stateAtRest(): FitState | undefined {
    return this.#isAmid || this.epoch === 0 ? undefined : this.state
  }

  get state(): FitState {
    const { settings, accumulate, chunkSteps, watched, schedule } = this.training
    return {
      ...{ settings, accumulate, chunkSteps },
      monitor: watched.name,
      ...this.#position,
      updates: this.#updates,
      mean: this.#mean.state,
      schedule: schedule && { kind: schedule.options.kind, state: schedule.state },
      stopping: this.#stopping.state,
      bestParameters: this.#bestParameters,
    }
  }

  /** Continues from a checked state. */
  restore(state: FitState): void {
    const { epoch, order, batches, epochEnd, epochBatches } = state
    const { orders, schedule, source } = this.training
    if (state.schedule !== undefined) schedule?.restore(state.schedule.state)
    this.#position = {
      epoch,
      order,
      batches,
      epochEnd,
      epochBatches: source.batches ?? epochBatches,
    }
    orders.count = order
    this.#updates = state.updates
    this.#mean.restore(state.mean)
    this.#stopping.restore(state.stopping)
    this.#bestParameters = state.bestParameters
  }

  get epoch(): number {
    return this.#position.epoch
  }

  /** Whether there is nothing left to train. */
  get isOver(): boolean {
    const { epoch, epochEnd } = this.#position
    return epochEnd && (epoch >= this.training.epochs || this.#stopping.isOver)
  }

  /** Begins the next epoch, or continues one that has not ended, and returns the batches of each update. */
  beginEpoch(): AsyncGenerator<UpdateBatches, void, undefined> {
    const { orders, source, accumulate, chunkSteps } = this.training
    if (this.#position.epochEnd) {
      const { epoch, epochBatches } = this.#position
      const order = ++orders.count
      this.#position = { epoch: epoch + 1, order, batches: 0, epochEnd: false, epochBatches }
      this.#mean.reset()
    }
    const { epoch, order, batches } = this.#position
    const left = source.epoch(order, batches)
    const groups = grouped(checked('data', epoch, this.#jobs, left, batches), accumulate)
    return chunkSteps === undefined ? whole(groups) : chunked(this.#jobs.graph, groups, chunkSteps)
  }

  /** Makes one update. */
  async update({ batches, chunk, chunks }: UpdateBatches): Promise<Update> {
    const { schedule, signal, chunkSteps } = this.training
    const { baseRate } = this.#jobs
    if (chunkSteps !== undefined && chunk === 1) this.#jobs.resetState()
    const learningRate = schedule?.rate(baseRate)
    const result = await this.#jobs.step(batches, { learningRate, signal })
    return {
      ...{ ...result, chunk, chunks },
      learningRate: learningRate ?? baseRate,
      batches: batches.length,
      sequences: batches.reduce((sum, { batch }) => sum + batch, 0),
      numbers: numbersOf(batches),
    }
  }

  /**
   * Counts an update that was made, or skipped.
   *
   * @param last - whether it was its epoch's last one
   */
  count(update: Update, last: boolean): Progress {
    if (!update.skipped) {
      this.#mean.add(update)
      this.#updates++
      this.training.schedule?.advance()
    }
    const batches = this.#position.batches + update.batches
    const epochBatches = last ? batches : this.#position.epochBatches
    const { gradNorm, learningRate, skipped, chunk, chunks } = update
    this.#isAmid = last || chunk !== chunks
    if (chunk === chunks) this.#position = { ...this.#position, batches, epochBatches }
    this.#countWork(update)
    const { epoch } = this.#position
    return {
      ...{ epoch, epochs: this.training.epochs },
      ...{ batch: batches, batches: last ? batches : this.training.source.batches },
      ...{ chunk, chunks },
      ...batchLosses(this.#jobs.graph, update, update.numbers),
      ...{ update: this.#updates, meanLoss: this.#mean.value, gradNorm, learningRate },
      skipped,
      epochEnd: last,
      ...NOT_VALIDATED,
      ...{ best: this.#stopping.best, stopped: false },
      ...this.#measureSpeed(),
    }
  }

  /** Measures the validation data of an epoch whose last update was counted. */
  async validate(): Promise<EpochResult> {
    const { validation, metrics, signal } = this.training
    const results: ValidationResult[] = []
    for (const set of validation) {
      results.push(await validate(this.#jobs, set, metrics, this.epoch, signal))
    }
    return { meanLoss: this.#mean.value, validation: results }
  }

  /** Ends an epoch, and returns its last progress. */
  async endEpoch(progress: Progress, result: EpochResult): Promise<Progress> {
    const { watched, schedule, stopping, validation } = this.training
    const figure = watched.of(result)
    schedule?.observe(figure)
    const isBest = this.#stopping.observe(this.epoch, figure)
    if (isBest && stopping.patience !== undefined) {
      this.#bestParameters = await this.#jobs.readParameters()
    }
    this.#position = { ...this.#position, epochEnd: true }
    this.#isAmid = false
    return {
      ...progress,
      ...toldOf(validation, result),
      ...{ best: this.#stopping.best, stopped: this.#stopping.isOver },
      ...this.#measureSpeed(),
    }
  }

  /** Gives the model the parameters of its best epoch, if they were kept. */
  async putBackBest(): Promise<void> {
    if (this.#bestParameters !== undefined) await this.#jobs.writeParameters(this.#bestParameters)
  }

  /** Each chunk is an equal share of its batches. */
  #countWork({ batches, sequences, chunk, chunks }: Update): void {
    this.#speed.add(batches / chunks, sequences / chunks)
    this.#batchesBegun = chunk === chunks ? 0 : (batches * chunk) / chunks
  }

  #measureSpeed(): ReturnType<Speed['measure']> {
    const { epoch, batches, epochBatches } = this.#position
    if (this.isOver) return this.#speed.measure(0)
    if (epochBatches === undefined) return this.#speed.measure(undefined)
    const epochsLeft = this.training.epochs - epoch
    const done = batches + this.#batchesBegun
    return this.#speed.measure(epochsLeft * epochBatches + epochBatches - done)
  }
}

/** The numbers of the sequences of several batches, if all come from a Dataset. */
function numbersOf(batches: readonly FitBatch[]): readonly number[] | undefined {
  if (batches.some(({ numbers }) => numbers === undefined)) return undefined
  return batches.flatMap(({ numbers }) => numbers!)
}

/** The properties of a progress for validation data that do not exist or were not measured yet. */
const NOT_VALIDATED = { validationLoss: undefined, metrics: undefined, validation: undefined }

/** The properties of a progress for validation data. One set has another form than several sets. */
function toldOf(
  sets: Training['validation'],
  { validation }: EpochResult,
): Pick<Progress, keyof typeof NOT_VALIDATED> {
  const [only] = validation
  if (only === undefined) return NOT_VALIDATED
  if (sets[0]!.name === undefined) {
    return { ...NOT_VALIDATED, validationLoss: only.loss, metrics: only.metrics }
  }
  const named = sets.map(({ name }, index): [string, ValidationResult] => [
    name!,
    validation[index]!,
  ])
  return { ...NOT_VALIDATED, validation: Object.fromEntries(named) }
}
