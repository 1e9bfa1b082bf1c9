/**
 * How an AbortSignal stops native jobs.
 *
 * @module
 */
import type { AbortFlag } from '../binding'
import { ABORTED, native } from './native'
import { checkAbortSignal } from './validate'

/**
 * Starts a job unless the signal is aborted already, and stops it between two time steps when the
 * signal is aborted meanwhile.
 *
 * @param given - the caller's `signal`, unchecked; undefined for none
 * @param start - starts the job; must give the flag to the native call
 * @throws the signal's reason where it was aborted; what the job throws otherwise
 */
export async function abortable<T>(
  given: unknown,
  start: (flag: AbortFlag | null) => Promise<T>,
): Promise<T> {
  if (given === undefined) return start(null)
  const signal = checkAbortSignal('signal', given)
  signal.throwIfAborted()
  const flag = new (native().AbortFlag)()
  const abort = (): void => {
    flag.abort()
  }
  signal.addEventListener('abort', abort)
  try {
    return await start(flag)
  } catch (error) {
    if (isAbort(error)) signal.throwIfAborted()
    throw error
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

function isAbort(error: unknown): boolean {
  return (error as { code?: unknown }).code === ABORTED
}
