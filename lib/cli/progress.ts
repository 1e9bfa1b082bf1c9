/**
 * The progress of a training run for people: a bar on a terminal, lines in a pipe.
 *
 * @module
 */
import type { SingleBar } from 'cli-progress'
import { formatDuration } from './durations'
import { formatLoss, formatNumber } from '../forecasting/numbers'
import { loadPeer } from './peers'
import type { Output } from './output'
import type { ForecastUpdate } from '../forecasting/options'

/** Shows how a training goes on. */
export interface TrainingDisplay {
  readonly show: (update: ForecastUpdate) => void
  /** Restores the terminal. Nothing is shown afterwards. */
  readonly stop: () => void
}

/**
 * The display that suits an output.
 *
 * @param clock - gives milliseconds
 */
export function createTrainingDisplay(output: Output, clock = Date.now): TrainingDisplay {
  return output.isTTY === true ? new Bar(output) : new Lines(output, clock)
}

const LONGEST_BAR = 24
const SHORTEST_BAR = 5
/** The other texts of a bar's line, at their longest. */
const TEXTS = 'epoch 100/100 | loss 1.234 | validation 1.234 | 59 min 59 s left | rate 0.00123'
const DEFAULT_COLUMNS = 80

/** A line that is drawn again and again. */
class Bar implements TrainingDisplay {
  readonly #output: Output
  #bar: SingleBar | undefined

  constructor(output: Output) {
    this.#output = output
  }

  readonly show = (update: ForecastUpdate): void => {
    const { epoch, epochs, share, loss, validationLoss, learningRate, secondsLeft } = update
    const texts = {
      epoch: `${epoch}/${epochs}`,
      loss: formatLoss(loss),
      validation: validationLoss === undefined ? '-' : formatLoss(validationLoss),
      rate: formatNumber(learningRate),
      left: secondsLeft === undefined ? '' : ` | ${formatDuration(secondsLeft)} left`,
    }
    this.#bar ??= this.#start(epochs, texts)
    this.#bar.update(epoch - 1 + share, texts)
  }

  readonly stop = (): void => {
    this.#bar?.stop()
    this.#bar = undefined
  }

  #start(epochs: number, texts: object): SingleBar {
    const { Presets, SingleBar } = loadPeer('cli-progress')
    const space = (this.#output.columns ?? DEFAULT_COLUMNS) - TEXTS.length - 1
    const options = {
      stream: this.#output,
      // What a narrow terminal cuts off is the rate.
      format: '{bar} epoch {epoch} | loss {loss} | validation {validation}{left} | rate {rate}',
      barsize: Math.min(Math.max(space, SHORTEST_BAR), LONGEST_BAR),
      hideCursor: true,
      // The command handles signals itself, and stops the bar then.
      gracefulExit: false,
    }
    const bar = new SingleBar(options, Presets.shades_classic)
    bar.start(epochs, 0, texts)
    return bar
  }
}

/** So many lines are read easily. */
const MOST_LINES = 50
/** A reader who waits for slow epochs gets a line after so many milliseconds. */
const LONGEST_SILENCE = 10_000

/** A line for each epoch, or if there are many, for some of them, with the last. */
class Lines implements TrainingDisplay {
  readonly #output: Output
  readonly #clock: () => number
  #written = -Infinity
  #waiting: ForecastUpdate | undefined

  constructor(output: Output, clock: () => number) {
    this.#output = output
    this.#clock = clock
  }

  readonly show = (update: ForecastUpdate): void => {
    if (update.share < 1) return
    this.#waiting = update
    const { epoch, epochs } = update
    const isDue = epoch === 1 || epoch % stepOf(epochs) === 0
    if (isDue || this.#clock() - this.#written >= LONGEST_SILENCE) this.#write()
  }

  readonly stop = (): void => {
    this.#write()
  }

  #write(): void {
    if (this.#waiting === undefined) return
    const { epoch, epochs, loss, validationLoss, learningRate } = this.#waiting
    const count = `${String(epoch).padStart(String(epochs).length)}/${epochs}`
    const validation =
      validationLoss === undefined ? '' : `  validation ${formatLoss(validationLoss)}`
    const rate = formatNumber(learningRate)
    this.#output.write(`epoch ${count}  loss ${formatLoss(loss)}${validation}  rate ${rate}\n`)
    this.#waiting = undefined
    this.#written = this.#clock()
  }
}

/** Epochs from line to line: 1, 2 or 5 times a power of ten. */
function stepOf(epochs: number): number {
  const least = epochs / MOST_LINES
  const power = 10 ** Math.max(Math.floor(Math.log10(least)), 0)
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least)!
}
