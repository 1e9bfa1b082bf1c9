/**
 * What training over epochs needs of a trainer.
 *
 * @module
 */
import type { BatchForm } from '../batch-forms'
import type { Graph } from '../graph'
import type { BatchResult } from '../mean-loss'
import type { CheckedBatch } from '../model-batch'

/** What fit needs of a trainer. */
export interface FitJobs {
  readonly graph: Graph
  /** How the model's batches are given. */
  readonly form: BatchForm
  readonly modelSeed: number
  /** Counts an epoch that begins, and returns its number, from 1 in the trainer's life. */
  readonly nextEpoch: () => number
  readonly check: (batch: unknown) => CheckedBatch
  readonly step: (batch: CheckedBatch, signal: unknown) => Promise<BatchResult>
  readonly evaluate: (batch: CheckedBatch, signal: unknown) => Promise<BatchResult>
}
