/**
 * The options of a sequence model.
 *
 * @module
 */
import type { NativeModelOptions } from '../binding'
import {
  GRU_GATES,
  GRU_STACK_KEYS,
  type GruStackOptions,
  resolveGruStack,
  type ResolvedGruStack,
} from './gru-options'
import { checkLayerSize, countStackParameters } from './recurrent-options'
import { checkOneOf, checkOptions } from './validate'

/** What a model reads at each step: so many numbers, or one token of a vocabulary, looked up in an embedding. */
export type ModelInputOptions =
  | { readonly features: number }
  | {
      /** Size of the vocabulary: tokens are integers from 0 to `tokens - 1`. */
      readonly tokens: number
      /** Values that stand for a token. */
      readonly embeddingSize: number
    }

/** What a model is trained for: classes, by cross-entropy, or values, by the mean squared error. */
export type Loss = 'crossEntropy' | 'meanSquaredError'

/** Where a model predicts: at every step, or once, after the last valid step of each sequence. */
export type Every = 'step' | 'last'

/** The linear head of a model. */
export interface ModelOutputOptions {
  /** Classes or values of a prediction, O. */
  readonly size: number
  readonly loss: Loss
  /** Default 'step'. */
  readonly every?: Every | undefined
}

/** What a sequence model is made of: embedding or features, a GRU stack, a linear head. */
export interface ModelArchitecture {
  readonly input: ModelInputOptions
  readonly gru: GruStackOptions
  readonly output: ModelOutputOptions
}

/** Options with every default filled in. */
type Resolved<T> = { readonly [K in keyof T]-?: Exclude<T[K], undefined> }

/** A {@link ModelArchitecture} with every default filled in. */
export interface ResolvedArchitecture {
  readonly input: ModelInputOptions
  readonly gru: ResolvedGruStack
  readonly output: Resolved<ModelOutputOptions>
}

export const ARCHITECTURE_KEYS = ['input', 'gru', 'output'] as const
const OUTPUT_KEYS = ['size', 'loss', 'every'] as const
const LOSSES = ['crossEntropy', 'meanSquaredError'] as const
const EVERY = ['step', 'last'] as const

/** An architecture in the two forms in which it is needed. */
export interface CheckedArchitecture {
  readonly resolved: ResolvedArchitecture
  readonly native: Readonly<NativeModelOptions>
}

/** Checks an architecture and fills in the defaults. */
export function checkArchitecture(given: {
  readonly [K in (typeof ARCHITECTURE_KEYS)[number]]?: unknown
}): CheckedArchitecture {
  const input = resolveInput(given.input)
  const gru = resolveGruStack('gru.', checkOptions('gru', given.gru, GRU_STACK_KEYS))
  const output = resolveOutput(given.output)
  const inputSize = 'features' in input ? input.features : input.embeddingSize
  return {
    resolved: Object.freeze({ input, gru, output }),
    native: {
      tokens: 'tokens' in input ? input.tokens : 0,
      gru: { inputSize, ...gru },
      outputSize: output.size,
      loss: output.loss,
      every: output.every,
    },
  }
}

function resolveInput(given: unknown): ModelInputOptions {
  const isTokens = typeof given === 'object' && given !== null && 'tokens' in given
  if (isTokens) {
    const { tokens, embeddingSize } = checkOptions('input', given, ['tokens', 'embeddingSize'])
    return Object.freeze({
      tokens: checkLayerSize('input.tokens', tokens),
      embeddingSize: checkLayerSize('input.embeddingSize', embeddingSize),
    })
  }
  const { features } = checkOptions('input', given, ['features'])
  return Object.freeze({ features: checkLayerSize('input.features', features) })
}

function resolveOutput(given: unknown): Resolved<ModelOutputOptions> {
  const { size, loss, every = 'step' } = checkOptions('output', given, OUTPUT_KEYS)
  return Object.freeze({
    size: checkLayerSize('output.size', size),
    loss: checkOneOf('output.loss', loss, LOSSES),
    every: checkOneOf('output.every', every, EVERY),
  })
}

/** Numbers that a model learns: embedding [tokens, E], the stack's, head [O, D*H] and [O]. */
export function countModelParameters({
  tokens,
  gru,
  outputSize,
}: Readonly<NativeModelOptions>): number {
  const headInput = (gru.bidirectional ? 2 : 1) * gru.hiddenSize
  return (
    tokens * gru.inputSize + countStackParameters(GRU_GATES, gru) + outputSize * (headInput + 1)
  )
}
