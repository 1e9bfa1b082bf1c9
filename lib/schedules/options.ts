/**
 * The options of learning-rate schedules.
 *
 * @module
 */
import { argumentError, describe } from '../errors'
import {
  checkInteger,
  checkNumber,
  checkOneOf,
  checkOptions,
  checkPositiveInteger,
  MAX_FLOAT32,
  type NumberRange,
} from '../validate'

/** A linear rise before a schedule, as torch.optim.lr_scheduler.LinearLR before a schedule in a SequentialLR. */
export interface WarmupOptions {
  /** The number of updates of the rise, at least 1. The schedule itself begins after them. */
  readonly steps: number
  /** The rate of the first update divided by the schedule's first rate, from 0 to 1. Default 1/3. */
  readonly startFactor?: number | undefined
}

interface CommonOptions {
  /** Default: none. */
  readonly warmup?: WarmupOptions | undefined
}

/** Always the base rate. */
export interface ConstantSchedule extends CommonOptions {
  readonly kind: 'constant'
}

/** torch.optim.lr_scheduler.StepLR */
export interface StepSchedule extends CommonOptions {
  readonly kind: 'step'
  /** Updates between two changes of the rate, at least 1 (step_size). */
  readonly stepSize: number
  /** The factor of each change, at least 0. Default 0.1. */
  readonly gamma?: number | undefined
}

/** torch.optim.lr_scheduler.MultiStepLR */
export interface MultiStepSchedule extends CommonOptions {
  readonly kind: 'multiStep'
  /** The updates, counted from 0, at which the rate changes, in increasing order. */
  readonly milestones: readonly number[]
  /** The factor of each change, at least 0. Default 0.1. */
  readonly gamma?: number | undefined
}

/** torch.optim.lr_scheduler.ExponentialLR */
export interface ExponentialSchedule extends CommonOptions {
  readonly kind: 'exponential'
  /** The factor from update to update, at least 0. */
  readonly gamma: number
}

/** torch.optim.lr_scheduler.CosineAnnealingLR */
export interface CosineSchedule extends CommonOptions {
  readonly kind: 'cosine'
  /** The number of updates from the base rate to the minimum, at least 1 (T_max). After them the rate rises again. */
  readonly period: number
  /** The lowest rate, at least 0 (eta_min). Default 0. */
  readonly minimum?: number | undefined
}

/** torch.optim.lr_scheduler.OneCycleLR with two phases, without a cycle of the momentum */
export interface OneCycleSchedule extends CommonOptions {
  readonly kind: 'oneCycle'
  /** The number of updates of the whole cycle, at least 1 (total_steps). After them the last rate stays. */
  readonly total: number
  /** The highest rate, at least 0 (max_lr). Default: the base rate. */
  readonly maximum?: number | undefined
  /** The share of the updates in which the rate rises, from 0 to 1 (pct_start). Default 0.3. */
  readonly warmupShare?: number | undefined
  /** The form of rise and fall: half a cosine, or a line (anneal_strategy). Default 'cos'. */
  readonly anneal?: 'cos' | 'linear' | undefined
  /** The first rate is the highest rate divided by this, above 0 (div_factor). Default 25. */
  readonly divide?: number | undefined
  /** The last rate is the first rate divided by this, above 0 (final_div_factor). Default 1e4. */
  readonly finalDivide?: number | undefined
}

/** torch.optim.lr_scheduler.ReduceLROnPlateau: the rate is reduced if a metric no longer improves. */
export interface PlateauSchedule extends CommonOptions {
  readonly kind: 'plateau'
  /** Whether a smaller metric is better, or a larger one. Default 'min'. */
  readonly mode?: 'min' | 'max' | undefined
  /** The factor of each reduction, from 0 to less than 1. Default 0.1. */
  readonly factor?: number | undefined
  /**
   * The number of consecutive metrics without improvement that are allowed, at least 0. One more reduces the rate.
   * Default 10.
   */
  readonly patience?: number | undefined
  /** A metric must be better than the best one by this to count as an improvement, at least 0. Default 1e-4. */
  readonly threshold?: number | undefined
  /**
   * Whether the threshold is a share of the best metric, or a difference. A share is only useful for positive metrics.
   * Default 'rel'.
   */
  readonly thresholdMode?: 'rel' | 'abs' | undefined
  /** The number of metrics after a reduction that are not counted as bad, at least 0. Default 0. */
  readonly cooldown?: number | undefined
  /** The rate is not reduced below this, at least 0 (min_lr). Default 0. */
  readonly minimum?: number | undefined
  /** A reduction by this or less is not made, at least 0 (eps). Default 1e-8. */
  readonly epsilon?: number | undefined
}

/**
 * A schedule of the learning rate, with PyTorch's formulas and defaults, which {@link Schedule} lists. Updates are
 * counted from 0, or from the end of the warm-up if there is one. No number may exceed the largest float32, 3.4e38.
 */
export type ScheduleOptions =
  | ConstantSchedule
  | StepSchedule
  | MultiStepSchedule
  | ExponentialSchedule
  | CosineSchedule
  | OneCycleSchedule
  | PlateauSchedule

/** Checks an option's value; undefined if the option was not given. */
type Check = (argument: string, value: unknown) => unknown

