/**
 * Trains the network of a forecaster, and keeps the epoch with the lowest validation loss.
 *
 * @module
 */
import { promises as fs } from 'node:fs'
import * as path from 'node:path'
import { Dataset, type ModelTrainingSequence } from '../data'
import { argumentError } from '../errors'
import { unlessMissing, writeError } from '../files'
import { BEST_NAME, prepareFolder } from '../fit/checkpoint-folder'
import type { Best } from '../fit/early-stopping'
import type { Progress } from '../fit/progress'
import { Model } from '../model'
import type { Parameters } from '../parameters'
import { replaceFile } from '../replace-file'
import { Trainer } from '../trainer'
import type { TrainableModel } from '../trainer-types'
import type { TableData } from '../tables/series'
import type { ForecastFacts } from './facts'
import type { Learnt } from './learning'
import { createNetwork, FORECAST } from './network'
import type { CheckedOptions, ForecastUpdate, TrainingEpoch } from './options'
import { type Origins, thinPart } from './parts'
import { Pauses } from '../pauses'
import { rateSchedule } from './rate-schedules'
import { inputsOf, joinSamples, prepareOrigins, targetsOf } from './samples'
import { targetValues } from './tracks'

/** A trained network, with the parameters of its best epoch. */
export interface Trained {
  readonly model: Model
  readonly epochs: readonly TrainingEpoch[]
  /** 0 if no epoch was better than the initial parameters, with which the network adds hardly anything. */
  readonly bestEpoch: number
  /** The validation loss of the best epoch. */
  readonly bestLoss: number
  /** Whether there was nothing to learn: the targets' distances are the same in the whole training part. */
  readonly steady: boolean
  readonly settings: TrainingSettings
}

/** The most windows of an epoch: of longer tables every n-th one is used. */
const MOST_WINDOWS = 50_000

/**
 * Trains a network.
 *
 * @param stop - ends the training after the current update, with the best epoch so far
 * @throws GruError ERR_GRU_NONFINITE if a loss or gradients are not finite; the signal's reason if it was aborted
 */
export async function trainNetwork(
  table: TableData,
  { facts, parts }: Learnt,
  options: CheckedOptions,
  stop: AbortSignal | undefined,
): Promise<Trained> {
  const { signal } = options
  const training = await windowsOf(table, facts, parts.training, signal)
  const validation = await windowsOf(table, facts, parts.validation, signal)
  const settings = settingsFor(training.length, options)
  const steady = facts.targets.every(({ scales }) => Object.values(scales).every((s) => s.steady))
  const { trainer, resumed } = await openTrainer(facts, options, settings.hiddenSize, training)
  try {
    if (steady) zeroParameters(trainer.model)
    const lossOf = (): Promise<number> => evaluate(trainer, facts, validation, signal)
    const run = new BestEpochs(
      trainer,
      await (resumed ? bestBefore(trainer, options, lossOf) : bestOfStart(trainer, lossOf)),
    )
    if (!steady)
      await run.train(new Dataset(training), new Dataset(validation), {
        options,
        settings,
        resumed,
        stop,
      })
    await run.putBackBest()
    return { model: trainer.model, ...run.result, steady, settings }
  } catch (error) {
    trainer.model.dispose()
    throw error
  } finally {
    trainer.dispose()
  }
}

/** All windows of a part, or every n-th one. */
export async function windowsOf(
  table: TableData,
  facts: ForecastFacts,
  part: readonly Origins[],
  signal: AbortSignal | undefined,
): Promise<ModelTrainingSequence[]> {
  const origins = await prepareOrigins(table, facts, thinPart(part, MOST_WINDOWS), signal)
  const truths = table.series.map((series) =>
    facts.targets.map(({ name, logarithm }) => targetValues(series, name, logarithm)),
  )
  const windows: ModelTrainingSequence[] = []
  const pauses = new Pauses(signal)
  for (const origin of origins) {
    if (pauses.isDue) await pauses.take()
    const targets = targetsOf(origin, truths[origin.series]!, facts)
    if (targets.every(Number.isNaN)) continue
    windows.push({ inputs: inputsOf(origin, facts), targets: { [FORECAST]: targets } })
  }
  return windows
}

