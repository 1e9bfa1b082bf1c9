/**
 * Warnings of a command.
 *
 * @module
 */
import { describeWarnings } from '../formats/faults'
import type { Warning } from '../formats/faults'
import type { Output } from './output'

/** Writes a line for each warning about a file, up to a readable number. */
export function showWarnings(stderr: Output, path: string, warnings: readonly Warning[]): void {
  for (const line of describeWarnings(path, warnings)) stderr.write(`gru: warning: ${line}\n`)
}
