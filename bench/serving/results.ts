/**
 * The figures of a run of the bench of serving, in the form of its JSON file.
 *
 * @module
 */
import type { Machine } from '../machine'
import type { AbortMeasurement } from './aborts'
import type { GrowthMeasurement } from './growth'
import type { OverloadMeasurement } from './overload'
import type { PauseMeasurement } from './pauses'
import type { ProcessesMeasurement } from './processes'
import type { SpeedMeasurement } from './speed'

export interface ServingReport {
  readonly format: 1
  /** ISO 8601 */
  readonly date: string
  readonly command: string
  readonly machine: Machine
  readonly project: { readonly version: string; readonly isa: string }
  /** The peer's version, or why it was left out. */
  readonly peer: { readonly version: string } | { readonly reason: string }
  readonly speed: SpeedMeasurement[]
  processes?: readonly ProcessesMeasurement[]
  overload?: readonly OverloadMeasurement[]
  aborts?: readonly AbortMeasurement[]
  pauses?: readonly PauseMeasurement[]
  growth?: readonly GrowthMeasurement[]
}