/** Sizes and counts that the options say, or that fit the table. */
export interface TrainingSettings {
  readonly hiddenSize: number
  readonly batch: number
  readonly epochs: number
  readonly patience: number
}

/** Sizes that fit the number of windows, where the options do not say them. */
export function settingsFor(
  windows: number,
  { model, training }: CheckedOptions,
): TrainingSettings {
  const step = <T>(small: T, middle: T, large: T, limits: readonly [number, number]): T =>
    windows <= limits[0] ? small : windows <= limits[1] ? middle : large
  const batch = training.batch ?? step(32, 64, 128, [2000, 10_000])
  const updates = Math.ceil(windows / batch)
  const epochs = training.epochs ?? Math.min(120, Math.max(8, Math.round(1500 / updates)))
  return {
    hiddenSize: model.hiddenSize ?? step(32, 64, 96, [2000, 20_000]),
    batch,
    epochs,
    patience: training.patience ?? Math.max(5, Math.ceil(epochs / 5)),
  }
}

async function openTrainer(
  facts: ForecastFacts,
  options: CheckedOptions,
  hiddenSize: number,
  training: readonly ModelTrainingSequence[],
): Promise<{ readonly trainer: Trainer<Model>; readonly resumed: boolean }> {
  if (options.resume) {
    const newest = await Trainer.latest(options.checkpoints!, { device: options.device })
    if (newest !== undefined) {
      return { trainer: await checkResumed(newest, facts, options, hiddenSize), resumed: true }
    }
  }
  await writeFacts(facts, options)
  const model = createNetwork(facts, options, hiddenSize)
  startFromQuantiles(model, facts, training)
  return { trainer: new Trainer(model, trainerOptions(options)), resumed: false }
}

/** What was learnt before the network stands beside its checkpoints: they are of use with the same facts alone. */
const FACTS_NAME = 'facts.json'

/** Units are for display: other ones make no other table. */
function comparableFacts(facts: ForecastFacts): string {
  const targets = facts.targets.map((target) => ({ ...target, unit: '' }))
  return JSON.stringify({ ...facts, targets })
}

async function writeFacts(facts: ForecastFacts, { checkpoints }: CheckedOptions): Promise<void> {
  if (checkpoints === undefined) return
  await prepareFolder(checkpoints).catch((cause: unknown) => {
    throw writeError(checkpoints, cause)
  })
  await replaceFile(path.join(checkpoints, FACTS_NAME), comparableFacts(facts))
}

/** Refuses checkpoints of another table, of other options or of another network. */
async function checkResumed(
  trainer: Trainer<TrainableModel>,
  facts: ForecastFacts,
  options: CheckedOptions,
  hiddenSize: number,
): Promise<Trainer<Model>> {
  const { model } = trainer
  const file = path.join(options.checkpoints!, FACTS_NAME)
  const before = await unlessMissing(fs.readFile(file, 'utf8'))
  const wanted = createNetwork(facts, options, hiddenSize)
  const isSameNetwork = model instanceof Model && describeNetwork(model) === describeNetwork(wanted)
  wanted.dispose()
  if (isSameNetwork && before === comparableFacts(facts))
    return trainer as unknown as Trainer<Model>
  model.dispose()
  trainer.dispose()
  const expected = 'checkpoints of this table with the same options'
  const got = isSameNetwork ? 'those of another table or other options' : 'another network'
  throw argumentError('ERR_GRU_VALUE', 'resume', expected, got)
}

function describeNetwork({ options: { inputs, layers, outputs } }: Model): string {
  return JSON.stringify([inputs, layers, outputs])
}

