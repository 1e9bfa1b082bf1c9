/**
 * What happens in a run of `gru train`, as data: with `--json` each event is a line.
 *
 * @module
 */
import type {
  EpochResult,
  ForecastPath,
  RunResults,
  TargetEvaluation,
} from '../forecasting/results'
import type { Output } from './output'

/** What happens in a run, in this order. Numbers are not rounded; those that do not exist are null. */
export type TrainEvent =
  /** The table was read. */
  | {
      readonly event: 'table'
      readonly table: RunResults['table']
      readonly series: readonly string[]
      readonly step: string
    }
  /** The report is served at an address while the model trains. */
  | { readonly event: 'live'; readonly url: string }
  /** An epoch has ended. `epochs` is their largest number; `secondsLeft` is the time until the last one ends. */
  | ({
      readonly event: 'epoch'
      readonly epochs: number
      readonly secondsLeft: number | null
    } & EpochResult)
  /** The epoch that has ended is the best so far. */
  | { readonly event: 'best'; readonly epoch: number; readonly validationLoss: number }
  /** The user ended the training. What was the best so far is saved and evaluated. */
  | { readonly event: 'interrupted'; readonly bestEpoch: number }
  /** The training has ended. */
  | TrainedEvent
  /** The model was tried on the test part. */
  | {
      readonly event: 'evaluation'
      readonly evaluation: readonly TargetEvaluation[]
      readonly verdict: readonly string[]
    }
  /** What comes after the last row. */
  | {
      readonly event: 'forecast'
      readonly quantiles: readonly number[]
      readonly forecasts: readonly ForecastPath[]
    }
  /** Files were written. */
  | { readonly event: 'saved'; readonly files: readonly string[] }

/** A trained model. */
export interface TrainedEvent {
  readonly event: 'trained'
  readonly model: RunResults['model']
  readonly parts: RunResults['parts']
  /** 0: no epoch was better than the model before training, which forecasts the simplest baseline. */
  readonly bestEpoch: number
  readonly validationLoss: number
  /** Whether the targets change by the same in the whole training part, so that there was nothing to learn. */
  readonly steady: boolean
  /** What the model does with missing cells and unknown categories of the table. */
  readonly notes: readonly string[]
}

/** Writes an event as a line of JSON. */
export function writeEvent(output: Output, event: TrainEvent): void {
  output.write(`${JSON.stringify(event)}\n`)
}
