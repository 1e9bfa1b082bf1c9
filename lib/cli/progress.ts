/**
 * The progress of a training run: a bar on a terminal, lines in a pipe.
 *
 * @module
 */
import { formatLoss } from '../forecasting/numbers'
import { loadPeer } from './peers'

/** Where a command writes: a process's stdout or stderr, or a replacement by a test. */
export interface Output extends NodeJS.WritableStream {
  /** Whether it is a terminal, which can redraw a line. */
  readonly isTTY?: boolean
  /** The width of the terminal, in characters. */
  readonly columns?: number
}

/** The numbers of an epoch, known when it ends. */
export interface Epoch {
  /** Counted from 1. */
  readonly epoch: number
  /** Mean training loss over the epoch. */
  readonly loss: number
  /** Loss over the validation part after the epoch. */
  readonly validationLoss: number
}

export interface ProgressDisplay {
  /** Shows an epoch that has ended. */
  readonly show: (epoch: Epoch) => void
  /** Restores the terminal. Nothing is shown afterwards. */
  readonly stop: () => void
}

/** The display that suits an output, for a run of `epochs` epochs. */
export function createProgress(output: Output, epochs: number): ProgressDisplay {
  return output.isTTY === true ? createBar(output, epochs) : createLines(output, epochs)
}

function createBar(output: Output, epochs: number): ProgressDisplay {
  const { Presets, SingleBar } = loadPeer('cli-progress')
  const options = {
    stream: output,
    format: 'training {bar} {value}/{total} | loss {loss} | validation {validation} | {duration}s',
    barsize: 24,
    hideCursor: true,
    // The command handles signals itself, and stops the bar then.
    gracefulExit: false,
  }
  const bar = new SingleBar(options, Presets.shades_classic)
  bar.start(epochs, 0, { loss: '-', validation: '-' })
  return {
    show: ({ epoch, loss, validationLoss }) => {
      bar.update(epoch, { loss: formatLoss(loss), validation: formatLoss(validationLoss) })
    },
    stop: () => {
      bar.stop()
    },
  }
}

function createLines(output: Output, epochs: number): ProgressDisplay {
  const width = String(epochs).length
  return {
    show: ({ epoch, loss, validationLoss }) => {
      const count = `${String(epoch).padStart(width)}/${epochs}`
      output.write(
        `epoch ${count}  loss ${formatLoss(loss)}  validation ${formatLoss(validationLoss)}\n`,
      )
    },
    stop: () => undefined,
  }
}
