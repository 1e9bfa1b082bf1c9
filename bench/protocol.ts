/**
 * What the bench and a contender's process say to each other: a word a line on the contender's standard
 * input, and one JSON object a line back. README.md describes it.
 *
 * @module
 */

/** A contender's answer. Lines that are no JSON object are its libraries' own and mean nothing. */
export interface Reply {
  /** To its start: it holds the case's tensors. */
  readonly ready?: { readonly version: string; readonly memory: number }
  /** To its start: why it cannot do this work. */
  readonly unsupported?: string
  /** To `check`: the results that now lie in the case's folder, as NAME.f32. */
  readonly wrote?: readonly string[]
  /** To `warm` and `round`: seconds a call, or of a probe units a second; the median of some samples. */
  readonly median?: number
  /** To `memory`: the largest resident set of the process so far, in bytes. */
  readonly peak?: number
  /** To anything: why it failed. */
  readonly failed?: string
}

export function parseReply(line: string): Reply | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    return JSON.parse(line) as Reply
  } catch {
    return undefined
  }
}
