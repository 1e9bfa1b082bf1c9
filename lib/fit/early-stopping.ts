/**
 * Watching a figure from epoch to epoch, and ending a training that no longer improves.
 *
 * @module
 */
import type { MetricMode } from '../metrics/metric'
import { checkInteger, checkNumber, checkOptions } from '../validate'

/** The best epoch so far. */
export interface Best {
  readonly epoch: number
  /** Of the figure that is watched. */
  readonly value: number
}

/** The watched figure, and how long the training goes on while it does not improve. */
export interface StoppingOptions {
  /** The figure's name. */
  readonly monitor: string
  readonly mode: MetricMode
  /** A figure is better only if the difference to the best one is more than this. */
  readonly minDelta: number
  /** Epochs in a row without a better figure that end the training; undefined for any number. */
  readonly patience: number | undefined
}

/** The state of early stopping: a plain JSON value. */
export interface StoppingState {
  readonly best?: Best | undefined
  /** Epochs in a row without a better figure. */
  readonly bad: number
}

/** Knows the best epoch, and whether enough other epochs came after it. */
export class EarlyStopping {
  readonly options: StoppingOptions
  #state: StoppingState = { bad: 0 }

  constructor(options: StoppingOptions) {
    this.options = options
  }

  get state(): StoppingState {
    return this.#state
  }

  /** Continues from a state. */
  restore(state: StoppingState): void {
    this.#state = state
  }

  get best(): Best | undefined {
    return this.#state.best
  }

  /** Whether the training has ended. */
  get isOver(): boolean {
    return this.#state.bad >= (this.options.patience ?? Infinity)
  }

  /**
   * Takes the figure of an epoch.
   *
   * @param value - NaN and infinities are never better
   * @returns whether it is the best so far
   */
  observe(epoch: number, value: number): boolean {
    const { best, bad } = this.#state
    const isBetter = Number.isFinite(value) && this.#isBetter(value, best)
    this.#state = isBetter ? { best: { epoch, value }, bad: 0 } : { best, bad: bad + 1 }
    return isBetter
  }

  #isBetter(value: number, best: Best | undefined): boolean {
    const { mode, minDelta } = this.options
    if (best === undefined) return true
    return mode === 'min' ? value < best.value - minDelta : value > best.value + minDelta
  }
}

const MAX = Number.MAX_SAFE_INTEGER

/** Checks a state from outside. */
export function checkStoppingState(argument: string, value: unknown): StoppingState {
  const given = checkOptions(argument, value, ['best', 'bad'])
  return {
    best: given.best === undefined ? undefined : checkBest(`${argument}.best`, given.best),
    bad: checkInteger(`${argument}.bad`, given.bad, 0, MAX),
  }
}

function checkBest(argument: string, value: unknown): Best {
  const given = checkOptions(argument, value, ['epoch', 'value'])
  return {
    epoch: checkInteger(`${argument}.epoch`, given.epoch, 1, MAX),
    value: checkNumber(`${argument}.value`, given.value),
  }
}
