/**
 * Batches cut into chunks of some steps, for truncated back-propagation through time.
 *
 * @module
 */
import type { NativeInputBatch } from '../../binding'
import type { Graph } from '../graph'
import { padded } from '../padded'
import type { FitBatch } from './epochs'

type Values = Float32Array | Int32Array

/** What one update is made of. */
export interface UpdateBatches {
  /** Whole batches, or one chunk of each. */
  readonly batches: readonly FitBatch[]
  /** The number of the chunk, from 1 to `chunks`. */
  readonly chunk: number
  readonly chunks: number
}

/** Groups of whole batches. */
export async function* whole(
  groups: AsyncIterable<readonly FitBatch[]>,
): AsyncGenerator<UpdateBatches, void, undefined> {
  for await (const batches of groups) yield { batches, chunk: 1, chunks: 1 }
}

/**
 * The chunks of one group after another, which carry their states. All batches of a group are cut at the same steps; one
 * that has ended has no valid step in the chunks that follow.
 *
 * @param chunkSteps - steps of a chunk
 */
export async function* chunked(
  graph: Graph,
  groups: AsyncIterable<readonly FitBatch[]>,
  chunkSteps: number,
): AsyncGenerator<UpdateBatches, void, undefined> {
  for await (const group of groups) {
    const batches = group.map((batch) => ({ ...batch, carryState: true }))
    const chunks = countChunks(batches, chunkSteps)
    for (let chunk = 1; chunk <= chunks; chunk++) {
      const from = (chunk - 1) * chunkSteps
      const cut = (batch: FitBatch): FitBatch => cutBatch(graph, batch, from, chunkSteps)
      yield { batches: chunks === 1 ? batches : batches.map(cut), chunk, chunks }
    }
  }
}

/** How many chunks a group has. A batch whose inputs differ in their lengths is left whole, and the step refuses it. */
function countChunks(batches: readonly FitBatch[], chunkSteps: number): number {
  if (!batches.every(inputsAgree)) return 1
  return batches.reduce((most, batch) => Math.max(most, Math.ceil(longest(batch) / chunkSteps)), 1)
}

function inputsAgree(batch: FitBatch): boolean {
  const [first, ...others] = batch.inputs
  const expected = lengthsOf(first!, batch.batch)
  return others.every(
    (input) =>
      input.steps === first!.steps &&
      lengthsOf(input, batch.batch).every((length, i) => length === expected[i]),
  )
}

function lengthsOf({ steps, lengths }: NativeInputBatch, batch: number): Int32Array {
  return lengths ?? new Int32Array(batch).fill(steps)
}

/** Steps of the longest sequence. */
function longest({ batch, inputs }: FitBatch): number {
  return lengthsOf(inputs[0]!, batch).reduce((most, length) => Math.max(most, length))
}

/** The chunk of a batch that begins at a step. Where the batch has ended before, it is one step of padding. */
function cutBatch(graph: Graph, batch: FitBatch, from: number, chunkSteps: number): FitBatch {
  const count = Math.max(1, Math.min(chunkSteps, longest(batch) - from))
  const first = Math.min(from, batch.inputs[0]!.steps - 1)
  const cut = (values: Values): Values =>
    cutValues(values, graph.options.batchFirst, batch, first, count)
  return {
    ...batch,
    inputs: batch.inputs.map((input) => ({
      steps: count,
      lengths: lengthsFrom(input, batch.batch, from, count),
      values: cut(input.values),
    })),
    // Labels have no steps: a model that is trained on them is refused.
    targets: batch.targets.map((target) => cut(target as Values)),
  }
}

/** The lengths that remain from a step on, at most `count`; null where all are `count`. */
function lengthsFrom(
  input: NativeInputBatch,
  batch: number,
  from: number,
  count: number,
): Int32Array | null {
  if (input.lengths === null && from < input.steps) return null
  return lengthsOf(input, batch).map((length) => Math.min(Math.max(length - from, 0), count))
}

/** The rows of `count` steps of an array of a batch: a view where steps are the first axis, else a copy. */
function cutValues(
  values: Values,
  batchFirst: boolean,
  { batch, inputs }: FitBatch,
  first: number,
  count: number,
): Values {
  const { steps } = inputs[0]!
  const within = (array: Values): Values => {
    const width = array.length / steps
    return array.subarray(first * width, (first + count) * width)
  }
  if (!batchFirst) return within(values)
  const size = values.length / batch
  const sequences = Array.from({ length: batch }, (_, i) =>
    within(values.subarray(i * size, (i + 1) * size)),
  )
  return padded(sequences, count, size / steps, batchFirst)
}
