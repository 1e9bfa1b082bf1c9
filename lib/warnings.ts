/**
 * Warnings: what a caller should know although nothing fails. They are emitted as Node's own warnings, so that
 * `process.on('warning')` receives them and `--disable-warning=CODE` disables one.
 *
 * @module
 */
import type { IgnoredVariable } from '../binding'
import { quote } from './errors'

/**
 * The kinds of warnings:
 *
 * - `GRU_WARN_CHECKPOINT`: a checkpoint is damaged, and an older one is loaded
 * - `GRU_WARN_DROPOUT`: dropout between layers was requested for a single layer
 * - `GRU_WARN_ENVIRONMENT`: an environment variable has an invalid value
 * - `GRU_WARN_FALLBACK`: the native part does not load, and the slower WebAssembly is used
 */
export type GruWarningCode =
  'GRU_WARN_CHECKPOINT' | 'GRU_WARN_DROPOUT' | 'GRU_WARN_ENVIRONMENT' | 'GRU_WARN_FALLBACK'

/** Emits a warning of the type GruWarning. */
export function warn(code: GruWarningCode, message: string): void {
  process.emitWarning(message, { type: 'GruWarning', code })
}

const given = new Set<GruWarningCode>()

/** As {@link warn}, but only once in a process (once in each of its worker threads). */
export function warnOnce(code: GruWarningCode, message: string): void {
  if (given.has(code)) return
  given.add(code)
  warn(code, message)
}

/** Warns that an environment variable has an invalid value. */
export function warnOfVariable({ variable, value, expected, used }: IgnoredVariable): void {
  const message = `${variable}: expected ${expected}, got ${quote(value)}; in use: ${used}`
  warn('GRU_WARN_ENVIRONMENT', message)
}
