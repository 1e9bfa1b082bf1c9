/**
 * Sequences in memory, and batches of them.
 *
 * @module
 */
import type { AnyTrainingBatch, BatchForm, ModelInputs, TrainingBatch } from './batch-forms'
import { markClass } from './copy'
import { argumentError, describe } from './errors'
import { checkFiniteSequence, type SequenceArrays } from './finite'
import { fixProperties } from './fixed-properties'
import type { Graph, GraphInput } from './graph'
import { checkInputType, type ModelInput } from './model-batch'
import { padded } from './padded'
import type { Pauses } from './pauses'
import { randomOrder } from './random-order'
import {
  checkSequenceTarget,
  checkTargetRange,
  joinTargets,
  type ModelTarget,
  type SequenceTarget,
} from './targets'
import { checkIndices, checkMultiple, checkOptions } from './validate'

/** A sequence and its target. The arrays may be views, for example windows of one long series. */
export interface TrainingSequence {
  /** Features [steps, I] (Float32Array) or tokens [steps] (Int32Array), of at least one step. */
  readonly input: ModelInput
  /**
   * Classes [steps] (Int32Array), values [steps, values] (Float32Array) or labels [any number] (Int32Array), as the
   * model's loss says; with every: 'last' [1] or [values].
   */
  readonly target: SequenceTarget
}

/** As {@link TrainingSequence}, for a {@link Model}: an array for each of its inputs and outputs, by name. */
export interface ModelTrainingSequence {
  readonly inputs: ModelInputs
  readonly targets: Readonly<Record<string, SequenceTarget>>
}

/** A sequence of either kind of model. */
export type AnyTrainingSequence = TrainingSequence | ModelTrainingSequence

/** The sequences from which batches B are made. */
export type SequenceOf<B extends AnyTrainingBatch> = B extends TrainingBatch
  ? TrainingSequence
  : ModelTrainingSequence

/**
 * Sequences to train on. Each has its own length. They are not copied: do not change the arrays while they are in use. The
 * properties of a Dataset cannot be set.
 */
export class Dataset<S extends AnyTrainingSequence = TrainingSequence> {
  readonly #sequences: readonly S[]

  static {
    markClass(this)
  }

  /**
   * @param sequences - at least one
   * @throws GruError ERR_GRU_TYPE, ERR_GRU_VALUE
   */
  constructor(sequences: readonly S[]) {
    const given: unknown = sequences
    if (!Array.isArray(given)) {
      throw argumentError('ERR_GRU_TYPE', 'sequences', 'an Array of sequences', describe(given))
    }
    if (given.length === 0) {
      throw argumentError('ERR_GRU_VALUE', 'sequences', 'at least one sequence', 'none')
    }
    this.#sequences = Object.freeze(Array.from(given, toSequence) as S[])
  }

  /** The sequences that it was made of, in the same order. */
  get sequences(): readonly S[] {
    return this.#sequences
  }

  /** How many sequences there are. */
  get size(): number {
    return this.#sequences.length
  }
}

fixProperties(Dataset, 'sequences are given to new Dataset')

function toSequence(value: unknown, index: number): AnyTrainingSequence {
  const place = `sequences[${index}]`
  const isNamed = typeof value === 'object' && value !== null && 'inputs' in value
  const keys = isNamed ? ['inputs', 'targets'] : ['input', 'target']
  // Only a model says which types and shapes the arrays must have.
  const given = checkOptions(place, value, keys)
  return Object.freeze(
    Object.fromEntries(keys.map((key) => [key, given[key]])),
  ) as unknown as AnyTrainingSequence
}

/**
 * Checks that a model can be trained on all sequences: their types, shapes, and the range of tokens and targets, and that
 * their numbers are finite.
 *
 * @param argument - 'data' or 'validation'
 */
export async function checkDataset(
  argument: string,
  { sequences }: Dataset<AnyTrainingSequence>,
  graph: Graph,
  form: BatchForm,
  pauses: Pauses,
): Promise<void> {
  for (const [index, sequence] of sequences.entries()) {
    if (pauses.isDue) await pauses.take()
    const place = `${argument}.sequences[${index}]`
    const { inputs, targets } = checkSequence(place, sequence, graph, form)
    for (const [i, { argument: name, tokens, size }] of graph.inputs.entries()) {
      if (tokens) checkIndices(`${place}.${name}`, inputs[i] as Int32Array, size)
    }
    for (const [i, output] of graph.outputs.entries()) {
      checkTargetRange(`${place}.${output.target}`, output, targets[i]!)
    }
    checkFiniteSequence(place, graph, { inputs, targets })
  }
}

