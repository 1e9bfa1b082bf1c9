/**
 * How an AbortSignal stops native jobs.
 *
 * @module
 */
import type { AbortFlag } from '../binding'
import { ABORTED, native } from './native'
import { checkAbortSignal } from './validate'

/**
 * Starts a job unless the signal is aborted already. If the signal is aborted later, the job stops
 * between two time steps.
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
  const jobs = jobsOf(signal)
  jobs.add(flag)
  try {
    return await start(flag)
  } catch (error) {
    if (isAbort(error)) signal.throwIfAborted()
    throw error
  } finally {
    jobs.delete(flag)
  }
}

/**
 * The running jobs that one signal stops. The signal has only one listener, however many jobs there
 * are.
 */
class SignalJobs {
  readonly #signal: AbortSignal
  readonly #flags = new Set<AbortFlag>()
  readonly #abort = (): void => {
    for (const flag of this.#flags) flag.abort()
  }

  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  add(flag: AbortFlag): void {
    if (this.#flags.size === 0) this.#signal.addEventListener('abort', this.#abort)
    this.#flags.add(flag)
  }

  delete(flag: AbortFlag): void {
    this.#flags.delete(flag)
    if (this.#flags.size === 0) this.#signal.removeEventListener('abort', this.#abort)
  }
}

const jobsBySignal = new WeakMap<AbortSignal, SignalJobs>()

function jobsOf(signal: AbortSignal): SignalJobs {
  const known = jobsBySignal.get(signal)
  if (known !== undefined) return known
  const jobs = new SignalJobs(signal)
  jobsBySignal.set(signal, jobs)
  return jobs
}

function isAbort(error: unknown): boolean {
  return (error as { code?: unknown }).code === ABORTED
}
