/**
 * Schedules of the learning rate.
 *
 * @module
 */
import { markClass } from '../copy'
import { argumentError, describe } from '../errors'
import { fixProperties } from '../fixed-properties'
import { checkInteger, checkNumber, checkOptions, MAX_FLOAT32 } from '../validate'
import {
  checkSchedule,
  type ResolvedSchedule,
  type ResolvedWarmup,
  type ScheduleOptions,
} from './options'
import { checkPlateauState, Plateau, type PlateauState } from './plateau'
import { closedRate } from './rates'

/** The state of a {@link Schedule}: a plain value that can be saved as JSON. */
export interface ScheduleState {
  /** Updates made so far. */
  readonly updates: number
  /** The state of a plateau schedule. Other kinds do not have it. */
  readonly plateau?: PlateauState
}

const NO_WARMUP: ResolvedWarmup = { steps: 0, startFactor: 1 }
const KEYS = ['updates'] as const
const PLATEAU_KEYS = ['updates', 'plateau'] as const

/**
 * The learning rate for each update. It depends only on three things: the base rate (of the optimiser or of a parameter
 * group), the number of updates made, and for a plateau the observed metrics. The last two are its state.
 *
 * The rates are those of torch.optim.lr_scheduler in its closed forms. Let r be the base rate, t the number of the
 * update from 0, and cos(a, b, x) = b + (a - b) (1 + cos(pi x)) / 2:
 *
 * - constant: r
 * - step: r gamma^floor(t / stepSize)
 * - multiStep: r gamma^(number of milestones that are at most t)
 * - exponential: r gamma^t
 * - cosine: cos(r, minimum, t / period)
 * - oneCycle, with p = warmupShare total - 1 and m = maximum: cos(m / divide, m, t / p) while t is at most p, then
 *   cos(m, m / divide / finalDivide, (t - p) / (total - 1 - p)) until t = total - 1. The rate stays there. With anneal
 *   'linear', a + (b - a) x replaces cos(a, b, x). PyTorch fails if p is 0, and after the last update.
 * - plateau: the rate depends on the metrics observed before the update. With mode 'min' a metric m is better if
 *   m \< best (1 - threshold), or with thresholdMode 'abs' if m \< best - threshold. With mode 'max' it is better if
 *   m \> best (1 + threshold), or with thresholdMode 'abs' if m \> best + threshold. A better metric becomes the best, and
 *   the count of bad metrics becomes 0. Any other metric adds 1 to the count. The first `cooldown` metrics after a
 *   reduction do not: they leave the count at 0. If the count exceeds the patience, the count becomes 0, and the rate
 *   becomes max(rate * factor, minimum) if it falls by more than epsilon.
 *
 * With a warm-up of w steps that begins with the factor f, the rate is s (f + (1 - f) t / w) while t is less than w,
 * where s is the schedule's first rate. After that the schedule starts with its own t = 0. A plateau ignores the
 * metrics of the warm-up.
 *
 * @example
 * ```ts
 * const schedule = new Schedule({ kind: 'cosine', period: 1000, warmup: { steps: 100 } })
 * const learningRate = schedule.rate(1e-3) // of the first update
 * schedule.advance()
 * ```
 *
 * A schedule's properties cannot be set: an assignment throws a GruError, ERR_GRU_VALUE.
 */
export class Schedule {
  readonly #options: ResolvedSchedule
  readonly #plateau: Plateau | undefined
  /** The rate of an update, counted from the end of the warm-up. */
  readonly #rateAt: (baseRate: number, update: number) => number
  #updates = 0

  static {
    markClass(this)
  }

  /** @throws GruError ERR_GRU_TYPE, ERR_GRU_VALUE for wrong options, including options of another kind of schedule */
  constructor(options: ScheduleOptions) {
    const checked = checkSchedule(options)
    this.#options = checked
    if (checked.kind === 'plateau') {
      const plateau = new Plateau(checked)
      this.#plateau = plateau
      this.#rateAt = (baseRate) => plateau.rate(baseRate)
    } else {
      this.#rateAt = (baseRate, update) => closedRate(checked, baseRate, update)
    }
  }

  /** With every default filled in. */
  get options(): ResolvedSchedule {
    return this.#options
  }

  get #isWarmingUp(): boolean {
    return this.#updates < (this.#options.warmup ?? NO_WARMUP).steps
  }

  /**
   * The rate of the next update. Calls change nothing, so it can be called for each of several base rates.
   *
   * @param baseRate - 0 or more
   * @throws GruError ERR_GRU_TYPE, ERR_GRU_VALUE for a wrong base rate
   */
  rate(baseRate: number): number {
    const base = checkNumber('baseRate', baseRate, { atLeast: 0, atMost: MAX_FLOAT32 })
    const { steps, startFactor } = this.#options.warmup ?? NO_WARMUP
    if (!this.#isWarmingUp) return this.#rateAt(base, this.#updates - steps)
    const factor = startFactor + ((1 - startFactor) * this.#updates) / steps
    return this.#rateAt(base, 0) * factor
  }

  /** Counts an update. */
  advance(): void {
    this.#updates++
  }

  /**
   * Reports a metric, such as the validation loss after an epoch. Only a plateau schedule uses it, after its warm-up.
   *
   * @param metric - NaN and infinities are allowed; NaN is never an improvement
   * @throws GruError ERR_GRU_TYPE if it is not a number
   */
  observe(metric: number): void {
    if (typeof metric !== 'number') {
      throw argumentError('ERR_GRU_TYPE', 'metric', 'a number', describe(metric))
    }
    if (!this.#isWarmingUp) this.#plateau?.observe(metric)
  }

  /**
   * The state of the schedule. If it is saved, for example as JSON, and passed to {@link restore} of a schedule with
   * the same options, that schedule gives exactly the same rates.
   */
  get state(): ScheduleState {
    const updates = this.#updates
    return this.#plateau === undefined ? { updates } : { updates, plateau: this.#plateau.state }
  }

  /**
   * Continues from a state. If the state is invalid, this schedule does not change.
   *
   * @param state - the state of a schedule with the same options
   * @throws GruError ERR_GRU_TYPE, ERR_GRU_VALUE for an invalid state of this kind of schedule
   */
  restore(state: ScheduleState): void {
    const { updates, plateau } = checkScheduleState('state', this.options.kind, state)
    if (plateau !== undefined) this.#plateau?.restore(plateau)
    this.#updates = updates
  }
}

fixProperties(Schedule, 'options are given to new Schedule')

/** Checks a state, of a schedule of that kind, that comes from outside. */
export function checkScheduleState(
  argument: string,
  kind: ResolvedSchedule['kind'],
  value: unknown,
): ScheduleState {
  const keys = kind === 'plateau' ? PLATEAU_KEYS : KEYS
  const given: Partial<Record<keyof ScheduleState, unknown>> = checkOptions(argument, value, keys)
  const updates = checkInteger(`${argument}.updates`, given.updates, 0, Number.MAX_SAFE_INTEGER)
  if (kind !== 'plateau') return { updates }
  return { updates, plateau: checkPlateauState(`${argument}.plateau`, given.plateau) }
}
