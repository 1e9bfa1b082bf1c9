/**
 * The types of layers of a Model: the inputs of each type, its options, and how the options are checked.
 *
 * @module
 */
import type { NativeLayerOptions, NativeRecurrentOptions } from '../binding'
import { argumentError, describe, quote } from './errors'
import { GRU_STACK_KEYS, resolveGruStack } from './gru-options'
import type { LayerOptions, ResolvedLayer } from './layer-options'
import {
  checkDropout,
  checkLayerSize,
  RECURRENT_STACK_KEYS,
  resolveRecurrentStack,
  warnOfIdleDropout,
} from './recurrent-options'
import { checkOneOf, checkOptions } from './validate'

type TypeName = LayerOptions['type']

/** What a type of layer has beside `name`, `type` and its inputs, as the native part takes it. */
type Settings<K extends TypeName> = SettingsOf<Extract<NativeLayerOptions, { type: K }>>
type SettingsOf<T> = T extends unknown ? Omit<T, 'name' | 'inputs' | 'type'> : never

type Given = Readonly<Record<string, unknown>>

/** The names of inputs and layers in an option's value; messages call the option `argument`. */
type CheckNames = (argument: string, value: unknown) => string | readonly string[] | undefined

interface LayerType<K extends TypeName> {
  /** The options that name what it reads, in the order in which the native part takes them. */
  readonly reads: Readonly<Record<string, CheckNames>>
  /** Its other options beside `type`. */
  readonly keys: readonly string[]
  /** Checks them and fills in the defaults; messages have `prefix` before their names. */
  readonly check: (prefix: string, given: Given) => Settings<K>
  /** Warns of options that have no effect; messages call the layer `argument`. */
  readonly warn?: (argument: string, settings: Settings<K>) => void
}

const ONE_INPUT = { input: checkName }
const SEVERAL_INPUTS = { inputs: checkNames }
const RECURRENT_INPUTS = { input: checkName, initialState: checkOptionalName }
const QUERY_AND_MEMORY = { query: checkName, memory: checkName }

const ACTIVATIONS = ['none', 'relu', 'tanh', 'sigmoid'] as const
const SELECTED_STEPS = ['last', 'mean'] as const
const SCORES = ['additive', 'scaledDotProduct'] as const

/** Every type of layer that there is. */
const LAYER_TYPES: { readonly [K in TypeName]: LayerType<K> } = {
  embedding: {
    reads: ONE_INPUT,
    keys: ['size'],
    check: (prefix, { size }) => ({ size: checkLayerSize(`${prefix}size`, size) }),
  },
  gru: {
    reads: RECURRENT_INPUTS,
    keys: withoutBatchFirst(GRU_STACK_KEYS),
    check: (prefix, given) => {
      const { hiddenSize, numLayers, bias, ...others } = resolveGruStack(prefix, given)
      const { dropout, bidirectional, resetAfter, updateGate } = others
      return { hiddenSize, numLayers, bias, dropout, bidirectional, resetAfter, updateGate }
    },
    warn: warnOfStack,
  },
  lstm: {
    reads: RECURRENT_INPUTS,
    keys: withoutBatchFirst(RECURRENT_STACK_KEYS),
    check: (prefix, given) => {
      const stack = resolveRecurrentStack(prefix, given)
      const { hiddenSize, numLayers, bias, dropout, bidirectional } = stack
      return { hiddenSize, numLayers, bias, dropout, bidirectional }
    },
    warn: warnOfStack,
  },
  linear: {
    reads: ONE_INPUT,
    keys: ['size', 'activation'],
    check: (prefix, { size, activation = 'none' }) => ({
      size: checkLayerSize(`${prefix}size`, size),
      activation: checkOneOf(`${prefix}activation`, activation, ACTIVATIONS),
    }),
  },
  dropout: {
    reads: ONE_INPUT,
    keys: ['probability'],
    check: (prefix, { probability }) => ({
      probability: checkDropout(`${prefix}probability`, probability),
    }),
  },
  layerNorm: { reads: ONE_INPUT, keys: [], check: () => ({}) },
  concat: { reads: SEVERAL_INPUTS, keys: [], check: () => ({}) },
  add: { reads: SEVERAL_INPUTS, keys: [], check: () => ({}) },
  select: {
    reads: ONE_INPUT,
    keys: ['step'],
    check: (prefix, { step = 'last' }) => ({
      step: checkOneOf(`${prefix}step`, step, SELECTED_STEPS),
    }),
  },
  attention: { reads: QUERY_AND_MEMORY, keys: ['score', 'size'], check: checkAttention },
}

