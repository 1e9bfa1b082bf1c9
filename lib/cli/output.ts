/**
 * Where a command writes.
 *
 * @module
 */

/** A process's stdout or stderr, or a replacement by a test. */
export interface Output extends NodeJS.WritableStream {
  /** Whether it is a terminal, which can redraw a line. */
  readonly isTTY?: boolean
  /** The width of the terminal, in characters. */
  readonly columns?: number
}
