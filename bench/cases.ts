/**
 * The measured cases: their shapes, and the work that is done with each.
 *
 * @module
 */
import type { CellName } from './cells'

/** forward: inference. gradients: forward, then all gradients. training: a whole step with its update. */
export const MODES = ['forward', 'gradients', 'training'] as const
export type Mode = (typeof MODES)[number]

/** A stack of recurrent layers and one batch, or (with `vocabulary`) a model with the stack. */
export interface BenchCase {
  readonly name: string
  readonly cell: CellName
  /** The number of input values of a step, I; with `vocabulary` the size of the embedding. */
  readonly inputSize: number
  /** H */
  readonly hiddenSize: number
  readonly numLayers: number
  readonly bidirectional: boolean
  /** Of a GRU; an LSTM has no reset gate, and nobody looks. */
  readonly resetAfter: boolean
  readonly batch: number
  readonly steps: number
  /** Lengths are drawn uniformly from 1 to `steps`, with a seed; otherwise every sequence has all steps. */
  readonly ragged: boolean
  /** The number of input tokens and output classes of a model; 0 for a layer alone. */
  readonly vocabulary: number
  /** The trainer's option of this name. Only the project has it. */
  readonly recomputeActivations: boolean
}

const PLAIN = {
  cell: 'gru',
  numLayers: 1,
  bidirectional: false,
  resetAfter: true,
  ragged: false,
  vocabulary: 0,
  recomputeActivations: false,
} as const

type Shape = readonly [batch: number, steps: number, inputSize: number, hiddenSize: number]

function layer(
  [batch, steps, inputSize, hiddenSize]: Shape,
  suffix = '',
  changes: Partial<BenchCase> = {},
): BenchCase {
  const name = `b${batch}-t${steps}-i${inputSize}-h${hiddenSize}${suffix}`
  return { ...PLAIN, name, batch, steps, inputSize, hiddenSize, ...changes }
}

const SHAPES: readonly Shape[] = [
  [1, 1, 64, 64],
  [1, 1, 128, 256],
  [1, 1, 512, 512],
  [1, 100, 128, 256],
  [1, 100, 512, 512],
  [1, 100, 1024, 1024],
  [4, 100, 128, 128],
  [8, 100, 256, 256],
  [32, 50, 128, 256],
  [64, 100, 256, 512],
  [64, 50, 1024, 1024],
  [128, 20, 256, 256],
]

const MIDDLE: Shape = [32, 50, 128, 256]
const LARGE: Shape = [64, 100, 256, 512]

const VARIANTS = [
  layer(MIDDLE, '-layers2', { numLayers: 2 }),
  layer(MIDDLE, '-bidirectional', { bidirectional: true }),
  layer(MIDDLE, '-ragged', { ragged: true }),
  ...[[1, 100, 128, 256] as const, MIDDLE, LARGE].map((shape) =>
    layer(shape, '-reset-before', { resetAfter: false }),
  ),
]

/** DeepBench's GRU cases have sequences of 1500 steps; here they are cut. The sizes are also used for LSTMs. */
export const DEEPBENCH_STEPS = 50

function deepbench(batch: number, steps: number, size: number): BenchCase {
  return { ...layer([batch, steps, size, size]), name: `deepbench-b${batch}-t${steps}-h${size}` }
}

const DEEPBENCH = [512, 1024, 1536, 2048].flatMap((size) =>
  [1, 4, 32].map((batch) => deepbench(batch, DEEPBENCH_STEPS, size)),
)

/** DeepBench's cases for the training of an LSTM, with all their steps. */
const LSTM_DEEPBENCH = [
  ...[512, 1024].flatMap((size) => [16, 32, 64, 128].map((batch) => deepbench(batch, 25, size))),
  ...[8, 16].map((batch) => deepbench(batch, 50, 1536)),
]

/** The number of characters of a small text. */
const VOCABULARY = 65

/** Embedding 65 x 256, two layers of 256, 65 classes at every step, cross-entropy, Adam. */
const TRAINING: BenchCase = {
  ...layer([32, 64, 256, 256]),
  name: 'train-b32-t64-h256-layers2',
  numLayers: 2,
  vocabulary: VOCABULARY,
}

const GRU_CASES: readonly BenchCase[] = [
  ...SHAPES.map((shape) => layer(shape)),
  ...VARIANTS,
  ...DEEPBENCH,
  TRAINING,
]

/** The same around an LSTM. */
function lstmTwin(given: BenchCase): BenchCase {
  return { ...given, name: `lstm-${given.name}`, cell: 'lstm' }
}

export const CASES: readonly BenchCase[] = [
  ...GRU_CASES,
  ...[...GRU_CASES.filter(({ resetAfter }) => resetAfter), ...LSTM_DEEPBENCH].map(lstmTwin),
]

export function isDeepBench({ name }: BenchCase): boolean {
  return name.includes('deepbench')
}

/** Whether a case is one of DeepBench's with fewer steps. */
export function hasCutSteps({ name }: BenchCase): boolean {
  return DEEPBENCH.some((given) => name.endsWith(given.name))
}

/** A training step of a model with the case's stack. */
export function trainingTwin(given: BenchCase): BenchCase {
  return { ...given, name: `train-${given.name}`, vocabulary: VOCABULARY }
}

const RECOMPUTED = [
  layer([64, 100, 256, 512], '-layers4', { numLayers: 4, vocabulary: VOCABULARY }),
  layer([32, 400, 128, 256], '-layers3', { numLayers: 3, vocabulary: VOCABULARY }),
].map((given) => ({ ...given, name: `recompute-${given.name}` }))

/** The models whose training step is measured with and without the trainer's option `recomputeActivations`. */
export const RECOMPUTE_CASES: readonly BenchCase[] = [...RECOMPUTED, ...RECOMPUTED.map(lstmTwin)]

/** The case whose memory is measured. */
export const MEMORY_CASE: BenchCase = layer(LARGE)

/** The case whose call from JavaScript is compared with the native one. */
export const CALL_CASE: BenchCase = layer([1, 1, 64, 64])

/** The modes in which a case is measured. */
export function modesOf({ steps, vocabulary }: BenchCase): readonly Mode[] {
  if (vocabulary > 0) return ['training']
  return steps === 1 ? ['forward'] : ['forward', 'gradients']
}
