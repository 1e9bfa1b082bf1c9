/**
 * The optimisers' options.
 *
 * @module
 */
import type { NativeOptimizerOptions } from '../binding'
import {
  checkFloat32Number,
  checkOneOf,
  checkOptions,
  MAX_FLOAT32,
  type NumberRange,
} from './validate'

interface CommonOptions {
  /** 0 or more. Default 1e-3; 1e-2 for rmsprop. */
  readonly learningRate?: number | undefined
  /** Factor of the L2 penalty, 0 or more. Default 0; 1e-2 for adamw, which applies it to the parameters alone. */
  readonly weightDecay?: number | undefined
}

/** torch.optim.SGD */
export interface SgdOptions extends CommonOptions {
  readonly kind: 'sgd'
  /** 0 or more. Default 0. */
  readonly momentum?: number | undefined
}

/** torch.optim.Adam or torch.optim.AdamW */
export interface AdamOptions extends CommonOptions {
  readonly kind: 'adam' | 'adamw'
  /** Decay of the mean of gradients, from 0 to less than 1, also as float32. Default 0.9. */
  readonly beta1?: number | undefined
  /** Decay of the mean of squared gradients, from 0 to less than 1, also as float32. Default 0.999. */
  readonly beta2?: number | undefined
  /** Added to the denominator, above 0 also as float32. Default 1e-8. */
  readonly epsilon?: number | undefined
}

/** torch.optim.RMSprop */
export interface RmspropOptions extends CommonOptions {
  readonly kind: 'rmsprop'
  /** Decay of the mean of squared gradients (PyTorch's alpha), from 0 to 1. Default 0.99. */
  readonly decay?: number | undefined
  /** 0 or more. Default 0. */
  readonly momentum?: number | undefined
  /** Added to the denominator, above 0 also as float32. Default 1e-8. */
  readonly epsilon?: number | undefined
}

/** An optimiser, with PyTorch's formulas and defaults. No number may be beyond the largest float32, 3.4e38. */
export type OptimizerOptions = SgdOptions | AdamOptions | RmspropOptions

type Hyperparameters = Omit<NativeOptimizerOptions, 'kind'>
type Kind = OptimizerOptions['kind']

const NOT_NEGATIVE: NumberRange = { atLeast: 0, atMost: MAX_FLOAT32 }
const RANGES: { readonly [K in keyof Hyperparameters]: NumberRange } = {
  learningRate: NOT_NEGATIVE,
  momentum: NOT_NEGATIVE,
  beta1: { atLeast: 0, below: 1 },
  beta2: { atLeast: 0, below: 1 },
  decay: { atLeast: 0, atMost: 1 },
  // Without it a parameter whose gradients are all 0 would become 0 / 0.
  epsilon: { above: 0, atMost: MAX_FLOAT32 },
  weightDecay: NOT_NEGATIVE,
}

/** Each optimiser's own hyperparameters with their defaults. */
const DEFAULTS: { readonly [K in Kind]: Readonly<Partial<Hyperparameters>> } = {
  sgd: { learningRate: 1e-3, momentum: 0, weightDecay: 0 },
  adam: { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
  adamw: { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 1e-2 },
  rmsprop: { learningRate: 1e-2, decay: 0.99, epsilon: 1e-8, momentum: 0, weightDecay: 0 },
}
const KINDS = Object.keys(DEFAULTS) as readonly Kind[]
/** The values of hyperparameters that an optimiser does not have, for the native part. */
const UNUSED: Hyperparameters = {
  learningRate: 0,
  momentum: 0,
  beta1: 0,
  beta2: 0,
  decay: 0,
  epsilon: 0,
  weightDecay: 0,
}

/** An optimiser with every default filled in. It has the numbers of its own kind. */
export type ResolvedOptimizer = Readonly<Partial<Hyperparameters>> & { readonly kind: Kind }

/** A resolved optimiser, and all its numbers as the native part takes them. */
export interface CheckedOptimizer {
  readonly resolved: ResolvedOptimizer
  readonly native: Hyperparameters & { readonly kind: Kind }
}

/** Checks the options of an optimiser. Options of another kind of optimiser are refused. */
export function checkOptimizer(value: unknown): CheckedOptimizer {
  const all = checkOptions('optimizer', value, ['kind', ...hyperparameters(UNUSED)])
  const kind = checkOneOf('optimizer.kind', all.kind, KINDS)
  const names = hyperparameters(DEFAULTS[kind])
  const given = checkOptions(`optimizer (${kind})`, value, ['kind', ...names])
  const own: Partial<Hyperparameters> = { ...DEFAULTS[kind] }
  for (const name of names) {
    const number = given[name]
    if (number !== undefined)
      own[name] = checkFloat32Number(`optimizer.${name}`, number, RANGES[name])
  }
  return { resolved: Object.freeze({ kind, ...own }), native: { ...UNUSED, ...own, kind } }
}

function hyperparameters(of: Readonly<Partial<Hyperparameters>>): (keyof Hyperparameters)[] {
  return Object.keys(of) as (keyof Hyperparameters)[]
}
