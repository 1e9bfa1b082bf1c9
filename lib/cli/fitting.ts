/**
 * Training a forecaster, and choosing the epoch that validates best.
 *
 * @module
 */
import { Dataset } from '../data'
import { argumentError, quote } from '../errors'
import { SequenceModel } from '../sequence-model'
import { Trainer } from '../trainer'
import { countFeatures, encodeRows, fitEncoding, fitScale } from './encoding'
import { Forecaster, type ForecastFacts } from './forecaster'
import type { Job } from './job'
import type { Epoch } from './progress'
import { numbersOf, type Table } from './table'
import { mapDays, windowBefore, type Days, type Parts } from './windows'

/** What a training run left. */
export interface Fitted {
  /** With the parameters of the best epoch. */
  readonly forecaster: Forecaster
  readonly epochs: readonly Epoch[]
  /** The epoch with the lowest validation loss. */
  readonly best: Epoch
}

/** What a model is trained on. */
export interface FittingData {
  readonly table: Table
  readonly parts: Parts
  /** Learnt from the training part alone ({@link learnFacts}). */
  readonly facts: ForecastFacts
}

/**
 * Trains a model on a job's training part. The model predicts by how much tomorrow's value differs
 * from today's, on a scale with standard deviation 1, so that it starts from a sensible forecast.
 *
 * @param onEpoch - told of each epoch when it ends
 * @throws GruError ERR_GRU_VALUE where a loss is not finite; the signal's reason where it was aborted
 */
export async function fit(
  job: Job,
  { table, parts, facts }: FittingData,
  onEpoch: (epoch: Epoch) => void,
  signal: AbortSignal,
): Promise<Fitted> {
  const model = createModel(job, facts)
  const trainer = new Trainer(model, trainerOptions(job))
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
    return { forecaster: new Forecaster(model, facts), epochs, best: best! }
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

/** Everything that is learnt before training, from the rows of the training part alone. */
export function learnFacts(job: Job, table: Table, training: Days): ForecastFacts {
  const values = numbersOf(table, job.target)
  const changes = mapDays({ begin: 1, end: training.end }, (day) => values[day]! - values[day - 1]!)
  return {
    job: job.name,
    target: job.target,
    unit: job.unit,
    window: job.window,
    columns: fitEncoding(table, job.columns, training.end),
    change: fitScale(`${table.path}, changes of ${quote(job.target)}`, changes),
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

function trainerOptions({ training }: Job): ConstructorParameters<typeof Trainer>[1] {
  const { learningRate, weightDecay, clipNorm } = training
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
