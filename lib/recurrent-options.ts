/**
 * The options that layers and models of any cell share.
 *
 * @module
 */
import type { NativeDeviceOptions, NativeRecurrentOptions } from '../binding'
import { findCudaPlugin } from './cuda-plugin'
import { argumentError, describe } from './errors'
import { native } from './native'
import {
  checkBoolean,
  checkFloat32Number,
  checkOneOf,
  checkPositiveInteger,
  checkSeed,
  MAX_VALUES,
} from './validate'
import { warnOnce } from './warnings'

/** A stack of recurrent layers, with PyTorch's names and defaults. */
export interface RecurrentStackOptions {
  /** Size of the state of each layer and direction, H. */
  readonly hiddenSize: number
  /** Layers, L, from 1 to 1024; each reads the output of the one below. Default 1. */
  readonly numLayers?: number | undefined
  /** Whether there are bias vectors. Default true. */
  readonly bias?: boolean | undefined
  /** Whether input and output are [batch, steps, ...] instead of [steps, batch, ...]. Default false. */
  readonly batchFirst?: boolean | undefined
  /**
   * Probability with which each value between two layers is zeroed in training, from 0 to less than 1, also as
   * float32. Default 0. With one layer it has no effect; the warning GRU_WARN_DROPOUT says so, once in a process.
   */
  readonly dropout?: number | undefined
  /** Whether each layer also runs from the last step to the first; both outputs are joined: D = 2. Default false. */
  readonly bidirectional?: boolean | undefined
}

export const RECURRENT_STACK_KEYS = [
  'hiddenSize',
  'numLayers',
  'bias',
  'batchFirst',
  'dropout',
  'bidirectional',
] as const

/** An object with unchecked options, as checkOptions returns it. */
export type Unchecked<K extends string> = { readonly [key in K]?: unknown }

/** {@link RecurrentStackOptions} with every default filled in. */
export type ResolvedRecurrentStack = Readonly<Omit<NativeRecurrentOptions, 'inputSize'>>

/**
 * Checks the options that all cells have and fills in the defaults.
 *
 * @param prefix - the text before each option's name in messages: '' or 'gru.'
 */
export function resolveRecurrentStack(
  prefix: string,
  given: Unchecked<(typeof RECURRENT_STACK_KEYS)[number]>,
): ResolvedRecurrentStack {
  const { numLayers = 1, bias = true, batchFirst = false, dropout = 0 } = given
  const { bidirectional = false } = given
  return {
    hiddenSize: checkLayerSize(`${prefix}hiddenSize`, given.hiddenSize),
    numLayers: checkNumLayers(`${prefix}numLayers`, numLayers),
    bias: checkBoolean(`${prefix}bias`, bias),
    batchFirst: checkBoolean(`${prefix}batchFirst`, batchFirst),
    dropout: checkDropout(`${prefix}dropout`, dropout),
    bidirectional: checkBoolean(`${prefix}bidirectional`, bidirectional),
  }
}

/** A size that a weight matrix has. */
export function checkLayerSize(argument: string, value: unknown): number {
  return checkPositiveInteger(argument, value, native().limits.layerSize)
}

/** A number of layers. */
export function checkNumLayers(argument: string, value: unknown): number {
  return checkPositiveInteger(argument, value, native().limits.layers)
}

/** A probability of dropout, which must stay below 1 when the native part rounds it to float32. */
export function checkDropout(argument: string, value: unknown): number {
  return checkFloat32Number(argument, value, { atLeast: 0, below: 1 })
}

/**
 * Warns once if dropout has no effect: it acts between two layers, and there is only one.
 *
 * @param argument - the option's name for the caller
 */
export function warnOfIdleDropout(
  argument: string,
  { dropout, numLayers }: Readonly<Pick<NativeRecurrentOptions, 'dropout' | 'numLayers'>>,
): void {
  if (dropout === 0 || numLayers > 1) return
  const expected = 'numLayers of at least 2, since it acts between two layers'
  warnOnce(
    'GRU_WARN_DROPOUT',
    `${argument}: expected ${expected}, got ${dropout} with one layer; it does nothing`,
  )
}

/** The caller's seed, or one drawn at random. */
export function resolveSeed(given: unknown): number {
  return given === undefined ? drawSeed() : checkSeed('seed', given)
}

/** Uses the global object: to load node:crypto takes a fifth of the time in which the whole package loads. */
function drawSeed(): number {
  const [low, high] = crypto.getRandomValues(new Uint32Array(2))
  return (high! % 2 ** 21) * 2 ** 32 + low!
}

/** The device of a layer or a model, and the precision of its products there. */
export interface DeviceOptions {
  /**
   * 'cpu'; 'cuda', which is 'cuda:0', or 'cuda:N' for the GPU of that number; 'auto' for the first GPU if there is
   * one that works, otherwise the CPU. Default: the environment variable GRU_NATIVE_DEVICE, or 'cpu'.
   */
  readonly device?: string | undefined
  /**
   * The format of the inputs of a GPU's large matrix products: 'float32', the default; 'tf32', float32 rounded to 10
   * bits of mantissa; 'bfloat16', float32 rounded to bfloat16. Sums, parameters and results are always float32. The
   * CPU has 'float32' only.
   */
  readonly precision?: Precision | undefined
}

/** See {@link DeviceOptions.precision}. */
export type Precision = NativeDeviceOptions['precision']

export const DEVICE_KEYS = ['device', 'precision'] as const

const PRECISIONS = ['float32', 'tf32', 'bfloat16'] as const

/** {@link DeviceOptions} with every default filled in. */
export interface ResolvedDevice {
  readonly device: string
  readonly precision: Precision
}

/** A device's options in the two forms in which they are needed. */
export interface CheckedDevice {
  readonly resolved: ResolvedDevice
  readonly native: NativeDeviceOptions
}

const DEVICE_VARIABLE = 'GRU_NATIVE_DEVICE'

/** Checks a device's options and fills in the defaults. The native part checks whether the device exists. */
export function checkDevice(given: Unchecked<(typeof DEVICE_KEYS)[number]>): CheckedDevice {
  const named = process.env[DEVICE_VARIABLE] || undefined
  const { device = named ?? 'cpu', precision: givenPrecision = 'float32' } = given
  if (typeof device !== 'string') {
    const expected = "the name of a device, such as 'cpu'"
    throw argumentError('ERR_GRU_TYPE', 'device', expected, describe(device))
  }
  const precision = checkOneOf('precision', givenPrecision, PRECISIONS)
  const argument = given.device === undefined && named !== undefined ? DEVICE_VARIABLE : 'device'
  const cudaPlugin = device === 'cpu' ? '' : findCudaPlugin()
  return {
    resolved: { device, precision },
    native: { name: device, precision, argument, cudaPlugin },
  }
}

/** Refuses options with more parameters than an array can have, before any memory is allocated. */
export function checkParameterCount(count: number): void {
  if (count <= MAX_VALUES) return
  const expected = `sizes with at most ${MAX_VALUES} parameters`
  throw argumentError('ERR_GRU_VALUE', 'options', expected, `sizes with ${count}`)
}
