/**
 * The faults of a file, as data and in words.
 *
 * @module
 */
import { argumentError, GruError, quote } from '../errors'

/** One fault of a file. */
export interface Fault {
  /** The line of the file, from 1; absent if the fault is not in a single line. */
  readonly line?: number
  /** The number of the row, from 1, in a source without lines. */
  readonly row?: number
  /** The name of the column. */
  readonly column?: string
  readonly expected: string
  readonly got: string
}

/** A fault without consequences, since the part of the file that has it is not used. */
export interface Warning extends Fault {
  /** The number of further rows with the same fault. */
  readonly more: number
  /** How the file is used in spite of it, in words. */
  readonly outcome: string
}

/** The largest number of faults or warnings that are shown together. */
const MAX_SHOWN = 20

/**
 * The error for a file with faults: one line for each of the first twenty, in the order of the
 * file's lines, and the number of the others.
 */
export function faultsError(path: string, faults: readonly Fault[]): GruError {
  const messages = firstOf(inOrder(faults), (fault) => messageOf(path, fault))
  return new GruError('ERR_GRU_FORMAT', messages.join('\n'))
}

/** One line of text for each of the first twenty warnings, and the number of the others. */
export function describeWarnings(path: string, warnings: readonly Warning[]): string[] {
  return firstOf(inOrder(warnings), (warning) => {
    const { more, outcome } = warning
    const rows = more === 1 ? 'row' : 'rows'
    return `${messageOf(path, warning)}${more === 0 ? '' : ` (and ${more} more ${rows})`}; ${outcome}`
  })
}

/** Names in quotes, as many as fit a message. */
export function listNames(names: readonly string[]): string {
  return firstOf(names, quote).join(', ')
}

function messageOf(path: string, { line, row, column, expected, got }: Fault): string {
  const place = [
    path,
    ...(line === undefined ? [] : [`line ${line}`]),
    ...(row === undefined ? [] : [`row ${row}`]),
    ...(column === undefined ? [] : [`column ${quote(column)}`]),
  ]
  return argumentError('ERR_GRU_FORMAT', place.join(', '), expected, got).message
}

function inOrder<F extends Fault>(faults: readonly F[]): F[] {
  const placeOf = ({ line, row }: Fault): number => line ?? row ?? Number.MAX_SAFE_INTEGER
  return [...faults].sort((a, b) => placeOf(a) - placeOf(b))
}

/** The first twenty items in words, and the number of the others. */
export function firstOf<T>(items: readonly T[], wordsOf: (item: T) => string): string[] {
  const shown = items.slice(0, MAX_SHOWN).map(wordsOf)
  const more = items.length - MAX_SHOWN
  return more > 0 ? [...shown, `and ${more} more`] : shown
}
