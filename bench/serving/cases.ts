/**
 * The parts of the bench of serving, and the cases whose speed is measured.
 *
 * @module
 */
import type { BenchCase } from '../cases'

/** The names that `--serving --case` accepts: a table each. */
export const PARTS = [
  'step',
  'batch',
  'classes',
  'await',
  'callers',
  'processes',
  'overload',
  'aborts',
  'pauses',
  'growth',
] as const
export type Part = (typeof PARTS)[number]

/**
 * What a process computes for each call.
 *
 * - layer: one step of a recurrent layer alone, into the caller's arrays
 * - session: one step of every sequence of a session, into the caller's arrays
 * - awaited: the same as a promise
 * - predicted: one step of `predict` as a promise, which begins with states of 0
 * - sessions: one step of each of many sessions, requested from a batcher
 * - predictions, requests: whole sequences of many callers at the same time, by `predict` or from a batcher
 * - stateful: one call of the peer, whose states are the inputs of the next call
 * - stateless: whole sequences of many callers at the same time, by the peer
 */
export type Way =
  | 'layer'
  | 'session'
  | 'awaited'
  | 'predicted'
  | 'sessions'
  | 'predictions'
  | 'requests'
  | 'stateful'
  | 'stateless'

/** One line of a table. */
export interface Lane {
  readonly name: string
  readonly way: Way
  readonly isPeer: boolean
  /** Undefined: the default */
  readonly threads?: number
}

/** Lanes that compute the same. Their figures are comparable. */
export interface SpeedCase {
  readonly part: Part
  readonly name: string
  readonly given: BenchCase
  /** How many requests a call answers. */
  readonly requests: number
  readonly lanes: readonly Lane[]
}

export const PEER = 'onnxruntime-node'

/** The number of characters of a small text, and of words of a large vocabulary. */
const CHARACTERS = 65
const WORDS = 10_000

const HIDDEN_SIZES = [64, 256, 512] as const
const SEQUENCES = 64
const CALLERS = 64

/** An embedding of 32 values, one layer, and a head with a class for each token; without tokens a layer alone. */
export function modelCase(
  shape: Pick<BenchCase, 'vocabulary' | 'hiddenSize' | 'batch' | 'steps'>,
): BenchCase {
  return {
    ...{ name: `h${shape.hiddenSize}`, cell: 'gru', inputSize: 32, numLayers: 1 },
    ...{ bidirectional: false, resetAfter: true, ragged: false, recomputeActivations: false },
    ...shape,
  }
}

const own = (name: string, way: Way, threads?: number): Lane => ({
  ...{ name, way, isPeer: false },
  ...(threads !== undefined && { threads }),
})

const peer = (way: Way, threads?: number): Lane => ({
  ...{ name: threads === undefined ? PEER : `${PEER}, ${threads} thread`, way, isPeer: true },
  ...(threads !== undefined && { threads }),
})

function eachSize(
  part: Part,
  name: string,
  shape: Pick<BenchCase, 'vocabulary' | 'batch'>,
  lanes: readonly Lane[],
): SpeedCase[] {
  return HIDDEN_SIZES.map((hiddenSize) => ({
    ...{ part, name: `${name}, H ${hiddenSize}`, requests: shape.batch, lanes },
    given: modelCase({ ...shape, hiddenSize, steps: 1 }),
  }))
}

/** Small calls are measured on one thread: with more of them the peer is slower, and the project uses one anyway. */
export const SPEED_CASES: readonly SpeedCase[] = [
  ...eachSize('step', 'a layer alone', { vocabulary: 0, batch: 1 }, [
    own('gru.forwardSync', 'layer', 1),
    peer('stateful', 1),
  ]),
  ...eachSize('step', `a model, ${CHARACTERS} classes`, { vocabulary: CHARACTERS, batch: 1 }, [
    own('session.stepSync', 'session', 1),
    peer('stateful', 1),
  ]),
  ...eachSize('batch', `${SEQUENCES} sequences`, { vocabulary: CHARACTERS, batch: SEQUENCES }, [
    own('session.stepSync', 'session'),
    own('batcher.step', 'sessions'),
    peer('stateful'),
    peer('stateful', 1),
  ]),
  ...eachSize('classes', `a model, ${WORDS} classes`, { vocabulary: WORDS, batch: 1 }, [
    own('session.stepSync', 'session'),
    peer('stateful'),
    peer('stateful', 1),
  ]),
  {
    ...{ part: 'await', name: `a model, ${CHARACTERS} classes, H 64`, requests: 1 },
    given: modelCase({ vocabulary: CHARACTERS, hiddenSize: 64, batch: 1, steps: 1 }),
    lanes: [
      own('await session.step', 'awaited'),
      own('await model.predict', 'predicted'),
      peer('stateful', 1),
    ],
  },
  {
    ...{ part: 'callers', name: `20 steps, H 64, ${CALLERS} callers`, requests: CALLERS },
    given: modelCase({ vocabulary: CHARACTERS, hiddenSize: 64, batch: 1, steps: 20 }),
    lanes: [
      own('model.predict', 'predictions'),
      own('batcher.predict', 'requests'),
      peer('stateless'),
      peer('stateless', 1),
    ],
  },
]
