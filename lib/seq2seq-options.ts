/**
 * What a Seq2Seq is made of: an encoder and a decoder, as the description of a Model.
 *
 * @module
 */
import { GRU_STACK_KEYS, type GruStackOptions } from './gru-options'
import type { LayerOptions } from './layer-options'
import { checkLayer } from './layers'
import { checkDescription, type ModelDescription } from './model-description'
import type { CheckedDescription } from './model-file'
import { checkModelInput, type ModelInputOptions } from './model-options'
import {
  checkLayerSize,
  RECURRENT_STACK_KEYS,
  type RecurrentStackOptions,
  warnOfIdleDropout,
} from './recurrent-options'
import { checkBoolean, checkInteger, checkOneOf, checkOptions } from './validate'

/** A stack of recurrent layers of either cell. */
export type CellStack<Without extends string = 'batchFirst'> =
  | ({
      /** Default 'gru'. */
      readonly cell?: 'gru' | undefined
    } & Omit<GruStackOptions, Without>)
  | ({ readonly cell: 'lstm' } & Omit<RecurrentStackOptions, Without>)

/** What a {@link Seq2Seq} reads: tokens, or values at each step. */
export type Seq2SeqSource = ModelInputOptions

/** What a {@link Seq2Seq} predicts. */
export interface Seq2SeqTarget {
  /** Size of the vocabulary, including `begin` and `end`. */
  readonly tokens: number
  /** Values that stand for a token. */
  readonly embeddingSize: number
  /** The token that stands before each target. */
  readonly begin: number
  /** The token that each target ends with. */
  readonly end: number
}

/** The decoder's attention to the encoder's states. {@link AttentionLayer} has the scores. */
export type Seq2SeqAttention =
  | { readonly score: 'additive'; readonly size: number }
  | {
      /** Default 'scaledDotProduct'. */
      readonly score?: 'scaledDotProduct' | undefined
    }

/** An encoder and a decoder. */
export interface Seq2SeqArchitecture {
  readonly source: Seq2SeqSource
  readonly target: Seq2SeqTarget
  readonly encoder: CellStack
  readonly decoder: CellStack<'batchFirst' | 'bidirectional'>
  /**
   * The activation of the layer `bridge`. This linear layer reads the final state of the encoder's top layer, and computes
   * the initial hidden states of all layers of the decoder. Default 'tanh'. An LSTM's cell states begin at 0.
   */
  readonly bridge?: 'none' | 'tanh' | undefined
  /**
   * Default: none. With attention the head reads tanh(combine [decoder's state; context]), which has the size of the
   * decoder's state.
   */
  readonly attention?: Seq2SeqAttention | undefined
  /** Whether arrays are [batch, steps, ...] instead of [steps, batch, ...]. Default false. */
  readonly batchFirst?: boolean | undefined
}

/** A {@link Seq2SeqArchitecture} with every default filled in. */
export interface ResolvedSeq2SeqArchitecture extends Seq2SeqArchitecture {
  readonly bridge: 'none' | 'tanh'
  readonly batchFirst: boolean
}

export const SEQ2SEQ_KEYS = [
  'source',
  'target',
  'encoder',
  'decoder',
  'bridge',
  'attention',
  'batchFirst',
] as const

const CELLS = ['gru', 'lstm'] as const
const BRIDGES = ['tanh', 'none'] as const
const TARGET_KEYS = ['tokens', 'embeddingSize', 'begin', 'end'] as const

/** The names of its inputs and its output. */
export const SOURCE = 'source'
export const TARGET = 'target'
export const HEAD = 'head'

type Given = Readonly<Record<string, unknown>>
type Layers = Record<string, LayerOptions>

/** Checks an architecture, fills in the defaults, and describes it as a graph. */
export function checkSeq2Seq(given: {
  readonly [K in (typeof SEQ2SEQ_KEYS)[number]]?: unknown
}): CheckedDescription<ResolvedSeq2SeqArchitecture> {
  const { bridge: givenBridge = 'tanh', batchFirst: givenBatchFirst = false } = given
  const source = checkModelInput(SOURCE, given.source)
  const target = checkTarget(given.target)
  const encoder = checkStack('encoder', given.encoder, [])
  const decoder = checkStack('decoder', given.decoder, ['bidirectional'])
  const bridge = checkOneOf('bridge', givenBridge, BRIDGES)
  const attention = given.attention === undefined ? undefined : checkAttention(given.attention)
  const batchFirst = checkBoolean('batchFirst', givenBatchFirst)
  const resolved = Object.freeze({
    source,
    target,
    encoder,
    decoder,
    bridge,
    attention,
    batchFirst,
  })
  return { resolved, native: checkDescription({ ...descriptionOf(resolved) }).native }
}

