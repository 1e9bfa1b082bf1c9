/**
 * Schedules of the learning rate.
 *
 * @module
 */
import { argumentError, describe } from '../errors'
import { checkInteger, checkNumber, checkOptions, MAX_FLOAT32 } from '../validate'
import {
  checkSchedule,
  type ResolvedSchedule,
  type ResolvedWarmup,
  type ScheduleOptions,
} from './options'
import { checkPlateauState, Plateau, type PlateauState } from './plateau'
import { closedRate } from './rates'

/** How far a {@link Schedule} is: a plain value that survives JSON as it is. */
export interface ScheduleState {
  /** Updates made so far. */
  readonly updates: number
  /** What a plateau schedule knows of the metrics; no other kind has it. */
  readonly plateau?: PlateauState
}

const NO_WARMUP: ResolvedWarmup = { steps: 0, startFactor: 1 }
const KEYS = ['updates'] as const
const PLATEAU_KEYS = ['updates', 'plateau'] as const

/**
 * The learning rate from update to update. Its rate follows from three things alone: the base rate (the optimiser's, or
 * a parameter group's), the number of updates made, and for a plateau the metrics seen. The last two are its state.
 *
 * The rates are those of torch.optim.lr_scheduler in its closed forms. With r the base rate, t the number of the
 * update from 0, and cos(a, b, x) = b + (a - b) (1 + cos(pi x)) / 2:
 *
 * - constant: r
 * - step: r gamma^floor(t / stepSize)
 * - multiStep: r gamma^(number of milestones that are at most t)
 * - exponential: r gamma^t
 * - cosine: cos(r, minimum, t / period)
 * - oneCycle, with p = warmupShare total - 1 and m = maximum: cos(m / divide, m, t / p) while t is at most p, then
 *   cos(m, m / divide / finalDivide, (t - p) / (total - 1 - p)) up to t = total - 1, where it stays. With anneal
 *   'linear', a + (b - a) x stands in the place of cos(a, b, x). PyTorch fails where p is 0, and after the last update.
 * - plateau: the rate follows the metrics seen before the update. A metric m is better where m \< best (1 - threshold),
 *   with mode 'max' where m \> best (1 + threshold), with thresholdMode 'abs' where it passes best - threshold or
 *   best + threshold. A better one becomes the best, and sets the count of bad ones to 0; another adds 1 to it, but
 *   for the first `cooldown` metrics after a reduction, which leave it at 0. Where it is above the patience, the rate
 *   becomes max(rate factor, minimum), if that is less by more than epsilon, and the count begins anew.
 *
 * With a warm-up of w steps that begins with the factor f, the rate is s (f + (1 - f) t / w) while t is less than w,
 * where s is the schedule's first rate. The schedule follows with its own t from 0, and so does a plateau with its
 * metrics: those of the warm-up do not count.
 *
 * @example
 * ```ts
 * const schedule = new Schedule({ kind: 'cosine', period: 1000, warmup: { steps: 100 } })
 * const learningRate = schedule.rate(1e-3) // of the first update
 * schedule.advance()
 * ```
 */
export class Schedule {
  /** With every default filled in. */
  readonly options: ResolvedSchedule
  readonly #plateau: Plateau | undefined
  /** The rate of an update that counts from the end of the warm-up. */
  readonly #rateAt: (baseRate: number, update: number) => number
  #updates = 0

  /** @throws GruError ERR_GRU_TYPE, ERR_GRU_VALUE for wrong options, also for those of another kind of schedule */
  constructor(options: ScheduleOptions) {
    const checked = checkSchedule(options)
    this.options = checked
    if (checked.kind === 'plateau') {
      const plateau = new Plateau(checked)
      this.#plateau = plateau
      this.#rateAt = (baseRate) => plateau.rate(baseRate)
    } else {
      this.#rateAt = (baseRate, update) => closedRate(checked, baseRate, update)
    }
  }

  get #isWarmingUp(): boolean {
    return this.#updates < (this.options.warmup ?? NO_WARMUP).steps
  }

  /**
   * The rate of the coming update. Calls change nothing: there may be one for each of several base rates.
   *
   * @param baseRate - 0 or more
   * @throws GruError ERR_GRU_TYPE, ERR_GRU_VALUE for a wrong base rate
   */
  rate(baseRate: number): number {
    const base = checkNumber('baseRate', baseRate, { atLeast: 0, atMost: MAX_FLOAT32 })
    const { steps, startFactor } = this.options.warmup ?? NO_WARMUP
    if (!this.#isWarmingUp) return this.#rateAt(base, this.#updates - steps)
    const factor = startFactor + ((1 - startFactor) * this.#updates) / steps
    return this.#rateAt(base, 0) * factor
  }

  /** Counts an update that was made. */
  advance(): void {
    this.#updates++
  }

  /**
   * Tells of a metric, such as the validation loss after an epoch. Only a plateau schedule heeds it, after its warm-up.
   *
   * @param metric - NaN and infinities are allowed; NaN is no better than any other
   * @throws GruError ERR_GRU_TYPE where it is no number
   */
  observe(metric: number): void {
    if (typeof metric !== 'number') {
      throw argumentError('ERR_GRU_TYPE', 'metric', 'a number', describe(metric))
    }
    if (!this.#isWarmingUp) this.#plateau?.observe(metric)
  }

  /**
   * How far the schedule is. Saved, perhaps as JSON, and handed to {@link restore} of a schedule with the same options,
   * it leads to the same rates to the bit.
   */
  get state(): ScheduleState {
    const updates = this.#updates
    return this.#plateau === undefined ? { updates } : { updates, plateau: this.#plateau.state }
  }

  /**
   * Goes on from a state. Where the state is wrong, this schedule stays as it was.
   *
   * @param state - of a schedule with the same options
   * @throws GruError ERR_GRU_TYPE, ERR_GRU_VALUE for what is no state of this kind of schedule
   */
  restore(state: ScheduleState): void {
    const { updates, plateau } = checkScheduleState('state', this.options.kind, state)
    if (plateau !== undefined) this.#plateau?.restore(plateau)
    this.#updates = updates
  }
}

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
