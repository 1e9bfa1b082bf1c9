/**
 * What a run of the bench finds, as its JSON file holds it: raw figures, from which the table and the
 * chart are drawn.
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
  /** The GPU that was measured on, and what it is. Undefined: the processor. */
  readonly gpu?: { readonly device: string; readonly name: string } | undefined
  readonly absent: readonly Absent[]
  readonly measurements: Measurement[]
  call?: CallMeasurement
  memory?: MemoryMeasurement
  readonly contention: ContentionMeasurement[]
}

/** What became of a contender in one measurement. */
export type Outcome =
  | { readonly kind: 'timed'; readonly version: string; readonly seconds: readonly number[] }
  /** Its result is wrong, so that its time says nothing. */
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
  /** The project first; seconds a call, one figure a round. */
  readonly contenders: readonly ContenderOutcome[]
  /**
   * Of the probe in the same rounds: operations a second, and bytes a second from a buffer of the weights' size. None
   * of a GPU.
   */
  readonly flops: readonly number[]
  readonly readBytes: readonly number[]
}

/** One forward call of one step, from three distances; seconds a call, one figure a round. */
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
    /** Largest resident set of the process, and the one it had before it held any tensor; bytes. */
    readonly peak: number
    readonly start: number
  }[]
}

/** The project on one thread alone, and on all cores beside as many busy processes; seconds a call. */
export interface ContentionMeasurement {
  readonly case: string
  readonly mode: Mode
  readonly threads: number
  readonly alone: readonly number[]
  readonly contended: readonly number[]
}
