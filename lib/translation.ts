/**
 * The options of a search for the likeliest targets of a source, and its results.
 *
 * @module
 */
import type { NativeDecodeOptions, NativeInputBatch, NonSharedInt32Array } from '../binding'
import type { Graph, GraphInput } from './graph'
import { type CheckedInputs, checkInputs, type Lengths } from './model-batch'
import {
  checkInteger,
  checkNumber,
  checkOneOf,
  checkOptions,
  checkPositiveInteger,
} from './validate'

/**
 * The divisor of the log probability of a hypothesis of n tokens, including `end`: 1, n, or ((5 + n) / 6)^alpha (Wu et
 * al. 2016). Without it short hypotheses are preferred.
 */
export type LengthPenalty =
  | { readonly kind: 'none' }
  | { readonly kind: 'mean' }
  | { readonly kind: 'gnmt'; readonly alpha: number }

/** The options of a synchronous translation. */
export interface TranslateSyncOptions {
  /** Sources in the batch. Default 1. The number of steps follows from the source's length. */
  readonly batch?: number | undefined
  /** The length of each source, from 0 to the number of steps, in any order. Default: all steps. */
  readonly lengths?: Lengths | undefined
  /** The number of hypotheses of each source that stay at each step. Default 1: greedy, the likeliest token at each step. */
  readonly beams?: number | undefined
  /** The largest number of tokens of a translation, including `end`. Default 100. */
  readonly limit?: number | undefined
  /** Default: `{ kind: 'none' }`. */
  readonly lengthPenalty?: LengthPenalty | undefined
  /** The number of translations of each source, from 1 to `beams`. There may be fewer. Default 1. */
  readonly best?: number | undefined
}

/** The options of a translation that returns a promise. */
export interface TranslateOptions extends TranslateSyncOptions {
  /**
   * Stops the call: at once if it has not begun, otherwise between two tokens or while it chooses one. It then rejects with
   * the signal's reason.
   */
  readonly signal?: AbortSignal | undefined
}

/** The options of a new {@link DecoderSession} that is made on the calling thread. */
export interface DecoderSessionSyncOptions {
  /** Sources in the batch, and so targets, which take every step together. Default 1. */
  readonly batch?: number | undefined
  /** The length of each source, from 0 to the number of steps, in any order. Default: all steps. */
  readonly lengths?: Lengths | undefined
}

