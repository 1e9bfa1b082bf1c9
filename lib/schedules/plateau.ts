/**
 * Reduces the rate if a metric no longer improves: torch.optim.lr_scheduler.ReduceLROnPlateau.
 *
 * @module
 */
import { checkInteger, checkNumber, checkOptions } from '../validate'
import type { ResolvedScheduleOf } from './options'

type PlateauOptions = ResolvedScheduleOf<'plateau'>

/** A metric in a form that JSON can represent. */
type JsonMetric = number | 'Infinity' | '-Infinity'

/** The state of a plateau schedule: a plain JSON value. */
export interface PlateauState {
  /** The best metric; before the first one an infinity, which every metric improves on. */
  readonly best: JsonMetric
  /** The number of consecutive metrics without improvement. */
  readonly bad: number
  /** The number of further metrics that do not count. */
  readonly cooling: number
  /** The number of reductions so far. */
  readonly reductions: number
}

const KEYS = ['best', 'bad', 'cooling', 'reductions'] as const

/** A rate that is reduced as metrics are observed. */
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

  /** Continues from a checked state. */
  restore(state: PlateauState): void {
    this.#state = state
  }

  /** @param metric - infinities are allowed, and NaN, which is never an improvement */
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

  /** A base rate after all reductions so far. */
  rate(baseRate: number): number {
    const { factor, minimum, epsilon } = this.#options
    let rate = baseRate
    // The reductions are applied one after another as in PyTorch. A power would be rounded differently.
    for (let reduction = 0; reduction < this.#state.reductions; reduction++) {
      const reduced = Math.max(rate * factor, minimum)
      // All further reductions are too small as well.
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
  // With an infinite best metric, its share may be NaN or have the other sign.
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
