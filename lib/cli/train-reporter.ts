/**
 * Tells of a training run: for people, or as JSON for programs.
 *
 * @module
 */
import { writeEvent, type TrainEvent } from './events'
import type { Output } from './output'
import { describeEvent } from './train-text'
import type { ForecastUpdate } from '../forecasting/options'
import { createTrainingDisplay, type TrainingDisplay } from './progress'

/** Receives what happens in a run. */
export interface TrainReporter {
  readonly tell: (event: TrainEvent) => void
  /** Shows how far an epoch is, where that is displayed. */
  readonly show: (update: ForecastUpdate) => void
  /** Ends the display of the training, and restores the terminal. */
  readonly stop: () => void
}

/** A reporter that writes each event as a line of JSON. */
export function jsonReporter(output: Output): TrainReporter {
  return {
    tell: (event) => {
      writeEvent(output, event)
    },
    show: () => undefined,
    stop: () => undefined,
  }
}

/**
 * A reporter for people.
 *
 * @param units - of the targets
 */
export function textReporter(
  output: Output,
  units: Readonly<Record<string, string>>,
): TrainReporter {
  const display: TrainingDisplay = createTrainingDisplay(output)
  return {
    tell: (event) => {
      if (event.event === 'epoch') {
        display.show({ ...event, share: 1, secondsLeft: event.secondsLeft ?? undefined })
      } else if (event.event !== 'best') {
        display.stop()
        output.write(describeEvent(event, units))
      }
    },
    show: display.show,
    stop: display.stop,
  }
}
