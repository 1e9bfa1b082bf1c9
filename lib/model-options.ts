/**
 * The options of a sequence model.
 *
 * @module
 */
import type { NativeGraphOptions, NativeLayerOptions } from '../binding'
import {
  GRU_STACK_KEYS,
  type GruStackOptions,
  resolveGruStack,
  type ResolvedGruStack,
} from './gru-options'
import { type CheckedLoss, checkLoss, type Loss, type ResolvedLoss } from './losses'
import { checkLayerSize } from './recurrent-options'
import { checkOneOf, checkOptions } from './validate'

/** What a model reads at each step: a number of values, or one token of a vocabulary, which an embedding looks up. */
export type ModelInputOptions =
  | { readonly features: number }
  | {
      /** Size of the vocabulary: tokens are integers from 0 to `tokens - 1`. */
      readonly tokens: number
      /** Values that stand for a token. */
      readonly embeddingSize: number
    }

/** Where a model predicts: at every step, or once, after the last valid step of each sequence. */
export type Every = 'step' | 'last'

/** The linear head of a model. */
export interface ModelOutputOptions {
  /** Numbers of a prediction, O: logits of classes, values, or other predictions that the loss needs. */
  readonly size: number
  /** What the model is trained for. */
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
  readonly output: ResolvedOutput
}

/** A {@link ModelOutputOptions} with every default filled in. A loss that was given as a kind stays a kind. */
export interface ResolvedOutput extends Resolved<ModelOutputOptions> {
  readonly loss: ResolvedLoss
}

export const ARCHITECTURE_KEYS = ['input', 'gru', 'output'] as const
const OUTPUT_KEYS = ['size', 'loss', 'every'] as const
const EVERY = ['step', 'last'] as const

/** An architecture in the two forms in which it is needed. */
export interface CheckedArchitecture {
  readonly resolved: ResolvedArchitecture
  readonly native: Readonly<NativeGraphOptions>
}

/** Checks an architecture and fills in the defaults. */
export function checkArchitecture(given: {
  readonly [K in (typeof ARCHITECTURE_KEYS)[number]]?: unknown
}): CheckedArchitecture {
  const input = checkModelInput('input', given.input)
  const gru = resolveGruStack('gru.', checkOptions('gru', given.gru, GRU_STACK_KEYS))
  const output = resolveOutput(given.output)
  const resolved = Object.freeze({ input, gru, output: output.resolved })
  return { resolved, native: graphOf(resolved, output.native) }
}

/** An architecture as a graph: an embedding if there are tokens, the stack, the selection of the last step, the head. */
function graphOf(
  { input, gru, output }: ResolvedArchitecture,
  loss: CheckedLoss['native'],
): NativeGraphOptions {
  const { batchFirst, ...stack } = gru
  const layers: NativeLayerOptions[] = []
  let below = 'input'
  const append = (layer: NativeLayerOptions): void => {
    layers.push(layer)
    below = layer.name
  }
  if ('tokens' in input) {
    append({ name: 'embedding', inputs: [below], type: 'embedding', size: input.embeddingSize })
  }
  append({ name: 'gru', inputs: [below], type: 'gru', ...stack })
  if (output.every === 'last') {
    append({ name: 'last', inputs: [below], type: 'select', step: 'last' })
  }
  const { size } = output
  append({ name: 'head', inputs: [below], type: 'linear', size, activation: 'none' })
  const read =
    'tokens' in input
      ? { tokens: true, size: input.tokens }
      : { tokens: false, size: input.features }
  return {
    inputs: [{ name: 'input', argument: 'input', lengths: 'lengths', ...read }],
    layers,
    outputs: [
      { layer: 'head', argument: 'output', loss, weight: 1, target: 'target', output: 'output' },
    ],
    batchFirst,
  }
}

/** Checks what a model reads; messages call it `argument`. */
export function checkModelInput(argument: string, given: unknown): ModelInputOptions {
  const isTokens = typeof given === 'object' && given !== null && 'tokens' in given
  if (isTokens) {
    const { tokens, embeddingSize } = checkOptions(argument, given, ['tokens', 'embeddingSize'])
    return Object.freeze({
      tokens: checkLayerSize(`${argument}.tokens`, tokens),
      embeddingSize: checkLayerSize(`${argument}.embeddingSize`, embeddingSize),
    })
  }
  const { features } = checkOptions(argument, given, ['features'])
  return Object.freeze({ features: checkLayerSize(`${argument}.features`, features) })
}

/** An output, and its loss as the native part takes it. */
interface CheckedOutput {
  readonly resolved: ResolvedOutput
  readonly native: CheckedLoss['native']
}

function resolveOutput(given: unknown): CheckedOutput {
  const { size, loss: givenLoss, every = 'step' } = checkOptions('output', given, OUTPUT_KEYS)
  const resolvedSize = checkLayerSize('output.size', size)
  const loss = checkLoss('output.loss', givenLoss)
  const resolved = Object.freeze({
    size: resolvedSize,
    loss: loss.resolved,
    every: checkOneOf('output.every', every, EVERY),
  })
  return { resolved, native: loss.native }
}
