/**
 * Why a command ends before its work is done.
 *
 * @module
 */
import * as os from 'node:os'

/** The exit status of a process that was interrupted. */
const INTERRUPTED = 128 + os.constants.signals.SIGINT

/** The user or the system ends a command: the reason of its signal, and what a command says of it. */
export class Interruption extends Error {
  /** The exit status of a process that such a signal ended: 128 and its number. */
  readonly status: number

  /** @param message - for the user */
  constructor(message: string, status = INTERRUPTED) {
    super(message)
    this.status = status
  }

  /** The interruption by a signal. */
  static by(name: 'SIGINT' | 'SIGTERM' | 'SIGPIPE'): Interruption {
    return new Interruption('interrupted', 128 + os.constants.signals[name])
  }
}

/** The exit status that the reason of an aborted signal says. */
export function statusOf(reason: unknown): number {
  return reason instanceof Interruption ? reason.status : INTERRUPTED
}
