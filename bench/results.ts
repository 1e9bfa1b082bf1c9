/**
 * The results of a run of the bench, in the form of its JSON file: raw figures. The tables and the chart are made from
 * them.
 *
 * @module
 */
import type { BenchCase, Mode } from './cases'
import type { Absent } from './contenders'
import type { Machine } from './machine'
import type { Settings } from './rounds'
import type { MemoryNeed, Work } from './work'

export interface Report {
  readonly format: 1
  /** ISO 8601 */
  readonly date: string
  readonly command: string
  readonly settings: Settings
  readonly machine: Machine
  readonly project: { version: string; isa: string; blas: string }
  /** The GPU that was measured, and its name. Undefined: the processor was measured. */
  readonly gpu?: { readonly device: string; readonly name: string } | undefined
  readonly absent: readonly Absent[]
  readonly measurements: Measurement[]
  call?: CallMeasurement
  memory?: MemoryMeasurement
  readonly recompute: RecomputeMeasurement[]
  readonly contention: ContentionMeasurement[]
  /** The folder of the build `before`; undefined: no builds were compared. */
  readonly before?: string | undefined
  readonly builds: BuildMeasurement[]
}

/** The outcome of one measurement of a contender. */
export type Outcome =
  | { readonly kind: 'timed'; readonly version: string; readonly seconds: readonly number[] }
  /** Its result is wrong, so its time is meaningless. */
  | { readonly kind: 'wrong'; readonly version: string; readonly reason: string }
  | { readonly kind: 'unsupported' | 'failed'; readonly reason: string }

export interface ContenderOutcome {
  readonly contender: string
  readonly outcome: Outcome
}

export interface Measurement {
  readonly case: BenchCase
  readonly mode: Mode
  readonly threads: number
  readonly work: Work
  /** The project comes first. In seconds per call, one figure for each round. */
  readonly contenders: readonly ContenderOutcome[]
  /**
   * The probe's results in the same rounds: operations per second, and bytes per second from a buffer of the weights'
   * size. Empty for a GPU.
   */
  readonly flops: readonly number[]
  readonly readBytes: readonly number[]
}

/** One forward call of one step through three interfaces, in seconds per call, one figure for each round. */
export interface CallMeasurement {
  readonly case: string
  readonly library: Outcome
  readonly binding: Outcome
  readonly native: Outcome
}

export interface MemoryMeasurement {
  readonly case: string
  readonly threads: number
  readonly need: MemoryNeed
  readonly contenders: readonly {
    readonly contender: string
    readonly version: string
    /** The largest resident set of the process, and the one before it allocates any tensor; in bytes. */
    readonly peak: number
    readonly start: number
  }[]
}

/** Training steps in a process of their own. */
export interface TrainingCost {
  /** Per step, one figure for each round. */
  readonly seconds: readonly number[]
  /** The bytes of device memory that the model and its trainer hold after a step. */
  readonly held: number
  /** The largest resident set of the process, and the one before it allocates any tensor; in bytes. */
  readonly peak: number
  readonly start: number
}

/** The same training step: activations are kept, or computed again in backward. */
export interface RecomputeMeasurement {
  readonly case: string
  readonly threads: number
  readonly kept: TrainingCost
  readonly recomputed: TrainingCost
}

/** Two builds of the project, measured in the same rounds; in seconds per call. */
export interface BuildMeasurement {
  readonly case: string
  readonly mode: Mode
  readonly threads: number
  readonly before: Outcome
  readonly after: Outcome
}

/** The project on one thread alone, and on all cores with as many busy processes; in seconds per call. */
export interface ContentionMeasurement {
  readonly case: string
  readonly mode: Mode
  readonly threads: number
  readonly alone: readonly number[]
  readonly contended: readonly number[]
}
