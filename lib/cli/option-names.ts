/**
 * Names of options in messages, as a user of the command line writes them.
 *
 * @module
 */
import { JOB_OPTIONS, RUN_OPTIONS } from './job-options'
import { flagOf } from './option'

const KEYS: ReadonlySet<string> = new Set([
  ...Object.keys(JOB_OPTIONS),
  ...Object.keys(RUN_OPTIONS),
])

/** Texts in quotes are a user's own. */
const QUOTED = /("(?:[^"\\]|\\.)*")/
/** What the library names: the argument at the beginning of a line, "the option dateForm", and training.learningRate. */
const NAMED = /^[\w.]+(?=: expected )|(?<=\boption )[\w.]+|\b\w+\.\w+\b/gm

/** A message of the library in which each option has its name on the command line: `--date-form` for `dateForm`. */
export function asOnCommandLine(message: string): string {
  const nameOf = (key: string): string => (KEYS.has(key) ? `--${flagOf(key)}` : key)
  const parts = message.split(QUOTED)
  return parts.map((part, i) => (i % 2 === 0 ? part.replaceAll(NAMED, nameOf) : part)).join('')
}
