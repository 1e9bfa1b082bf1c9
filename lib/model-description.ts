/**
 * The description of a Model: inputs, layers and outputs by name.
 *
 * @module
 */
import type { NativeGraphOptions, NativeInputOptions, NativeOutputOptions } from '../binding'
import type { LayerOptions, ResolvedLayer } from './layer-options'
import { checkLayer } from './layers'
import { checkLoss, type Loss, type ResolvedLoss } from './losses'
import type { CheckedDescription } from './model-file'
import { checkLayerSize } from './recurrent-options'
import { checkBoolean, checkNumber, checkOptions, MAX_FLOAT32 } from './validate'

/** An input of a Model: a number of values at each step, or one token of a vocabulary. */
export type NamedInputOptions =
  | { readonly features: number }
  | {
      /** Size of the vocabulary: tokens are integers from 0 to `tokens - 1`. */
      readonly tokens: number
    }

/** An output of a Model: a layer's values are its predictions. */
export interface NamedOutputOptions {
  /** What the layer is trained for. */
  readonly loss: Loss
  /** The factor of its loss in the sum of all outputs' losses, and so of its gradient, at least 0. Default 1. */
  readonly weight?: number | undefined
}

/** An output with its resolved loss. The weight is absent unless it was given. */
export interface ResolvedNamedOutput {
  readonly loss: ResolvedLoss
  readonly weight?: number
}

/** Inputs, layers and outputs of a Model. Each input and layer has a different name, without a dot. */
export interface ModelDescription {
  /** At least one. */
  readonly inputs: Readonly<Record<string, NamedInputOptions>>
  /** In any order: each reads an input, or another layer. */
  readonly layers: Readonly<Record<string, LayerOptions>>
  /** At least one, by the names of layers. A model is trained for the sum of their losses. */
  readonly outputs: Readonly<Record<string, NamedOutputOptions>>
  /** Whether arrays are [batch, steps, ...] instead of [steps, batch, ...]. Default false. */
  readonly batchFirst?: boolean | undefined
}

/**
 * A {@link ModelDescription} with every default filled in, except in outputs: a weight is absent unless it was given, and
 * a loss that was given as a kind stays a kind.
 */
export interface ResolvedDescription extends ModelDescription {
  readonly layers: Readonly<Record<string, ResolvedLayer>>
  readonly outputs: Readonly<Record<string, ResolvedNamedOutput>>
  readonly batchFirst: boolean
}

export const DESCRIPTION_KEYS = ['inputs', 'layers', 'outputs', 'batchFirst'] as const

/** Layers that {@link checkDescription} returned. */
const checkedLayers = new WeakSet()

/** Whether layers come from a description that was checked before, such as that of a file. */
export function wereChecked(layers: unknown): boolean {
  return typeof layers === 'object' && layers !== null && checkedLayers.has(layers)
}

/** Checks a description and fills in the defaults. The native part checks whether its parts fit together. */
export function checkDescription(given: {
  readonly [K in (typeof DESCRIPTION_KEYS)[number]]?: unknown
}): CheckedDescription<ResolvedDescription> {
  const inputs = eachOf('inputs', given.inputs, checkNamedInput)
  const layers = eachOf('layers', given.layers, checkLayer)
  const outputs = eachOf('outputs', given.outputs, checkNamedOutput)
  const { batchFirst: givenBatchFirst = false } = given
  const batchFirst = checkBoolean('batchFirst', givenBatchFirst)
  const resolved = Object.freeze({
    inputs: resolvedOf(inputs),
    layers: resolvedOf(layers),
    outputs: resolvedOf(outputs),
    batchFirst,
  })
  checkedLayers.add(resolved.layers)
  return { resolved, native: { ...nativeOf(inputs, layers, outputs), batchFirst } }
}

/** One of a description's parts, in the two forms in which it is needed. */
interface Checked<R, N> {
  readonly resolved: R
  readonly native: N
}

type Parts<R, N> = readonly (readonly [name: string, part: Checked<R, N>])[]

/** The values of a plain object, each one checked. */
function eachOf<R, N>(
  argument: string,
  value: unknown,
  check: (name: string, value: unknown) => Checked<R, N>,
): Parts<R, N> {
  const names = typeof value === 'object' && value !== null ? Object.keys(value) : []
  return Object.entries(checkOptions(argument, value, names)).map(([name, part]) => [
    name,
    check(name, part),
  ])
}

function resolvedOf<R>(parts: Parts<R, unknown>): Readonly<Record<string, R>> {
  return Object.freeze(Object.fromEntries(parts.map(([name, { resolved }]) => [name, resolved])))
}

function nativeOf(
  inputs: Parts<unknown, NativeInputOptions>,
  layers: Parts<unknown, NativeGraphOptions['layers'][number]>,
  outputs: Parts<unknown, NativeOutputOptions>,
): Omit<NativeGraphOptions, 'batchFirst'> {
  return {
    inputs: inputs.map(([, { native }]) => native),
    layers: layers.map(([, { native }]) => native),
    outputs: outputs.map(([, { native }]) => native),
  }
}

function checkNamedInput(
  name: string,
  value: unknown,
): Checked<NamedInputOptions, NativeInputOptions> {
  const argument = `inputs.${name}`
  const native = { name, argument, lengths: `lengths.${name}` }
  if (typeof value === 'object' && value !== null && 'tokens' in value) {
    const { tokens: given } = checkOptions(argument, value, ['tokens'])
    const tokens = checkLayerSize(`${argument}.tokens`, given)
    return {
      resolved: Object.freeze({ tokens }),
      native: { ...native, tokens: true, size: tokens },
    }
  }
  const { features: given } = checkOptions(argument, value, ['features'])
  const features = checkLayerSize(`${argument}.features`, given)
  return {
    resolved: Object.freeze({ features }),
    native: { ...native, tokens: false, size: features },
  }
}

function checkNamedOutput(
  name: string,
  value: unknown,
): Checked<ResolvedNamedOutput, NativeOutputOptions> {
  const argument = `outputs.${name}`
  const given = checkOptions(argument, value, ['loss', 'weight'])
  const loss = checkLoss(`${argument}.loss`, given.loss)
  const weight = given.weight === undefined ? {} : { weight: checkWeight(argument, given.weight) }
  const names = { layer: name, argument, target: `targets.${name}`, output: argument }
  return {
    resolved: Object.freeze({ loss: loss.resolved, ...weight }),
    native: { ...names, loss: loss.native, weight: 1, ...weight },
  }
}

function checkWeight(output: string, value: unknown): number {
  return checkNumber(`${output}.weight`, value, { atLeast: 0, atMost: MAX_FLOAT32 })
}
