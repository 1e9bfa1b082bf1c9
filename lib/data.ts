/**
 * Sequences in memory, and batches of them.
 *
 * @module
 */
import { types } from 'node:util'
import type { NativeModelOptions } from '../binding'
import { markClass } from './copy'
import { argumentError, describe } from './errors'
import { checkFiniteSequence } from './finite'
import { fixProperties } from './fixed-properties'
import {
  checkInputType,
  checkTargetType,
  inputWidth,
  type ModelInput,
  type ModelTarget,
  targetWidth,
  type TrainingBatch,
} from './model-batch'
import { randomOrder } from './random-order'
import { checkIndices, checkLength, checkMultiple, checkOptions } from './validate'

/** A sequence, and what should be predicted of it. The arrays may be views: of windows of one long series, say. */
export interface TrainingSequence {
  /** Features [steps, I] (Float32Array) or tokens [steps] (Int32Array), of at least one step. */
  readonly input: ModelInput
  /**
   * Classes [steps] (Int32Array) or values [steps, O] (Float32Array), as the model's loss says; with every: 'last'
   * [1] or [O].
   */
  readonly target: ModelTarget
}

/** Sequences to train on, each with a length of its own. They are not copied: leave the arrays alone while in use. Its properties cannot be set. */
export class Dataset {
  readonly #sequences: readonly TrainingSequence[]

  static {
    markClass(this)
  }

  /**
   * @param sequences - at least one
   * @throws GruError ERR_GRU_TYPE, ERR_GRU_VALUE
   */
  constructor(sequences: readonly TrainingSequence[]) {
    const given: unknown = sequences
    if (!Array.isArray(given)) {
      throw argumentError('ERR_GRU_TYPE', 'sequences', 'an Array of sequences', describe(given))
    }
    if (given.length === 0) {
      throw argumentError('ERR_GRU_VALUE', 'sequences', 'at least one sequence', 'none')
    }
    this.#sequences = Object.freeze(Array.from(given, toSequence))
  }

  /** What it was made of, in the same order. */
  get sequences(): readonly TrainingSequence[] {
    return this.#sequences
  }

  /** How many sequences there are. */
  get size(): number {
    return this.#sequences.length
  }
}

fixProperties(Dataset, 'sequences are given to new Dataset')

function toSequence(value: unknown, index: number): TrainingSequence {
  const { input, target } = checkOptions(`sequences[${index}]`, value, ['input', 'target'])
  // Which arrays they must be is known only with a model.
  return Object.freeze({ input: input as ModelInput, target: target as ModelTarget })
}

/**
 * Checks that a model can be trained on all sequences: their types, shapes, tokens and classes, and that
 * their numbers are finite.
 *
 * @param argument - 'data' or 'validation'
 */
export function checkDataset(
  argument: string,
  { sequences }: Dataset,
  model: Readonly<NativeModelOptions>,
): void {
  for (const [index, sequence] of sequences.entries()) {
    const place = `${argument}.sequences[${index}]`
    const { input, target } = checkSequence(place, sequence, model)
    if (model.tokens > 0) checkIndices(`${place}.input`, input as Int32Array, model.tokens)
    if (model.loss === 'crossEntropy') {
      checkIndices(`${place}.target`, target as Int32Array, model.outputSize)
    }
    checkFiniteSequence(place, model, { input, target })
  }
}

interface CheckedSequence extends TrainingSequence {
  readonly steps: number
}

function checkSequence(
  place: string,
  sequence: TrainingSequence,
  model: Readonly<NativeModelOptions>,
): CheckedSequence {
  const input = checkInputType(`${place}.input`, model, sequence.input)
  const inputMeaning = model.tokens > 0 ? 'steps' : 'steps*features'
  const steps = checkMultiple(`${place}.input`, input, inputMeaning, inputWidth(model))
  const target = checkTargetType(`${place}.target`, model, sequence.target)
  const rows = model.every === 'step' ? steps : 1
  const rowsMeaning = model.every === 'step' ? 'steps' : '1'
  const targetMeaning = model.loss === 'crossEntropy' ? rowsMeaning : `${rowsMeaning}*output.size`
  checkLength(`${place}.target`, target, targetMeaning, rows * targetWidth(model))
  return { input, target, steps }
}

/**
 * The batches of one epoch, the last one perhaps smaller. Sequences of different lengths share a batch, padded.
 *
 * @param argument - 'data' or 'validation'
 * @param order - the numbers of the sequences in the order of the epoch
 */
export function* batchesOf(
  argument: string,
  { sequences }: Dataset,
  model: Readonly<NativeModelOptions>,
  batchSize: number,
  order: ArrayLike<number>,
): Generator<TrainingBatch, void, undefined> {
  for (let first = 0; first < order.length; first += batchSize) {
    const batch: CheckedSequence[] = []
    for (let i = first; i < Math.min(first + batchSize, order.length); i++) {
      const index = order[i]!
      // Checked again: an array may have lost its memory since.
      batch.push(checkSequence(`${argument}.sequences[${index}]`, sequences[index]!, model))
    }
    yield assemble(batch, model)
  }
}

/** The order of an epoch: the sequences' own, or one drawn from a seed. */
export function epochOrder(
  size: number,
  shuffle: boolean,
  seed: number,
  epoch: number,
): Uint32Array {
  return shuffle ? randomOrder(size, seed, epoch) : Uint32Array.from({ length: size }, (_, i) => i)
}

function assemble(
  sequences: readonly CheckedSequence[],
  model: Readonly<NativeModelOptions>,
): TrainingBatch {
  const lengths = Int32Array.from(sequences, ({ steps }) => steps)
  const steps = lengths.reduce((longest, length) => Math.max(longest, length))
  const inputs = sequences.map(({ input }) => input)
  const targets = sequences.map(({ target }) => target)
  const targetSteps = model.every === 'step' ? steps : 1
  return {
    input: padded(inputs, steps, inputWidth(model), model.gru.batchFirst),
    target: padded(targets, targetSteps, targetWidth(model), model.gru.batchFirst),
    batch: sequences.length,
    lengths,
  }
}

/** Arrays [steps of its own, width] as one [steps, batch, width], or [batch, steps, width], with zeros past their ends. */
function padded(
  sequences: readonly (Float32Array | Int32Array)[],
  steps: number,
  width: number,
  batchFirst: boolean,
): Float32Array | Int32Array {
  const count = sequences.length * steps * width
  const batch = types.isInt32Array(sequences[0]) ? new Int32Array(count) : new Float32Array(count)
  const stride = batchFirst ? width : sequences.length * width
  for (const [index, sequence] of sequences.entries()) {
    let row = index * (batchFirst ? steps * width : width)
    for (let from = 0; from < sequence.length; from += width, row += stride) {
      for (let column = 0; column < width; column++) batch[row + column] = sequence[from + column]!
    }
  }
  return batch
}
