/**
 * Validation data, and their results after an epoch.
 *
 * @module
 */
import { argumentError, describe } from '../errors'
import type { Graph } from '../graph'
import { MeanLoss } from '../mean-loss'
import type { CheckedMetric } from '../metrics/options'
import { validRows } from '../metrics/valid-rows'
import { type CheckedBatch, newPredictions } from '../model-batch'
import { checkNameText } from '../records/record'
import { checkOptions } from '../validate'
import { checked, type EpochSource, epochsOf, isData, noBatches } from './epochs'
import type { FitJobs } from './jobs'

/** The results of a set of validation data. */
export interface ValidationResult {
  /** Mean loss: for each output weighted by the denominators of its losses, then the sum over all outputs */
  readonly loss: number
  /** By their names */
  readonly metrics: Readonly<Record<string, number>>
}

/** One set of validation data. */
export interface ValidationSet {
  /** Undefined for the only one. */
  readonly name: string | undefined
  /** Its name in messages. */
  readonly argument: string
  readonly source: EpochSource
}

/** Checks validation data: none, one set, or several by their names. */
export function checkValidation(
  jobs: FitJobs,
  value: unknown,
  batchSize: number,
): readonly ValidationSet[] {
  if (value === undefined) return []
  const order = { shuffle: false, seed: 0 }
  const setOf = (name: string | undefined, argument: string, data: unknown): ValidationSet => ({
    name,
    argument,
    source: epochsOf(argument, data, jobs, batchSize, order),
  })
  if (isData(value)) return [setOf(undefined, 'validation', value)]
  return Object.entries(namedSets(value)).map(([name, data]) => {
    checkNameText('validation', name)
    return setOf(name, `validation.${name}`, data)
  })
}

function namedSets(value: unknown): Readonly<Record<string, unknown>> {
  const isObject = typeof value === 'object' && value !== null
  if (!isObject || Array.isArray(value) || Object.keys(value).length === 0) {
    const expected = 'a Dataset, an iterable of batches, or an object of such data by name'
    throw argumentError('ERR_GRU_TYPE', 'validation', expected, describe(value))
  }
  return checkOptions('validation', value, Object.keys(value))
}

/** Computes a set's loss and metrics, in inference. */
export async function validate(
  jobs: FitJobs,
  { argument, source }: ValidationSet,
  metrics: readonly CheckedMetric[],
  epoch: number,
  signal: AbortSignal | undefined,
): Promise<ValidationResult> {
  const mean = new MeanLoss()
  for (const { metric } of metrics) metric.reset()
  for await (const batch of checked(argument, epoch, jobs, source.epoch(epoch, 0))) {
    const predictions = metrics.length > 0 ? newPredictions(jobs.graph, batch) : []
    mean.add(await jobs.evaluate(batch, predictions, signal))
    update(jobs.graph, metrics, batch, predictions)
  }
  if (mean.isEmpty) throw noBatches(argument, epoch)
  return { loss: mean.value, metrics: Object.fromEntries(metrics.map(resultOf)) }
}

function update(
  graph: Graph,
  metrics: readonly CheckedMetric[],
  batch: CheckedBatch,
  predictions: readonly Float32Array[],
): void {
  for (const { metric, output } of metrics) {
    const rows = validRows(graph, output, batch, predictions[output]!)
    if (rows.shape.rows > 0) metric.update(rows.predictions, rows.targets, rows.shape)
  }
}

function resultOf({ argument, name, metric }: CheckedMetric): [name: string, value: number] {
  const value: unknown = metric.result()
  if (typeof value === 'number') return [name, value]
  throw argumentError('ERR_GRU_TYPE', `${argument}.result()`, 'a number', describe(value))
}
