/**
 * Requests that wait for a batch.
 *
 * @module
 */
import type { Session } from '../session'
import type { Work } from './work'

/** A request of a batcher's caller. */
export class Request {
  readonly work: Work
  /** When it was made, by performance.now(). */
  readonly time: number
  readonly #resolve: (outputs: Float32Array[]) => void
  readonly #reject: (error: unknown) => void
  readonly #signal: AbortSignal | undefined
  readonly #abort: () => void
  #isSettled = false

  /** @param onAbort - called when the signal is aborted before the request is settled; the request is then rejected */
  constructor(
    work: Work,
    signal: AbortSignal | undefined,
    settle: {
      readonly resolve: (outputs: Float32Array[]) => void
      readonly reject: (error: unknown) => void
    },
    onAbort: (request: Request) => void,
  ) {
    this.work = work
    this.time = performance.now()
    this.#resolve = settle.resolve
    this.#reject = settle.reject
    this.#signal = signal
    this.#abort = () => {
      onAbort(this)
      this.reject(signal!.reason)
    }
    signal?.addEventListener('abort', this.#abort)
  }

  get isSettled(): boolean {
    return this.#isSettled
  }

  resolve(outputs: Float32Array[]): void {
    if (this.#settle()) this.#resolve(outputs)
  }

  reject(error: unknown): void {
    if (this.#settle()) this.#reject(error)
  }

  /** Whether it was not settled before. */
  #settle(): boolean {
    if (this.#isSettled) return false
    this.#isSettled = true
    this.#signal?.removeEventListener('abort', this.#abort)
    return true
  }
}

/** Requests in the order in which they were made. */
export class RequestQueue {
  readonly #requests = new Set<Request>()

  get size(): number {
    return this.#requests.size
  }

  /** Milliseconds that the oldest request has waited; 0 without one. */
  get age(): number {
    for (const { time } of this.#requests) return performance.now() - time
    return 0
  }

  [Symbol.iterator](): Iterator<Request> {
    return this.#requests.values()
  }

  add(request: Request): void {
    this.#requests.add(request)
  }

  delete(request: Request): boolean {
    return this.#requests.delete(request)
  }

  /** Takes all requests out. */
  takeAll(): Request[] {
    const taken = [...this.#requests]
    this.#requests.clear()
    return taken
  }

  /**
   * Takes the oldest request out, and with it those that can be computed together with it: of the same kind, no session
   * twice, and no more than `most` sequences, unless the first one alone has more.
   */
  takeBatch(most: number): Request[] {
    const batch: Request[] = []
    const sessions = new Set<Session>()
    let sequences = 0
    for (const request of this.#requests) {
      const { work } = request
      if (batch.length > 0 && work.kind !== batch[0]!.work.kind) continue
      if (batch.length > 0 && sequences + work.sequences > most) break
      if (work.session !== undefined) {
        // Its next step waits for this one.
        if (sessions.has(work.session)) continue
        sessions.add(work.session)
      }
      batch.push(request)
      sequences += work.sequences
    }
    for (const request of batch) this.#requests.delete(request)
    return batch
  }
}