/** The options of a new {@link DecoderSession}. */
export interface DecoderSessionOptions extends DecoderSessionSyncOptions {
  /** Stops the call: at once if it has not begun, otherwise between two steps. It then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

/** A target that was found. */
export interface Translation {
  /** Without the token `begin`. The last one is `end`, unless the limit stopped the search before. */
  readonly tokens: NonSharedInt32Array
  /** The sum of the tokens' log probabilities. */
  readonly logProbability: number
  /** The log probability divided by the length penalty. */
  readonly score: number
}

const SOURCE_KEYS = ['batch', 'lengths'] as const
const SESSION_KEYS = [...SOURCE_KEYS, 'signal'] as const
const SYNC_KEYS = [...SOURCE_KEYS, 'beams', 'limit', 'lengthPenalty', 'best'] as const
const KEYS = [...SYNC_KEYS, 'signal'] as const
const PENALTIES = ['none', 'mean', 'gnmt'] as const
const MOST = 2 ** 31 - 1

/** Sources that the native part can read. */
export interface CheckedSources extends CheckedInputs {
  /** Unchecked */
  readonly signal: unknown
}

/** A search that the native part can make. */
export interface CheckedTranslation extends CheckedSources {
  readonly options: NativeDecodeOptions
}

/** Checks the arguments of a synchronous translation. */
export function checkTranslateSync(
  graph: Graph,
  target: { readonly begin: number; readonly end: number },
  source: unknown,
  options: unknown,
): CheckedTranslation {
  return check(graph, target, source, checkOptions('options', options, SYNC_KEYS))
}

/** Checks the arguments of a translation that returns a promise; the signal stays unchecked. */
export function checkTranslate(
  graph: Graph,
  target: { readonly begin: number; readonly end: number },
  source: unknown,
  options: unknown,
): CheckedTranslation {
  return check(graph, target, source, checkOptions('options', options, KEYS))
}

/** Checks the arguments of a new session; the signal stays unchecked. */
export function checkDecoderSession(
  graph: Graph,
  source: unknown,
  options: unknown,
): CheckedSources {
  const given = checkOptions('options', options, SESSION_KEYS)
  return { ...checkSources(graph, source, given), signal: given.signal }
}

/** Checks the arguments of a new session that is made on the calling thread. */
export function checkDecoderSessionSync(
  graph: Graph,
  source: unknown,
  options: unknown,
): CheckedInputs {
  return checkSources(graph, source, checkOptions('options', options, SOURCE_KEYS))
}

function check(
  graph: Graph,
  { begin, end }: { readonly begin: number; readonly end: number },
  source: unknown,
  given: { readonly [K in (typeof KEYS)[number]]?: unknown },
): CheckedTranslation {
  const sources = checkSources(graph, source, given)
  const beams = given.beams === undefined ? 1 : checkPositiveInteger('beams', given.beams)
  const best = given.best === undefined ? 1 : checkInteger('best', given.best, 1, beams)
  const limit = given.limit === undefined ? 100 : checkInteger('limit', given.limit, 1, MOST)
  const options = { begin, end, beams, limit, best, ...checkPenalty(given.lengthPenalty) }
  return { ...sources, options, signal: given.signal }
}

function checkSources(
  graph: Graph,
  source: unknown,
  given: { readonly [K in (typeof SOURCE_KEYS)[number]]?: unknown },
): CheckedInputs {
  // A caller gives the source and its lengths alone, not by name.
  const read: GraphInput = { ...graph.inputs[0]!, argument: 'source', lengths: 'lengths' }
  const { batch, inputs } = checkInputs(
    { ...graph, inputs: [read] },
    { batch: given.batch, inputs: [source], lengths: [given.lengths] },
  )
  if (read.tokens) checkTokens(graph, batch, inputs[0]!, read.size)
  // The native part asks for a batch of every input, and does not look at that of the target.
  const target: NativeInputBatch = { steps: 1, lengths: null, values: new Int32Array(batch) }
  return { batch, inputs: [inputs[0]!, target] }
}

/** Checks the tokens of a source. Those past its sequences' lengths may have any value. */
function checkTokens(
  { options: { batchFirst } }: Graph,
  batch: number,
  { steps, lengths, values }: NativeInputBatch,
  vocabulary: number,
): void {
  for (const [index, token] of values.entries()) {
    const sequence = batchFirst ? Math.floor(index / steps) : index % batch
    const step = batchFirst ? index % steps : Math.floor(index / batch)
    const isPadding = lengths !== null && step >= lengths[sequence]!
    if (!isPadding) checkInteger(`source[${index}]`, token, 0, vocabulary - 1)
  }
}

function checkPenalty(
  value: unknown = { kind: 'none' },
): Pick<NativeDecodeOptions, 'lengthPenalty' | 'alpha'> {
  const { kind: givenKind } = checkOptions('lengthPenalty', value, ['kind', 'alpha'])
  const lengthPenalty = checkOneOf('lengthPenalty.kind', givenKind, PENALTIES)
  const keys = lengthPenalty === 'gnmt' ? (['kind', 'alpha'] as const) : (['kind'] as const)
  const given: { readonly alpha?: unknown } = checkOptions('lengthPenalty', value, keys)
  if (lengthPenalty !== 'gnmt') return { lengthPenalty, alpha: 0 }
  return {
    lengthPenalty,
    alpha: checkNumber('lengthPenalty.alpha', given.alpha, { atLeast: 0 }),
  }
}
