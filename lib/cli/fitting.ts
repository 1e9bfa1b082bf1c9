/**
 * Trains a forecaster, and chooses the epoch with the best validation.
 *
 * @module
 */
import { Dataset } from '../data'
import { argumentError, quote } from '../errors'
import { SequenceModel } from '../sequence-model'
import { Trainer } from '../trainer'
import {
  countFeatures,
  encodeRows,
  fitEncoding,
  fitScale,
  isConstant,
  type Scale,
} from './encoding'
import { Forecaster, type ForecastFacts } from './forecaster'
import type { Job } from './job'
import type { Epoch } from './progress'
import { largestMagnitude } from '../forecasting/statistics'
import { numbersOf, type Table } from './table'
import { mapDays, windowBefore, type Days, type Parts } from './windows'

/** The result of a training run. */
export interface Fitted {
  /** It has the parameters of the best epoch. */
  readonly forecaster: Forecaster
  readonly epochs: readonly Epoch[]
  /** The epoch with the lowest validation loss. */
  readonly best: Epoch
  /**
   * Whether the target's change was the same on all days of the training part. Then there was nothing to learn, and the
   * forecaster adds that change to today's value.
   */
  readonly steady: boolean
}

/** The data that a model is trained on. */
export interface FittingData {
  readonly table: Table
  readonly parts: Parts
  /** Learnt from the training part only ({@link learnFacts}). */
  readonly facts: ForecastFacts
}

/**
 * Trains a model on a job's training part. The model predicts the difference between tomorrow's and today's value,
 * scaled to standard deviation 1, so that it starts from a sensible forecast.
 *
 * @param onEpoch - called at the end of each epoch
 * @throws GruError ERR_GRU_NONFINITE if a training step's loss or gradients are not finite, ERR_GRU_VALUE if a
 *   validation's loss is not; the signal's reason if it was aborted
 */
export async function fit(
  job: Job,
  { table, parts, facts }: FittingData,
  onEpoch: (epoch: Epoch) => void,
  signal: AbortSignal,
): Promise<Fitted> {
  const steady = isSteady(table, job.target, parts.training)
  const model = createModel(job, facts)
  if (steady) zeroParameters(model)
  // With a rate of 0 that model does not change. Otherwise training would follow the rounding errors of the changes.
  const trainer = new Trainer(model, trainerOptions(job, steady ? 0 : job.training.learningRate))
  try {
    const features = encodeRows(table, facts.columns, 0, table.rows)
    const fitOptions = {
      epochs: job.training.epochs,
      batchSize: job.training.batch,
      seed: job.seed,
      validation: datasetOf(table, facts, features, parts.validation),
      signal,
    }
    const epochs: Epoch[] = []
    let best: Epoch | undefined
    let parameters = model.getParameters()
    const data = datasetOf(table, facts, features, parts.training)
    for await (const progress of trainer.fit(data, fitOptions)) {
      const { epoch, epochEnd, meanLoss: loss, validationLoss } = progress
      if (!epochEnd || validationLoss === undefined) continue
      checkFinite(epoch, loss + validationLoss)
      const ended = { epoch, loss, validationLoss }
      epochs.push(ended)
      if (best === undefined || validationLoss < best.validationLoss) {
        best = ended
        parameters = model.getParameters()
      }
      onEpoch(ended)
    }
    model.setParameters(parameters)
    return { forecaster: new Forecaster(model, facts), epochs, best: best!, steady }
  } catch (error) {
    model.dispose()
    throw error
  } finally {
    trainer.dispose()
  }
}

function checkFinite(epoch: number, loss: number): void {
  if (Number.isFinite(loss)) return
  const expected = 'finite losses (a lower training.learningRate may help)'
  throw argumentError('ERR_GRU_VALUE', `epoch ${epoch}`, expected, String(loss))
}

/** Learns everything that is needed before training, from the rows of the training part only. */
export function learnFacts(job: Job, table: Table, training: Days): ForecastFacts {
  return {
    job: job.name,
    target: job.target,
    unit: job.unit,
    window: job.window,
    columns: fitEncoding(table, job.columns, training.end),
    change: scaleOfChanges(table, job.target, training),
  }
}

/**
 * If all changes are the same except for rounding, that change is their scale. Forecasts are then printed with enough
 * digits to show it.
 */
function scaleOfChanges(table: Table, target: string, training: Days): Scale {
  const { changes, magnitude } = changesOf(table, target, training)
  const scale = fitScale(`${table.path}, changes of ${quote(target)}`, changes, magnitude)
  const isNone = isConstant(Float64Array.of(0, scale.mean), magnitude)
  if (!isConstant(changes, magnitude) || isNone) return scale
  return { ...scale, standardDeviation: Math.abs(scale.mean) }
}

/** Whether the target's changes are the same on all days of the training part, except for rounding. */
function isSteady(table: Table, target: string, training: Days): boolean {
  const { changes, magnitude } = changesOf(table, target, training)
  return isConstant(changes, magnitude)
}

/** The target's changes from day to day up to the training part's end, and the largest magnitude that they come from. */
function changesOf(
  table: Table,
  target: string,
  { end }: Days,
): { readonly changes: Float64Array; readonly magnitude: number } {
  const values = numbersOf(table, target)
  return {
    changes: mapDays({ begin: 1, end }, (day) => values[day]! - values[day - 1]!),
    magnitude: largestMagnitude(values.subarray(0, end)),
  }
}

function createModel(job: Job, facts: ForecastFacts): SequenceModel {
  return new SequenceModel({
    input: { features: countFeatures(facts.columns) },
    gru: { ...job.model, batchFirst: true },
    output: { size: 1, loss: 'meanSquaredError', every: 'last' },
    seed: job.seed,
  })
}

/** Sets all parameters to zero: the model then predicts 0, no deviation from the mean change. */
function zeroParameters(model: SequenceModel): void {
  const parameters = model.getParameters()
  for (const values of Object.values(parameters)) values.fill(0)
  model.setParameters(parameters)
}

function trainerOptions(
  { training }: Job,
  learningRate: number,
): ConstructorParameters<typeof Trainer>[1] {
  const { weightDecay, clipNorm } = training
  return { optimizer: { kind: 'adamw', learningRate, weightDecay }, clipNorm }
}

function datasetOf(
  table: Table,
  { columns, change, target, window }: ForecastFacts,
  features: Float32Array,
  { begin, end }: Days,
): Dataset {
  const values = numbersOf(table, target)
  const width = countFeatures(columns)
  const sequences = Array.from({ length: end - begin }, (_, i) => {
    const day = begin + i
    const scaled = (values[day]! - values[day - 1]! - change.mean) / change.standardDeviation
    return {
      input: windowBefore(features, width, window, day),
      target: Float32Array.of(scaled),
    }
  })
  return new Dataset(sequences)
}
