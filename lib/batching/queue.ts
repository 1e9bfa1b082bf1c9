/**
 * Requests that wait for a batch.
 *
 * @module
 */
import type { NonSharedFloat32Array } from '../../binding'
import { onAbort } from '../abort'
import type { Session } from '../session'
import { PaddedSize } from './padded-size'
import type { Work } from './work'

/** A request of a batcher's caller. */
export class Request {
  readonly work: Work
  /** When it was made, by performance.now(). */
  readonly time: number
  readonly #resolve: (outputs: NonSharedFloat32Array[]) => void
  readonly #reject: (error: unknown) => void
  readonly #stopListening: (() => void) | undefined
  #isSettled = false

  /** @param abort - called when the signal is aborted before the request is settled; the request is then rejected */
  constructor(
    work: Work,
    signal: AbortSignal | undefined,
    settle: {
      readonly resolve: (outputs: NonSharedFloat32Array[]) => void
      readonly reject: (error: unknown) => void
    },
    abort: (request: Request) => void,
  ) {
    this.work = work
    this.time = performance.now()
    this.#resolve = settle.resolve
    this.#reject = settle.reject
    this.#stopListening =
      signal &&
      onAbort(signal, () => {
        abort(this)
        this.reject(signal.reason)
      })
  }

  get isSettled(): boolean {
    return this.#isSettled
  }

  resolve(outputs: NonSharedFloat32Array[]): void {
    if (this.#settle()) this.#resolve(outputs)
  }

  reject(error: unknown): void {
    if (this.#settle()) this.#reject(error)
  }

  /** Whether it was not settled before. */
  #settle(): boolean {
    if (this.#isSettled) return false
    this.#isSettled = true
    this.#stopListening?.()
    return true
  }
}

/** Requests in the order in which they were made. */
export class RequestQueue {
  readonly #requests = new Set<Request>()
  #sequences = 0

  get size(): number {
    return this.#requests.size
  }

  /** Sequences of all requests. */
  get sequences(): number {
    return this.#sequences
  }

  /** Milliseconds that the oldest request has waited; 0 without one. */
  get age(): number {
    for (const { time } of this.#requests) return performance.now() - time
    return 0
  }

  [Symbol.iterator](): Iterator<Request> {
    return this.#requests.values()
  }

  has(request: Request): boolean {
    return this.#requests.has(request)
  }

  add(request: Request): void {
    this.#requests.add(request)
    this.#sequences += request.work.sequences
  }

  delete(request: Request): boolean {
    const isDeleted = this.#requests.delete(request)
    if (isDeleted) this.#sequences -= request.work.sequences
    return isDeleted
  }

  /** Takes all requests out. */
  takeAll(): Request[] {
    const taken = [...this.#requests]
    for (const request of taken) this.delete(request)
    return taken
  }

  /**
   * Takes the oldest request out that can be computed now, and with it those that can be computed together with it: of the
   * same kind, no session twice, and no more than `most` sequences, unless the first one alone has more. A step of a session
   * waits until no batch of `computing` has one, since that batch may fail and be computed again. Sequences that are much
   * longer or shorter than the others stay for another batch.
   */
  takeBatch(most: number, computing: Iterable<readonly Request[]>): Request[] {
    const batch: Request[] = []
    const sessions = sessionsOf(computing)
    const size = new PaddedSize()
    let sequences = 0
    for (const request of this.#requests) {
      const { work } = request
      if (batch.length > 0 && work.kind !== batch[0]!.work.kind) continue
      if (batch.length > 0 && sequences + work.sequences > most) break
      if (work.session !== undefined) {
        // Its next step waits for this one.
        if (sessions.has(work.session)) continue
        sessions.add(work.session)
      } else if (!size.add(work)) continue
      batch.push(request)
      sequences += work.sequences
    }
    for (const request of batch) this.delete(request)
    return batch
  }
}

function sessionsOf(batches: Iterable<readonly Request[]>): Set<Session> {
  const sessions = new Set<Session>()
  for (const requests of batches) {
    for (const { work } of requests) if (work.session !== undefined) sessions.add(work.session)
  }
  return sessions
}