/** The description as a Model. */
function descriptionOf(architecture: ResolvedSeq2SeqArchitecture): ModelDescription {
  const { source, target } = architecture
  const isTokens = 'tokens' in source
  return {
    inputs: {
      [SOURCE]: isTokens ? { tokens: source.tokens } : { features: source.features },
      [TARGET]: { tokens: target.tokens },
    },
    layers: { ...encoderOf(architecture), ...decoderOf(architecture) },
    outputs: { [HEAD]: { loss: 'crossEntropy' } },
    batchFirst: architecture.batchFirst,
  }
}

function encoderOf({ source, encoder, decoder, bridge }: ResolvedSeq2SeqArchitecture): Layers {
  const isTokens = 'tokens' in source
  return {
    ...(isTokens && {
      sourceVector: { type: 'embedding', input: SOURCE, size: source.embeddingSize },
    }),
    encoder: layerOf(encoder, { input: isTokens ? 'sourceVector' : SOURCE }),
    encoded: { type: 'select', input: 'encoder' },
    bridge: {
      type: 'linear',
      input: 'encoded',
      size: (decoder.numLayers ?? 1) * decoder.hiddenSize,
      activation: bridge,
    },
  }
}

function decoderOf({ target, decoder, attention }: ResolvedSeq2SeqArchitecture): Layers {
  const looks: Layers =
    attention === undefined
      ? {}
      : {
          attention: { type: 'attention', query: 'decoder', memory: 'encoder', ...attention },
          both: { type: 'concat', inputs: ['decoder', 'attention'] },
          combine: { type: 'linear', input: 'both', size: decoder.hiddenSize, activation: 'tanh' },
        }
  const input = attention === undefined ? 'decoder' : 'combine'
  return {
    targetVector: { type: 'embedding', input: TARGET, size: target.embeddingSize },
    decoder: layerOf(decoder, { input: 'targetVector', initialState: 'bridge' }),
    ...looks,
    [HEAD]: { type: 'linear', input, size: target.tokens },
  }
}

function layerOf(
  { cell = 'gru', ...stack }: CellStack<'batchFirst' | 'bidirectional'>,
  reads: { readonly input: string; readonly initialState?: string },
): LayerOptions {
  return { type: cell, ...reads, ...stack }
}

function checkTarget(value: unknown): Seq2SeqTarget {
  const given = checkOptions(TARGET, value, TARGET_KEYS)
  const tokens = checkLayerSize('target.tokens', given.tokens)
  return Object.freeze({
    tokens,
    embeddingSize: checkLayerSize('target.embeddingSize', given.embeddingSize),
    begin: checkInteger('target.begin', given.begin, 0, tokens - 1),
    end: checkInteger('target.end', given.end, 0, tokens - 1),
  })
}

/** A stack with the defaults of the layer of that name filled in. */
function checkStack(name: string, value: unknown, without: readonly string[]): CellStack {
  const given: Given = checkOptions(name, value, ['cell', ...GRU_STACK_KEYS])
  const cell = checkOneOf(`${name}.cell`, given['cell'] ?? 'gru', CELLS)
  const keys: readonly string[] = cell === 'gru' ? GRU_STACK_KEYS : RECURRENT_STACK_KEYS
  const allowed = keys.filter((key) => key !== 'batchFirst' && !without.includes(key))
  checkOptions(name, value, ['cell', ...allowed])
  const layer = checkLayer(name, { type: cell, input: '', ...only(allowed, given) }, name)
  const stack = Object.freeze({ cell, ...only(allowed, layer.resolved) }) as CellStack
  checkedStacks.add(stack)
  return stack
}

/** Stacks that {@link checkStack} returned. */
const checkedStacks = new WeakSet()

/**
 * Warns of dropout that does nothing, except in stacks that were checked before, as a file's: there was a warning when
 * their model was made.
 */
export function warnOfStacks(
  given: { readonly [K in 'encoder' | 'decoder']?: unknown },
  resolved: ResolvedSeq2SeqArchitecture,
): void {
  for (const name of ['encoder', 'decoder'] as const) {
    if (checkedStacks.has(given[name] as object)) continue
    const { dropout = 0, numLayers = 1 } = resolved[name]
    warnOfIdleDropout(`${name}.dropout`, { dropout, numLayers })
  }
}

function checkAttention(value: unknown): Seq2SeqAttention {
  const keys = ['score', 'size']
  const given: Given = checkOptions('attention', value, keys)
  const layer = { type: 'attention', query: '', memory: '', ...only(keys, given) }
  return Object.freeze(only(keys, checkLayer('attention', layer, 'attention').resolved))
}

/** The values of an object under the given keys. */
function only(keys: readonly string[], from: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(from).filter(([key]) => keys.includes(key)))
}
