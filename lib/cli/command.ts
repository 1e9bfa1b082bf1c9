/**
 * What every command receives.
 *
 * @module
 */
import type { Output } from './output'

/** The environment of a command: that of its process, or a replacement by a test. */
export interface Context {
  readonly stdout: Output
  /** For errors and warnings. */
  readonly stderr: Output
  /** Aborted when the user interrupts the command. */
  readonly signal: AbortSignal
}

/**
 * A command. It resolves when its work is done. It rejects with a GruError, or with the signal's
 * reason if the signal was aborted.
 *
 * @param args - the arguments after the command's name
 */
export type Command = (args: readonly string[], context: Context) => Promise<void>