const NOT_NEGATIVE: NumberRange = { atLeast: 0, atMost: MAX_FLOAT32 }
const POSITIVE: NumberRange = { above: 0, atMost: MAX_FLOAT32 }
const SHARE: NumberRange = { atLeast: 0, atMost: 1 }

const orElse =
  <T>(fallback: T, check: (argument: string, value: unknown) => T) =>
  (argument: string, value: unknown): T =>
    value === undefined ? fallback : check(argument, value)

const within =
  (range: NumberRange) =>
  (argument: string, value: unknown): number =>
    checkNumber(argument, value, range)

const oneOf =
  <const T extends string>(...allowed: readonly T[]) =>
  (argument: string, value: unknown): T =>
    checkOneOf(argument, value, allowed)

const count = (argument: string, value: unknown): number =>
  checkInteger(argument, value, 0, Number.MAX_SAFE_INTEGER)

const positiveCount = (argument: string, value: unknown): number =>
  checkPositiveInteger(argument, value, Number.MAX_SAFE_INTEGER)

/** The options of each schedule, with their checks and defaults. */
const FIELDS = {
  constant: {},
  step: { stepSize: positiveCount, gamma: orElse(0.1, within(NOT_NEGATIVE)) },
  multiStep: { milestones: checkMilestones, gamma: orElse(0.1, within(NOT_NEGATIVE)) },
  exponential: { gamma: within(NOT_NEGATIVE) },
  cosine: { period: positiveCount, minimum: orElse(0, within(NOT_NEGATIVE)) },
  oneCycle: {
    total: positiveCount,
    maximum: orElse<number | undefined>(undefined, within(NOT_NEGATIVE)),
    warmupShare: orElse(0.3, within(SHARE)),
    anneal: orElse('cos', oneOf('cos', 'linear')),
    divide: orElse(25, within(POSITIVE)),
    finalDivide: orElse(1e4, within(POSITIVE)),
  },
  plateau: {
    mode: orElse('min', oneOf('min', 'max')),
    factor: orElse(0.1, within({ atLeast: 0, below: 1 })),
    patience: orElse(10, count),
    threshold: orElse(1e-4, within(NOT_NEGATIVE)),
    thresholdMode: orElse('rel', oneOf('rel', 'abs')),
    cooldown: orElse(0, count),
    minimum: orElse(0, within(NOT_NEGATIVE)),
    epsilon: orElse(1e-8, within(NOT_NEGATIVE)),
  },
} satisfies { readonly [K in Kind]: Readonly<Record<string, Check>> }

type Kind = ScheduleOptions['kind']
export const SCHEDULE_KINDS = Object.keys(FIELDS) as readonly Kind[]
const COMMON_KEYS = ['kind', 'warmup'] as const

/** A warm-up with its default filled in. */
export interface ResolvedWarmup {
  readonly steps: number
  readonly startFactor: number
}

/** The options of one kind of schedule with every default filled in. */
export type ResolvedScheduleOf<K extends Kind> = {
  readonly [Name in keyof (typeof FIELDS)[K]]: (typeof FIELDS)[K][Name] extends (
    ...given: never
  ) => infer T
    ? T
    : never
} & { readonly kind: K; readonly warmup: ResolvedWarmup | undefined }

/** The options of a {@link Schedule} with every default filled in. */
export type ResolvedSchedule = { [K in Kind]: ResolvedScheduleOf<K> }[Kind]

/** Checks a schedule's options. Options of another kind of schedule are refused. */
export function checkSchedule(value: unknown): ResolvedSchedule {
  const names = typeof value === 'object' && value !== null ? Object.keys(value) : []
  const { kind: givenKind } = checkOptions('schedule', value, ['kind', ...names])
  const kind = checkOneOf('schedule.kind', givenKind, SCHEDULE_KINDS)
  const fields: Readonly<Record<string, Check>> = FIELDS[kind]
  const given = checkOptions(`schedule (${kind})`, value, [...COMMON_KEYS, ...Object.keys(fields)])
  const own = Object.entries(fields).map(([name, check]) => {
    return [name, check(`schedule.${name}`, given[name])]
  })
  const warmup = checkWarmup(given['warmup'])
  return Object.freeze({ kind, ...Object.fromEntries(own), warmup }) as ResolvedSchedule
}

function checkWarmup(value: unknown): ResolvedWarmup | undefined {
  if (value === undefined) return undefined
  const given = checkOptions('schedule.warmup', value, ['steps', 'startFactor'])
  const steps = positiveCount('schedule.warmup.steps', given.steps)
  const { startFactor = 1 / 3 } = given
  const share = checkNumber('schedule.warmup.startFactor', startFactor, SHARE)
  return Object.freeze({ steps, startFactor: share })
}

function checkMilestones(argument: string, value: unknown): readonly number[] {
  if (!Array.isArray(value)) {
    throw argumentError('ERR_GRU_TYPE', argument, 'an Array of integers', describe(value))
  }
  let least = 0
  const milestones = Array.from(value as readonly unknown[], (milestone, index) => {
    const place = `${argument}[${index}]`
    const checked = checkInteger(place, milestone, least, Number.MAX_SAFE_INTEGER)
    least = checked + 1
    return checked
  })
  return Object.freeze(milestones)
}
