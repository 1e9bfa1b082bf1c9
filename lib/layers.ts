/**
 * The types of layers of a Model: their options, and how these are checked.
 *
 * @module
 */
import type { NativeLayerOptions } from '../binding'
import { argumentError, describe } from './errors'
import { GRU_STACK_KEYS, type GruStackOptions, resolveGruStack } from './gru-options'
import { checkLayerSize, warnOfIdleDropout } from './recurrent-options'
import { checkOneOf, checkOptions } from './validate'

/** Looks each token up in a table [tokens, size], which it learns. */
export interface EmbeddingLayer {
  readonly type: 'embedding'
  /** An input of tokens. */
  readonly input: string
  /** Values that stand for a token. */
  readonly size: number
}

/** A stack of GRU layers. Its values are the states of the top layer, of both directions where there are two. */
export interface GruLayer extends Omit<GruStackOptions, 'batchFirst'> {
  readonly type: 'gru'
  /** A sequence of values. */
  readonly input: string
}

/** W x + b for each row. */
export interface LinearLayer {
  readonly type: 'linear'
  readonly input: string
  /** Values of a row. */
  readonly size: number
}

/** One row for each sequence. */
export interface SelectLayer {
  readonly type: 'select'
  /** A sequence. Of a recurrent layer it takes the final state of the top layer, forward then reverse; of another one the row of the last valid step. */
  readonly input: string
  /** 'last', the default: the state after the last valid step; of the reverse direction the one after its own last. */
  readonly step?: 'last' | undefined
}

/** A layer of a Model. */
export type LayerOptions = EmbeddingLayer | GruLayer | LinearLayer | SelectLayer

/** A layer with every default filled in. */
export type ResolvedLayer = {
  readonly [K in LayerOptions['type']]: Resolved<K>
}[LayerOptions['type']]

type Filled<T> = { readonly [K in keyof T]-?: Exclude<T[K], undefined> }
type Resolved<K> = Filled<Extract<LayerOptions, { readonly type: K }>>

/** What a type of layer has beside `name`, `type` and its inputs, as the native part takes it. */
type Settings<K extends LayerOptions['type']> = Omit<
  Extract<NativeLayerOptions, { type: K }>,
  'name' | 'inputs' | 'type'
>

type Given = Readonly<Record<string, unknown>>

interface LayerType<K extends LayerOptions['type']> {
  /** Its options beside `type` and `input`. */
  readonly keys: readonly string[]
  /** Checks them and fills in the defaults; messages have `prefix` before their names. */
  readonly check: (prefix: string, given: Given) => Settings<K>
  /** Warns of what makes no sense and does no harm; messages call the layer `argument`. */
  readonly warn?: (argument: string, settings: Settings<K>) => void
}

/** Every type of layer that there is. */
const LAYER_TYPES: { readonly [K in LayerOptions['type']]: LayerType<K> } = {
  embedding: { keys: ['size'], check: checkSize },
  gru: {
    keys: GRU_STACK_KEYS.filter((key) => key !== 'batchFirst'),
    check: (prefix, given) => {
      const { hiddenSize, numLayers, bias, ...others } = resolveGruStack(prefix, given)
      const { dropout, bidirectional, resetAfter, updateGate } = others
      return { hiddenSize, numLayers, bias, dropout, bidirectional, resetAfter, updateGate }
    },
    warn: (argument, stack) => {
      warnOfIdleDropout(`${argument}.dropout`, stack)
    },
  },
  linear: { keys: ['size'], check: checkSize },
  select: {
    keys: ['step'],
    check: (prefix, { step = 'last' }) => ({ step: checkOneOf(`${prefix}step`, step, ['last']) }),
  },
}

const TYPES = Object.keys(LAYER_TYPES) as LayerOptions['type'][]

function checkSize(prefix: string, { size }: Given): { size: number } {
  return { size: checkLayerSize(`${prefix}size`, size) }
}

/** A layer in the two forms in which it is needed. */
export interface CheckedLayer {
  readonly resolved: ResolvedLayer
  readonly native: NativeLayerOptions
}

/** Checks a layer of a description. Whether it fits to others, the native part checks. */
export function checkLayer(name: string, value: unknown): CheckedLayer {
  const argument = `layers.${name}`
  const names = typeof value === 'object' && value !== null ? Object.keys(value) : []
  const { type: given } = checkOptions(argument, value, ['type', ...names])
  const type = checkOneOf(`${argument}.type`, given, TYPES)
  const { keys, check } = LAYER_TYPES[type]
  const options: Given = checkOptions(argument, value, ['type', 'input', ...keys])
  const input = checkName(`${argument}.input`, options['input'])
  const settings = check(`${argument}.`, options)
  return {
    resolved: Object.freeze({ type, input, ...settings }) as ResolvedLayer,
    native: { name, inputs: [input], type, ...settings } as NativeLayerOptions,
  }
}

/** Warns of what a layer's options ask for and cannot have. */
export function warnOfLayer(name: string, layer: ResolvedLayer): void {
  const { warn } = LAYER_TYPES[layer.type] as LayerType<typeof layer.type>
  warn?.(`layers.${name}`, layer)
}

function checkName(argument: string, value: unknown): string {
  if (typeof value === 'string') return value
  throw argumentError('ERR_GRU_TYPE', argument, 'the name of an input or layer', describe(value))
}
