/**
 * The losses of outputs: their options, and how these are checked. What targets of each look like, the native part says.
 *
 * @module
 */
import type { NativeLossOptions } from '../binding'
import { argumentError, describe } from './errors'
import { checkInteger, checkNumber, checkOneOf, checkOptions, MAX_FLOAT32 } from './validate'

/** For classes: predictions are logits, a target is the number of a class. */
export interface CrossEntropyLoss {
  readonly kind: 'crossEntropy'
  /** Share of the target that all classes have alike, at least 0 and below 1. Default 0. */
  readonly labelSmoothing?: number | undefined
  /** For each class a factor of the rows that should be of it, at least 0. Default: 1 for all. */
  readonly classWeights?: readonly number[] | undefined
  /** Rows with this target do not count. Any integer of 32 bits, a class or none. Default: all rows count. */
  readonly ignoredClass?: number | undefined
}

/** For values: the mean of the squared errors. */
export interface MeanSquaredErrorLoss {
  readonly kind: 'meanSquaredError'
}

/** For values: the mean of the errors' magnitudes. */
export interface MeanAbsoluteErrorLoss {
  readonly kind: 'meanAbsoluteError'
}

/** For values: half the squared error where it is small, and linear beyond. */
export interface HuberLoss {
  readonly kind: 'huber'
  /** The error at which it turns linear, above 0. Default 1. */
  readonly delta?: number | undefined
}

/**
 * For values: some quantiles of each. Prediction number j*Q + q is quantile number q of value j, of Q quantiles; a target
 * has one number for each value, size/Q in all.
 */
export interface QuantileLoss {
  readonly kind: 'quantile'
  /** At least one, each above 0 and below 1. Default [0.1, 0.5, 0.9]. */
  readonly quantiles?: readonly number[] | undefined
}

/**
 * For values: their means and the logarithms of their variances. The first half of the predictions are the means, the
 * second half the log variances; a target has a number for each mean.
 */
export interface GaussianLoss {
  readonly kind: 'gaussian'
}

/** For values from 0 to 1, each by itself: predictions are logits. */
export interface BinaryCrossEntropyLoss {
  readonly kind: 'binaryCrossEntropy'
  /** For each value a factor of the loss of what should be 1, at least 0. Default: 1 for all. */
  readonly positiveWeights?: readonly number[] | undefined
}

/**
 * Connectionist temporal classification: for a sequence of labels that is shorter than the sequence of steps, and whose
 * places in it are not known. Predictions are logits at every step, of the blank (0) and the labels.
 */
export interface CtcLoss {
  readonly kind: 'ctc'
  /** The number that stands for no label: 0, the only one that there is. */
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

/** What an output is trained for: a kind of loss, with all its options' defaults, or one with options. */
export type Loss = LossKind | LossOptions

/** Options that stay absent where they are not given. */
type Absent = 'classWeights' | 'ignoredClass' | 'positiveWeights'

type Filled<T> = { readonly [K in keyof T]-?: Exclude<T[K], undefined> }
type Resolved<T> = Filled<Omit<T, Absent>> & {
  readonly [K in Extract<keyof T, Absent>]?: Exclude<T[K], undefined>
}

type OptionsOf<K extends LossKind> = Extract<LossOptions, { readonly kind: K }>

/** A loss with every default filled in; class weights, ignored class and positive weights only where they were given. */
export type ResolvedLossOptions = { [K in LossKind]: Resolved<OptionsOf<K>> }[LossKind]

/** A loss that was given as a kind stays one; one with options has every default filled in. */
export type ResolvedLoss = LossKind | ResolvedLossOptions

type Settings<K extends LossKind> = Omit<Resolved<OptionsOf<K>>, 'kind'>
type NativeSettings<K extends LossKind> = Omit<Extract<NativeLossOptions, { kind: K }>, 'kind'>

type Given = Readonly<Record<string, unknown>>

interface LossType<K extends LossKind> {
  /** Its options beside `kind`. */
  readonly keys: readonly string[]
  /** Checks them and fills in the defaults; messages have `prefix` before their names. */
  readonly check: (prefix: string, given: Given) => Settings<K>
  /** As the native part takes them. */
  readonly native: (settings: Settings<K>) => NativeSettings<K>
}

const WITHOUT_OPTIONS = { keys: [], check: () => ({}), native: () => ({}) }
const WEIGHT = { atLeast: 0, atMost: MAX_FLOAT32 }

/** Every kind of loss that there is. */
const LOSS_TYPES: { readonly [K in LossKind]: LossType<K> } = {
  crossEntropy: {
    keys: ['labelSmoothing', 'classWeights', 'ignoredClass'],
    check: (prefix, { labelSmoothing = 0, classWeights, ignoredClass }) => ({
      labelSmoothing: checkNumber(`${prefix}labelSmoothing`, labelSmoothing, {
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
  meanSquaredError: WITHOUT_OPTIONS,
  meanAbsoluteError: WITHOUT_OPTIONS,
  huber: {
    keys: ['delta'],
    check: (prefix, { delta = 1 }) => ({
      delta: checkNumber(`${prefix}delta`, delta, { above: 0, atMost: MAX_FLOAT32 }),
    }),
    native: (settings) => settings,
  },
  quantile: {
    keys: ['quantiles'],
    check: (prefix, { quantiles = [0.1, 0.5, 0.9] }) => ({
      quantiles: checkNumbers(`${prefix}quantiles`, quantiles, { above: 0, below: 1 }),
    }),
    native: ({ quantiles }) => ({ quantiles: Float32Array.from(quantiles) }),
  },
  gaussian: WITHOUT_OPTIONS,
  binaryCrossEntropy: {
    keys: ['positiveWeights'],
    check: (prefix, { positiveWeights }) =>
      positiveWeights === undefined
        ? {}
        : { positiveWeights: checkNumbers(`${prefix}positiveWeights`, positiveWeights, WEIGHT) },
    native: ({ positiveWeights = [] }) => ({ positiveWeights: Float32Array.from(positiveWeights) }),
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
function checkNumbers(
  argument: string,
  value: unknown,
  range: Parameters<typeof checkNumber>[2],
): readonly number[] {
  if (!Array.isArray(value) || value.length === 0) {
    const code = Array.isArray(value) ? 'ERR_GRU_VALUE' : 'ERR_GRU_TYPE'
    throw argumentError(code, argument, 'an Array of at least one number', describe(value))
  }
  return Object.freeze(
    Array.from(value, (number: unknown, i) => checkNumber(`${argument}[${i}]`, number, range)),
  )
}
