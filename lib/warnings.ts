/**
 * Warnings: what a caller should know of although nothing fails. They go the way of Node's own, so that `process.on('warning')`
 * sees them and `--disable-warning=CODE` turns one off.
 *
 * @module
 */

/**
 * What is warned of:
 *
 * - `GRU_WARN_CHECKPOINT`: a checkpoint cannot be loaded, and an older one is taken
 * - `GRU_WARN_DROPOUT`: a dropout between layers was asked for where there is one layer only
 * - `GRU_WARN_ENVIRONMENT`: an environment variable has a value that cannot be followed
 */
export type GruWarningCode = 'GRU_WARN_CHECKPOINT' | 'GRU_WARN_DROPOUT' | 'GRU_WARN_ENVIRONMENT'

/** Emits a warning of the type GruWarning. */
export function warn(code: GruWarningCode, message: string): void {
  process.emitWarning(message, { type: 'GruWarning', code })
}

const given = new Set<GruWarningCode>()

/** As {@link warn}, once in a process (once in each of its worker threads). */
export function warnOnce(code: GruWarningCode, message: string): void {
  if (given.has(code)) return
  given.add(code)
  warn(code, message)
}
