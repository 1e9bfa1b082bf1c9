/**
 * How an AbortSignal stops native jobs, and whatever else waits.
 *
 * @module
 */
import type { AbortFlag } from '../binding'
import { ABORTED, native } from './native'
import { checkAbortSignal } from './validate'

/**
 * Starts a job unless the signal is aborted already. If the signal is aborted later, a job that has not begun ends at
 * once, and one that has begun stops between two time steps.
 *
 * @param given - the caller's `signal`, unchecked; undefined for none
 * @throws the signal's reason if it was aborted; what the job throws otherwise
 */
export async function abortable<T>(
  given: unknown,
  start: (flag: AbortFlag | null) => Promise<T>,
): Promise<T> {
  if (given === undefined) return start(null)
  const signal = checkAbortSignal('signal', given)
  signal.throwIfAborted()
  const flag = new (native().AbortFlag)()
  const stopListening = onAbort(signal, () => {
    flag.abort()
  })
  try {
    return await start(flag)
  } catch (error) {
    if (isAbort(error)) signal.throwIfAborted()
    throw error
  } finally {
    stopListening()
  }
}

/**
 * Calls a function if the signal is aborted. It must not be aborted already.
 *
 * @returns what ends this
 */
export function onAbort(signal: AbortSignal, call: () => void): () => void {
  const calls = callsOf(signal)
  calls.add(call)
  return () => {
    calls.delete(call)
  }
}

/**
 * What one signal calls. The signal has only one listener, however many calls there are: Node warns of many listeners,
 * and searches all of them to add or remove one.
 */
class SignalCalls {
  readonly #signal: AbortSignal
  readonly #calls = new Set<() => void>()
  readonly #abort = (): void => {
    for (const call of this.#calls) call()
  }

  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  add(call: () => void): void {
    if (this.#calls.size === 0) this.#signal.addEventListener('abort', this.#abort)
    this.#calls.add(call)
  }

  delete(call: () => void): void {
    this.#calls.delete(call)
    if (this.#calls.size === 0) this.#signal.removeEventListener('abort', this.#abort)
  }
}

const callsBySignal = new WeakMap<AbortSignal, SignalCalls>()

function callsOf(signal: AbortSignal): SignalCalls {
  const known = callsBySignal.get(signal)
  if (known !== undefined) return known
  const calls = new SignalCalls(signal)
  callsBySignal.set(signal, calls)
  return calls
}

function isAbort(error: unknown): boolean {
  return (error as { code?: unknown }).code === ABORTED
}