const TYPES = Object.keys(LAYER_TYPES) as TypeName[]

/** A model chooses the order of the axes for all its arrays. */
function withoutBatchFirst(keys: readonly string[]): readonly string[] {
  return keys.filter((key) => key !== 'batchFirst')
}

function warnOfStack(
  argument: string,
  stack: Pick<NativeRecurrentOptions, 'dropout' | 'numLayers'>,
): void {
  warnOfIdleDropout(`${argument}.dropout`, stack)
}

function checkAttention(prefix: string, given: Given): Settings<'attention'> {
  const { score: givenScore = 'scaledDotProduct', size } = given
  const score = checkOneOf(`${prefix}score`, givenScore, SCORES)
  if (score === 'additive') return { score, size: checkLayerSize(`${prefix}size`, size) }
  if (size === undefined) return { score }
  const expected = `none with the score ${quote(score)}, which compares by the memory's values`
  throw argumentError('ERR_GRU_VALUE', `${prefix}size`, expected, describe(size))
}

/** A layer in the two forms in which it is needed. */
export interface CheckedLayer {
  readonly resolved: ResolvedLayer
  readonly native: NativeLayerOptions
}

/**
 * Checks a layer of a description. Whether it fits to others, the native part checks.
 *
 * @param argument - what messages call the layer
 */
export function checkLayer(
  name: string,
  value: unknown,
  argument = `layers.${name}`,
): CheckedLayer {
  const names = typeof value === 'object' && value !== null ? Object.keys(value) : []
  const { type: given } = checkOptions(argument, value, ['type', ...names])
  const type = checkOneOf(`${argument}.type`, given, TYPES)
  const { reads, keys, check } = LAYER_TYPES[type]
  const options: Given = checkOptions(argument, value, ['type', ...Object.keys(reads), ...keys])
  const inputs = checkInputs(argument, reads, options)
  const settings = check(`${argument}.`, options)
  const native = { name, inputs: Object.values(inputs).flat(), type, ...settings }
  return {
    resolved: Object.freeze({ type, ...inputs, ...settings }) as ResolvedLayer,
    native: native as NativeLayerOptions,
  }
}

/** The names of the inputs of a layer, by option, without optional inputs that were not given. */
function checkInputs(
  argument: string,
  reads: Readonly<Record<string, CheckNames>>,
  given: Given,
): Record<string, string | readonly string[]> {
  const inputs: Record<string, string | readonly string[]> = {}
  for (const [key, check] of Object.entries(reads)) {
    const names = check(`${argument}.${key}`, given[key])
    if (names !== undefined) inputs[key] = names
  }
  return inputs
}

/** Warns of options of a layer that have no effect. */
export function warnOfLayer(name: string, layer: ResolvedLayer): void {
  const { warn } = LAYER_TYPES[layer.type] as LayerType<typeof layer.type>
  warn?.(`layers.${name}`, layer)
}

function checkName(argument: string, value: unknown): string {
  if (typeof value === 'string') return value
  throw argumentError('ERR_GRU_TYPE', argument, 'the name of an input or layer', describe(value))
}

function checkOptionalName(argument: string, value: unknown): string | undefined {
  return value === undefined ? undefined : checkName(argument, value)
}

function checkNames(argument: string, value: unknown): readonly string[] {
  if (Array.isArray(value)) {
    const elements: readonly unknown[] = value
    return Object.freeze(Array.from(elements, (one, i) => checkName(`${argument}[${i}]`, one)))
  }
  const expected = 'an Array of the names of inputs or layers'
  throw argumentError('ERR_GRU_TYPE', argument, expected, describe(value))
}