function trainerOptions({ training }: CheckedOptions): ConstructorParameters<typeof Trainer>[1] {
  const { optimizer: kind, learningRate, weightDecay, clipNorm } = training
  return { optimizer: { kind, learningRate, weightDecay }, clipNorm }
}

const INITIAL_SHARE = 0.1

/**
 * The network begins with the quantiles that the distances have over the training part: its head's weights are small, and
 * its biases are these quantiles.
 */
function startFromQuantiles(
  model: Model,
  facts: ForecastFacts,
  training: readonly ModelTrainingSequence[],
): void {
  const name = `${FORECAST}.weight`
  const { [name]: weight, [`${FORECAST}.bias`]: bias } = model.getParameters()
  for (const i of weight!.keys()) weight![i]! *= INITIAL_SHARE
  bias!.fill(0)
  if (facts.distribution === 'quantiles') {
    const { quantiles, targets } = facts
    for (const j of targets.keys()) {
      const distances = distancesOfTarget(training, j, targets.length)
      for (const [q, quantile] of quantiles.entries()) {
        bias![j * quantiles.length + q] = distances[Math.floor(quantile * distances.length)] ?? 0
      }
    }
  }
  model.setParameters({ [name]: weight!, [`${FORECAST}.bias`]: bias! })
}

/** The most windows whose distances give the first quantiles. */
const MOST_FOR_QUANTILES = 2000

function distancesOfTarget(
  training: readonly ModelTrainingSequence[],
  target: number,
  targets: number,
): Float32Array {
  const stride = Math.ceil(training.length / MOST_FOR_QUANTILES)
  const some = training.filter((_, i) => i % stride === 0)
  const values = some.flatMap((window) => {
    const all = window.targets[FORECAST] as Float32Array
    return [...all.filter((value, i) => i % targets === target && !Number.isNaN(value))]
  })
  return Float32Array.from(values).sort()
}

/** The network then gives 0 for every distance: the forecast is what it is added to. */
function zeroParameters(model: Model): void {
  const parameters = model.getParameters()
  for (const values of Object.values(parameters)) values.fill(0)
  model.setParameters(parameters)
}

const EVALUATED_TOGETHER = 256

/** The loss over some windows. */
async function evaluate(
  trainer: Trainer<Model>,
  facts: ForecastFacts,
  windows: readonly ModelTrainingSequence[],
  signal: AbortSignal | undefined,
): Promise<number> {
  let [sum, count] = [0, 0]
  for (let begin = 0; begin < windows.length; begin += EVALUATED_TOGETHER) {
    const some = windows.slice(begin, begin + EVALUATED_TOGETHER)
    const call = joinSamples(
      some.map(({ inputs }) => inputs as Record<string, Float32Array>),
      facts,
    )
    const truth = some.flatMap(({ targets }) => [...(targets[FORECAST] as Float32Array)])
    const known = truth.filter((value) => !Number.isNaN(value)).length
    const targets = { [FORECAST]: Float32Array.from(truth) }
    const { loss } = await trainer.evaluate({ ...call, targets, signal })
    sum += loss * known
    count += known
  }
  return sum / count
}

/** The parameters with the lowest validation loss so far. */
interface BestParameters {
  readonly epoch: number
  readonly loss: number
  readonly parameters: Parameters
}

async function bestOfStart(
  { model }: Trainer<Model>,
  lossOf: () => Promise<number>,
): Promise<BestParameters> {
  return { epoch: 0, loss: await lossOf(), parameters: await model.readParameters() }
}

/** The best epoch of a training that goes on is in a file beside its checkpoints. */
async function bestBefore(
  { model }: Trainer<Model>,
  { checkpoints, device }: CheckedOptions,
  lossOf: () => Promise<number>,
): Promise<BestParameters> {
  const now = await model.readParameters()
  const file = path.join(checkpoints!, BEST_NAME)
  const best = await Trainer.load(file, { device })
  try {
    const parameters = await best.model.readParameters()
    await model.writeParameters(parameters)
    return { epoch: 0, loss: await lossOf(), parameters }
  } finally {
    best.model.dispose()
    best.dispose()
    await model.writeParameters(now)
  }
}

