/**
 * The messages between the bench and a contender's process: commands, one on each line of the contender's standard
 * input, and one line with a JSON object as the answer. README.md describes them.
 *
 * @module
 */

/** A contender's answer. Lines that are not a JSON object come from its libraries and are ignored. */
export interface Reply {
  /** At its start: it has loaded the case's tensors. */
  readonly ready?: { readonly version: string; readonly memory: number }
  /** At its start: why it cannot do this work. */
  readonly unsupported?: string
  /** After `check`: the results that are now in the case's folder, as NAME.f32. */
  readonly wrote?: readonly string[]
  /** After `warm` and `round`: the seconds of a call, or a probe's units per second; the median of several samples. */
  readonly median?: number
  /** After `memory`: the largest resident set of the process so far, in bytes. */
  readonly peak?: number
  /** After any command: why it failed. */
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