interface CheckedSequence extends SequenceArrays {
  /** Of each input. */
  readonly steps: readonly number[]
}

function checkSequence(
  place: string,
  sequence: AnyTrainingSequence,
  graph: Graph,
  form: BatchForm,
): CheckedSequence {
  const given: Readonly<Record<string, unknown>> = checkOptions(place, sequence, form.keys)
  const givenInputs = form.inputsOf(graph, `${place}.`, given)
  const givenTargets = form.targetsOf(graph, `${place}.`, given)
  const inputs = graph.inputs.map((input, i) =>
    checkInputType(`${place}.${input.argument}`, input, givenInputs[i]),
  )
  const steps = graph.inputs.map((input, i) => stepsOf(place, input, inputs[i]!))
  checkGroups(place, graph, steps)
  const targets = graph.outputs.map((output, i) =>
    checkSequenceTarget(`${place}.${output.target}`, output, steps[output.input]!, givenTargets[i]),
  )
  return { inputs, targets, steps }
}

function stepsOf(place: string, input: GraphInput, values: ModelInput): number {
  const meaning = input.tokens ? 'steps' : 'steps*features'
  return checkMultiple(`${place}.${input.argument}`, values, meaning, input.columns)
}

/** Inputs that the model joins must have the same length. */
function checkGroups(place: string, { inputs }: Graph, steps: readonly number[]): void {
  for (const [i, { argument, group }] of inputs.entries()) {
    const first = inputs.findIndex((input) => input.group === group)
    if (steps[i] === steps[first]) continue
    const expected = `the ${steps[first]} steps of ${inputs[first]!.argument}, with which it is joined`
    throw argumentError('ERR_GRU_SHAPE', `${place}.${argument}`, expected, String(steps[i]))
  }
}

/** The numbers of the sequences of each batch that {@link batchesOf} made. */
const sequenceNumbers = new WeakMap<object, readonly number[]>()

/** The numbers that a batch's sequences have in their Dataset; undefined for a batch that comes from none. */
export function sequenceNumbersOf(batch: unknown): readonly number[] | undefined {
  return typeof batch === 'object' && batch !== null ? sequenceNumbers.get(batch) : undefined
}

/**
 * The batches of one epoch. The last one may be smaller. In a batch, shorter sequences are padded.
 *
 * @param argument - 'data' or 'validation'
 * @param order - the numbers of the sequences in the order of the epoch
 */
export function* batchesOf(
  argument: string,
  { sequences }: Dataset<AnyTrainingSequence>,
  graph: Graph,
  form: BatchForm,
  batchSize: number,
  order: ArrayLike<number>,
): Generator<AnyTrainingBatch, void, undefined> {
  for (let first = 0; first < order.length; first += batchSize) {
    const batch: CheckedSequence[] = []
    const numbers: number[] = []
    for (let i = first; i < Math.min(first + batchSize, order.length); i++) {
      const index = order[i]!
      numbers.push(index)
      // Checked again, because an array may have lost its memory since the first check.
      const place = `${argument}.sequences[${index}]`
      batch.push(checkSequence(place, sequences[index]!, graph, form))
    }
    const assembled = assemble(batch, graph, form)
    sequenceNumbers.set(assembled, numbers)
    yield assembled
  }
}

/** The order of an epoch: the order of the sequences, or a random one from a seed. */
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
  graph: Graph,
  form: BatchForm,
): AnyTrainingBatch {
  const { batchFirst } = graph.options
  const lengths = graph.inputs.map((_, i) => Int32Array.from(sequences, ({ steps }) => steps[i]!))
  const steps = lengths.map((each) => each.reduce((longest, length) => Math.max(longest, length)))
  const inputs = graph.inputs.map(({ columns }, i) => {
    const arrays = sequences.map((sequence) => sequence.inputs[i]!)
    return padded(arrays, steps[i]!, columns, batchFirst)
  })
  const targets: ModelTarget[] = graph.outputs.map((output, i) => {
    const arrays = sequences.map((sequence) => sequence.targets[i]!)
    return joinTargets(output, arrays, steps[output.input]!, batchFirst)
  })
  return form.batchOf(graph, { batch: sequences.length, inputs, targets, lengths })
}