interface Run {
  readonly options: CheckedOptions
  readonly settings: TrainingSettings
  readonly resumed: boolean
  readonly stop: AbortSignal | undefined
}

type Data = Dataset<ModelTrainingSequence>

/** The epochs of a training, and the parameters of the best one. */
class BestEpochs {
  readonly #trainer: Trainer<Model>
  readonly #epochs: TrainingEpoch[] = []
  #best: BestParameters

  /** @param best - of the epochs before */
  constructor(trainer: Trainer<Model>, best: BestParameters) {
    this.#trainer = trainer
    this.#best = best
  }

  get result(): Pick<Trained, 'epochs' | 'bestEpoch' | 'bestLoss'> {
    const { epoch, loss } = this.#best
    return { epochs: this.#epochs, bestEpoch: epoch, bestLoss: loss }
  }

  async train(
    data: Data,
    validation: Data,
    { options, settings, resumed, stop }: Run,
  ): Promise<void> {
    const { epochs, batch, patience } = settings
    const updates = epochs * Math.ceil(data.size / batch)
    const { checkpoints, training, seed, signal } = options
    const fit = this.#trainer.fit(data, {
      ...{ epochs, batchSize: batch, patience, validation, seed, signal },
      schedule: rateSchedule(training.schedule, updates),
      ...(checkpoints === undefined ? {} : { checkpoint: { path: checkpoints } }),
      resume: resumed,
    })
    let norms: number[] = []
    for await (const progress of fit) {
      norms.push(progress.gradNorm)
      options.onUpdate?.(this.#describe(progress))
      this.#numberEpochBefore(progress.best)
      if (progress.validationLoss !== undefined) {
        await this.#end(progress, norms, options)
        norms = []
      }
      if (stop?.aborted === true) break
    }
  }

  /** Of a training that goes on, the first progress knows the number of the best epoch before. */
  #numberEpochBefore(best: Best | undefined): void {
    if (this.#epochs.length > 0 || best === undefined || this.#best.epoch > 0) return
    if (best.value <= this.#best.loss) this.#best = { ...this.#best, epoch: best.epoch }
  }

  #describe(progress: Progress): ForecastUpdate {
    const { epoch, epochs, batch, batches, meanLoss: loss, learningRate, secondsLeft } = progress
    const share = batches === undefined ? 0 : batch / batches
    const validationLoss = progress.validationLoss ?? this.#epochs.at(-1)?.validationLoss
    return { epoch, epochs, share, loss, validationLoss, learningRate, secondsLeft }
  }

  async putBackBest(): Promise<void> {
    await this.#trainer.model.writeParameters(this.#best.parameters)
  }

  async #end(progress: Progress, norms: readonly number[], options: CheckedOptions): Promise<void> {
    const { epoch, epochs, meanLoss: loss, learningRate, elapsed: seconds, secondsLeft } = progress
    const validationLoss = progress.validationLoss!
    checkFinite(epoch, loss + validationLoss)
    const isBest = validationLoss < this.#best.loss
    if (isBest) {
      const parameters = await this.#trainer.model.readParameters()
      this.#best = { epoch, loss: validationLoss, parameters }
    }
    const gradNorm = norms.reduce((sum, norm) => sum + norm, 0) / norms.length
    const losses = { epoch, epochs, loss, validationLoss, learningRate, gradNorm }
    const ended = { ...losses, seconds, secondsLeft, isBest }
    this.#epochs.push(ended)
    options.onEpoch?.(ended)
  }
}

function checkFinite(epoch: number, loss: number): void {
  if (Number.isFinite(loss)) return
  const expected = 'finite losses (a lower training.learningRate may help)'
  throw argumentError('ERR_GRU_VALUE', `epoch ${epoch}`, expected, String(loss))
}
