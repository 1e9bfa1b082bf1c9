/**
 * Reducing the rate where a metric no longer gets better: torch.optim.lr_scheduler.ReduceLROnPlateau.
 *
 * @module
 */
import { checkInteger, checkNumber, checkOptions } from '../validate'
import type { ResolvedScheduleOf } from './options'

type PlateauOptions = ResolvedScheduleOf<'plateau'>

/** A metric in a form that JSON can hold. */
type JsonMetric = number | 'Infinity' | '-Infinity'

/** What a plateau schedule knows of the metrics so far: a plain JSON value. */
export interface PlateauState {
  /** The best metric; infinitely bad before the first. */
  readonly best: JsonMetric
  /** Metrics in a row that were no better. */
  readonly bad: number
  /** Metrics that still do not count against the rate. */
  readonly cooling: number
  /** How often the rate was to be reduced. */
  readonly reductions: number
}

const KEYS = ['best', 'bad', 'cooling', 'reductions'] as const

/** A rate that comes down as metrics are observed. */
export class Plateau {
  readonly #options: PlateauOptions
  #state: PlateauState

  constructor(options: PlateauOptions) {
    this.#options = options
    const best = options.mode === 'min' ? 'Infinity' : '-Infinity'
    this.#state = { best, bad: 0, cooling: 0, reductions: 0 }
  }

  get state(): PlateauState {
    return { ...this.#state }
  }

  /** Goes on from a checked state. */
  restore(state: PlateauState): void {
    this.#state = state
  }

  /** @param metric - NaN, which is never better, and infinities are allowed */
  observe(metric: number): void {
    const { patience, cooldown } = this.#options
    const last = this.#state
    const better = isBetter(this.#options, metric, Number(last.best))
    const best = better ? toJson(metric) : last.best
    const bad = better || last.cooling > 0 ? 0 : last.bad + 1
    this.#state =
      bad > patience
        ? { best, bad: 0, cooling: cooldown, reductions: last.reductions + 1 }
        : { ...last, best, bad, cooling: Math.max(last.cooling - 1, 0) }
  }

  /** What a base rate has come down to. */
  rate(baseRate: number): number {
    const { factor, minimum, epsilon } = this.#options
    let rate = baseRate
    // One after the other as PyTorch does, since a power would round otherwise.
    for (let reduction = 0; reduction < this.#state.reductions; reduction++) {
      const reduced = Math.max(rate * factor, minimum)
      // From here on every reduction is too small.
      if (!(rate - reduced > epsilon)) break
      rate = reduced
    }
    return rate
  }
}

function isBetter(
  { mode, threshold, thresholdMode }: PlateauOptions,
  metric: number,
  best: number,
): boolean {
  const sign = mode === 'min' ? -1 : 1
  const bound = thresholdMode === 'rel' ? best * (1 + sign * threshold) : best + sign * threshold
  // A share of infinity may be NaN or have the other sign.
  const limit = Number.isFinite(best) ? bound : best
  return mode === 'min' ? metric < limit : metric > limit
}

function toJson(metric: number): JsonMetric {
  return Number.isFinite(metric) ? metric : metric > 0 ? 'Infinity' : '-Infinity'
}

/** Checks a state that comes from outside. */
export function checkPlateauState(argument: string, value: unknown): PlateauState {
  const given = checkOptions(argument, value, KEYS)
  const count = (name: 'bad' | 'cooling' | 'reductions'): number =>
    checkInteger(`${argument}.${name}`, given[name], 0, Number.MAX_SAFE_INTEGER)
  const { best } = given
  const isInfinite = best === 'Infinity' || best === '-Infinity'
  return {
    best: isInfinite ? best : checkNumber(`${argument}.best`, best),
    bad: count('bad'),
    cooling: count('cooling'),
    reductions: count('reductions'),
  }
}
