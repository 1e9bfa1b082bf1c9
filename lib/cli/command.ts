/**
 * What every command is given.
 *
 * @module
 */
import type { Output } from './progress'

/** The world around a command: its process's, or what a test gives instead. */
export interface Context {
  readonly stdout: Output
  /** For errors and warnings. */
  readonly stderr: Output
  /** Aborted when the user interrupts the command. */
  readonly signal: AbortSignal
}

/**
 * A command: resolves when it has done its work, and rejects with a GruError, or with the signal's
 * reason where it was aborted.
 *
 * @param args - what follows the command's name
 */
export type Command = (args: readonly string[], context: Context) => Promise<void>
