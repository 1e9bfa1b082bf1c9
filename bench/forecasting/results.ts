/**
 * The figures of a run of the bench of forecasting, in the form of its JSON file.
 *
 * @module
 */
import type { Machine } from '../machine'
import type { Judgement, Trained, Training } from './job'
import type { DataSet } from './sets'

/** A figure of each seed. */
export interface SetMeasurement {
  readonly set: DataSet
  readonly gru: Trained[]
  /** With nearly as many parameters. */
  readonly lstm: Trained[]
  /** The same network; empty if PyTorch was left out. */
  readonly pytorch: (Training & Judgement)[]
}

export interface ForecastingReport {
  readonly format: 1
  /** ISO 8601 */
  readonly date: string
  readonly command: string
  readonly machine: Machine
  readonly project: { readonly version: string; readonly isa: string; readonly threads: number }
  /** PyTorch, or why it was left out. */
  readonly peer: { readonly version: string; readonly python: string } | { readonly reason: string }
  readonly seeds: number
  readonly sets: SetMeasurement[]
  readonly absent: { readonly name: string; readonly reason: string }[]
}
