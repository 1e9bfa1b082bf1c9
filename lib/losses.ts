/**
 * The losses of outputs: their options and the checks of these options. The native part describes the targets of each loss.
 *
 * @module
 */
import type { NativeLossOptions } from '../binding'
import { argumentError, describe } from './errors'
import {
  checkBoolean,
  checkFloat32Number,
  checkInteger,
  checkOneOf,
  checkOptions,
  MAX_FLOAT32,
  type NumberRange,
} from './validate'

/** For classes: predictions are logits, a target is the number of a class. */
export interface CrossEntropyLoss {
  readonly kind: 'crossEntropy'
  /** The share of the target that is divided equally among all classes, at least 0 and below 1, also as float32. Default 0. */
  readonly labelSmoothing?: number | undefined
  /**
   * A factor w for each class, at least 0. Default: 1 for all. With label smoothing s, K classes, the target t and l_k,
   * minus the log probability of class k, a row's loss is (1 - s) w_t l_t + s / K * (sum over k of w_k l_k). So without
   * label smoothing the factor multiplies the loss of the rows whose target is this class. The mean is taken as in PyTorch:
   * the sum over the rows is divided by the sum of their w_t.
   */
  readonly classWeights?: readonly number[] | undefined
  /** Rows with this target do not count. Any integer of 32 bits, also one that is not a class. Default: all rows count. */
  readonly ignoredClass?: number | undefined
}

/** The option of all losses for values. */
export interface ValueLoss {
  /**
   * Whether a target may have missing values, which are NaN. A missing value adds nothing to the loss, has no gradient, and
   * does not count: the loss is the mean over the values that are present. A row with `p` of its `V` values counts as `p / V`
   * rows in the denominator. If no value is present, the loss is 0. Default false: a value that is NaN makes the loss NaN.
   */
  readonly ignoreMissing?: boolean | undefined
}

/** For values: the mean of the squared errors. */
export interface MeanSquaredErrorLoss extends ValueLoss {
  readonly kind: 'meanSquaredError'
}

/** For values: the mean of the errors' magnitudes. */
export interface MeanAbsoluteErrorLoss extends ValueLoss {
  readonly kind: 'meanAbsoluteError'
}

/** For values: half the squared error up to `delta`, and linear in the error beyond it. */
export interface HuberLoss extends ValueLoss {
  readonly kind: 'huber'
  /** The error from which on the loss is linear, above 0 also as float32. Default 1. */
  readonly delta?: number | undefined
}

/**
 * For values: the output predicts Q quantiles of each value. Prediction number j*Q + q is quantile number q of value
 * number j. A target has one number for each value, so it has size/Q numbers.
 */
export interface QuantileLoss extends ValueLoss {
  readonly kind: 'quantile'
  /** At least one, each above 0 and below 1, also as float32. Default [0.1, 0.5, 0.9]. */
  readonly quantiles?: readonly number[] | undefined
}

/**
 * For values: the output predicts the mean and the logarithm of the variance of each value. The first half of a
 * prediction has the means, the second half the log variances. A target has size/2 numbers.
 */
export interface GaussianLoss extends ValueLoss {
  readonly kind: 'gaussian'
}

/** For values from 0 to 1, which are independent of each other: predictions are logits. */
export interface BinaryCrossEntropyLoss extends ValueLoss {
  readonly kind: 'binaryCrossEntropy'
  /** A factor for each value, at least 0. It multiplies the part of the loss for the target 1. Default: 1 for all. */
  readonly positiveWeights?: readonly number[] | undefined
}

/**
 * Connectionist temporal classification: the target of a sequence is a shorter sequence of labels, and it is not known
 * at which steps the labels are. Predictions are logits of the blank (0) and the labels, at every step.
 */
export interface CtcLoss {
  readonly kind: 'ctc'
  /** The number that means "no label". Only 0 is possible. */
  readonly blank?: 0 | undefined
}

/** A loss with its options. */
export type LossOptions =
  | CrossEntropyLoss
  | MeanSquaredErrorLoss
  | MeanAbsoluteErrorLoss
  | HuberLoss
  | QuantileLoss
  | GaussianLoss
  | BinaryCrossEntropyLoss
  | CtcLoss

export type LossKind = LossOptions['kind']

/** What an output is trained for: a kind of loss with the defaults of all its options, or a loss with options. */
export type Loss = LossKind | LossOptions

/** Options that have no default: they are absent unless they were given. */
type Absent = 'classWeights' | 'ignoredClass' | 'positiveWeights'

type Filled<T> = { readonly [K in keyof T]-?: Exclude<T[K], undefined> }
type Resolved<T> = Filled<Omit<T, Absent>> & {
  readonly [K in Extract<keyof T, Absent>]?: Exclude<T[K], undefined>
}

type OptionsOf<K extends LossKind> = Extract<LossOptions, { readonly kind: K }>

/** A loss with every default filled in. Class weights, ignored class and positive weights are absent unless they were given. */
export type ResolvedLossOptions = { [K in LossKind]: Resolved<OptionsOf<K>> }[LossKind]

/** A loss as it was given: a kind is a kind, and a loss with options has every default filled in. */
export type ResolvedLoss = LossKind | ResolvedLossOptions

type Settings<K extends LossKind> = Omit<Resolved<OptionsOf<K>>, 'kind'>
type NativeSettings<K extends LossKind> = Omit<Extract<NativeLossOptions, { kind: K }>, 'kind'>

type Given = Readonly<Record<string, unknown>>

