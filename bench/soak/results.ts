/**
 * What a soak counted.
 *
 * @module
 */
import type { MemorySamples } from './memory'

export interface SoakCounts {
  /** Steps and requests that were answered and checked. */
  steps: number
  requests: number
  aborted: number
  refused: number
  replacements: number
  /** Sessions that were opened, and states that were moved to another session. */
  sessions: number
  moves: number
  /** Answers with other bits than the independent computation. */
  wrong: number
}

/** The last line that the process prints. */
export interface SoakOutput {
  readonly counts: SoakCounts
  readonly seconds: number
  readonly memory: MemorySamples
  /** What still keeps the process alive after everything was closed, beside its standard streams. */
  readonly resources: readonly string[]
}
