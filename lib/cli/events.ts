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
import type { Output } from './progress'

/** What happens in a run, in this order. Numbers are not rounded; those that do not exist are null. */
export type TrainEvent =
  /** The table was read. */
  | {
      readonly event: 'table'
      readonly table: RunResults['table']
      readonly parts: RunResults['parts']
      readonly series: readonly string[]
      readonly step: string
    }
  /** The report is served at an address while the model trains. */
  | { readonly event: 'live'; readonly url: string }
  /** An epoch has ended. */
  | ({ readonly event: 'epoch'; readonly epochs: number } & EpochResult)
  /** The epoch that has ended is the best so far. */
  | { readonly event: 'best'; readonly epoch: number; readonly validationLoss: number }
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
  /** The user ended the training. What was the best so far is evaluated and saved; null if there was no epoch yet. */
  | { readonly event: 'interrupted'; readonly bestEpoch: number | null }

/** Writes an event as a line of JSON. */
export function writeEvent(output: Output, event: TrainEvent): void {
  output.write(`${JSON.stringify(event)}\n`)
}