interface LossType<K extends LossKind> {
  /** Its options beside `kind`. */
  readonly keys: readonly string[]
  /** Checks them and fills in the defaults; messages have `prefix` before their names. */
  readonly check: (prefix: string, given: Given) => Settings<K>
  /** The options in the form of the native part. */
  readonly native: (settings: Settings<K>) => NativeSettings<K>
}

type ValueSettings = Filled<ValueLoss>

function checkMissing(prefix: string, { ignoreMissing = false }: Given): ValueSettings {
  return { ignoreMissing: checkBoolean(`${prefix}ignoreMissing`, ignoreMissing) }
}

/** A loss for values that has no other option. */
const VALUES = {
  keys: ['ignoreMissing'],
  check: checkMissing,
  native: (settings: ValueSettings) => settings,
}

const WEIGHT = { atLeast: 0, atMost: MAX_FLOAT32 }

/** Every kind of loss that there is. */
const LOSS_TYPES: { readonly [K in LossKind]: LossType<K> } = {
  crossEntropy: {
    keys: ['labelSmoothing', 'classWeights', 'ignoredClass'],
    check: (prefix, { labelSmoothing = 0, classWeights, ignoredClass }) => ({
      labelSmoothing: checkFloat32Number(`${prefix}labelSmoothing`, labelSmoothing, {
        atLeast: 0,
        below: 1,
      }),
      ...(classWeights === undefined
        ? {}
        : { classWeights: checkNumbers(`${prefix}classWeights`, classWeights, WEIGHT) }),
      ...(ignoredClass === undefined
        ? {}
        : { ignoredClass: checkInt32(`${prefix}ignoredClass`, ignoredClass) }),
    }),
    native: ({ labelSmoothing, classWeights = [], ignoredClass = null }) => ({
      labelSmoothing,
      classWeights: Float32Array.from(classWeights),
      ignoredClass,
    }),
  },
  meanSquaredError: VALUES,
  meanAbsoluteError: VALUES,
  huber: {
    keys: ['delta', 'ignoreMissing'],
    check: (prefix, { delta = 1, ...given }) => ({
      ...checkMissing(prefix, given),
      delta: checkFloat32Number(`${prefix}delta`, delta, { above: 0, atMost: MAX_FLOAT32 }),
    }),
    native: (settings) => settings,
  },
  quantile: {
    keys: ['quantiles', 'ignoreMissing'],
    check: (prefix, { quantiles = [0.1, 0.5, 0.9], ...given }) => ({
      ...checkMissing(prefix, given),
      quantiles: checkNumbers(`${prefix}quantiles`, quantiles, { above: 0, below: 1 }),
    }),
    native: ({ quantiles, ...others }) => ({
      quantiles: Float32Array.from(quantiles),
      ...others,
    }),
  },
  gaussian: VALUES,
  binaryCrossEntropy: {
    keys: ['positiveWeights', 'ignoreMissing'],
    check: (prefix, { positiveWeights, ...given }) => ({
      ...checkMissing(prefix, given),
      ...(positiveWeights === undefined
        ? {}
        : { positiveWeights: checkNumbers(`${prefix}positiveWeights`, positiveWeights, WEIGHT) }),
    }),
    native: ({ positiveWeights = [], ...others }) => ({
      positiveWeights: Float32Array.from(positiveWeights),
      ...others,
    }),
  },
  ctc: {
    keys: ['blank'],
    check: (prefix, { blank = 0 }) => {
      checkInteger(`${prefix}blank`, blank, 0, 0)
      return { blank: 0 }
    },
    native: () => ({}),
  },
}

const KINDS = Object.keys(LOSS_TYPES) as LossKind[]

/** A loss in the two forms in which it is needed. */
export interface CheckedLoss {
  readonly resolved: ResolvedLoss
  readonly native: NativeLossOptions
}

/** Checks a loss. Whether it fits the output's size, the native part checks. */
export function checkLoss(argument: string, value: unknown): CheckedLoss {
  if (typeof value !== 'object' || value === null) {
    const kind = checkOneOf(argument, value, KINDS)
    return { resolved: kind, native: settingsOf(argument, kind, {}).native }
  }
  const { kind: given } = checkOptions(argument, value, ['kind', ...Object.keys(value)])
  const kind = checkOneOf(`${argument}.kind`, given, KINDS)
  return settingsOf(argument, kind, value as Given)
}

function settingsOf(argument: string, kind: LossKind, given: Given): CheckedLoss {
  const { keys, check, native } = LOSS_TYPES[kind] as LossType<LossKind>
  const settings = check(`${argument}.`, checkOptions(argument, given, ['kind', ...keys]))
  return {
    resolved: Object.freeze({ kind, ...settings }) as unknown as ResolvedLossOptions,
    native: { kind, ...native(settings) } as unknown as NativeLossOptions,
  }
}

function checkInt32(argument: string, value: unknown): number {
  return checkInteger(argument, value, -(2 ** 31), 2 ** 31 - 1)
}

/** At least one number, each within a range. */
function checkNumbers(argument: string, value: unknown, range: NumberRange): readonly number[] {
  if (!Array.isArray(value) || value.length === 0) {
    const code = Array.isArray(value) ? 'ERR_GRU_VALUE' : 'ERR_GRU_TYPE'
    throw argumentError(code, argument, 'an Array of at least one number', describe(value))
  }
  return Object.freeze(
    Array.from(value, (number: unknown, i) =>
      checkFloat32Number(`${argument}[${i}]`, number, range),
    ),
  )
}
