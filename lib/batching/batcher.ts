/**
 * Requests of many callers as few native calls.
 *
 * @module
 */
import type { NonSharedFloat32Array } from '../../binding'
import { channel } from 'node:diagnostics_channel'
import type { ModelInput } from '../model-batch'
import type { ModelInputs } from '../batch-forms'
import { markClass } from '../copy'
import { argumentError, describe, GruError } from '../errors'
import { fixProperties } from '../fixed-properties'
import { type GraphModel, type ModelInternals, modelInternals } from '../graph-model'
import { Model } from '../model'
import { SequenceModel } from '../sequence-model'
import { type ModelSession, type SequenceSession, Session } from '../session'
import type { PredictionsOf } from '../trainer-types'
import { checkAbortSignal, checkNumber, checkOptions, checkPositiveInteger } from '../validate'
import { Request, RequestQueue } from './queue'
import { checkSameForm } from './same-form'
import type { BatcherStatistics, BatchMessage } from './statistics'
import { Predictions, Steps, type Work } from './work'

/** A model whose requests can be batched. */
export type BatchableModel = SequenceModel | Model

/** The input of a request: an array for a SequenceModel, arrays by name for a Model. */
export type RequestInput<M extends BatchableModel> = M extends SequenceModel
  ? ModelInput
  : ModelInputs

/** The sessions of a model M. */
export type SessionOf<M extends BatchableModel> = M extends SequenceModel
  ? SequenceSession
  : ModelSession

/** The options of a new {@link Batcher}. */
export interface BatcherOptions {
  /**
   * The largest number of sequences in a batch, at most 4096. A session with more is computed alone. A batch may have fewer:
   * its sequences have at most 65,536 input arrays together, and as many output arrays; and sequences of very different
   * lengths are not padded to the same one. Default 64.
   */
  readonly maxBatch?: number | undefined
  /**
   * How long the first request of a batch may wait for others while fewer than two batches are computed, in milliseconds. It
   * does not wait if there are enough sequences for a batch, or if the batcher is closed. Default 0: a batch begins when the
   * event loop has run the callbacks that are there.
   */
  readonly maxDelay?: number | undefined
  /** The largest number of waiting requests. A request beyond it is refused. Default 1024. */
  readonly maxQueue?: number | undefined
}

/** The options of a request. */
export interface RequestOptions {
  /**
   * Rejects the request at once with the signal's reason. A request that waits is taken out of the queue. A batch that is
   * computed already goes on for its other requests; a session's step in it takes effect.
   */
  readonly signal?: AbortSignal | undefined
}

/** The options of {@link Batcher.close}. */
export interface CloseOptions {
  /** Milliseconds after which requests that still wait are rejected with ERR_GRU_CLOSED. Default: none, all are computed. */
  readonly deadline?: number | undefined
}

/** What a batcher computes of a model. */
interface ModelWork {
  readonly predictions: Predictions
  readonly steps: Steps
}

/** When a batch began and ended, by performance.now(). */
interface BatchTimes {
  readonly begin: number
  readonly end: number
}

/** The begin of the next batch. */
interface BatchTimer {
  /** Whether it waits for more requests, and not only for the event loop. */
  readonly isDelayed: boolean
  readonly cancel: () => void
}

function soon(begin: () => void): BatchTimer {
  const immediate = setImmediate(begin)
  return {
    isDelayed: false,
    cancel: () => {
      clearImmediate(immediate)
    },
  }
}

function later(begin: () => void, delay: number): BatchTimer {
  const timeout = setTimeout(begin, delay)
  return {
    isDelayed: true,
    cancel: () => {
      clearTimeout(timeout)
    },
  }
}

const OPTION_KEYS = ['maxBatch', 'maxDelay', 'maxQueue'] as const
const LARGEST_BATCH = 4096
/** Batches that are computed at the same time: the callers of one get their answers while the other one is computed. */
const MOST_BATCHES = 2
/** Fewer sequences than twice as many are not divided into two batches: a native call has a cost of its own. */
const SMALLEST_HALF = 16
/** The most arrays in a list that the native part takes. A batch of predictions has one for each input of each sequence. */
const LONGEST_LIST = 65_536
/** A longer time makes a timer of Node end at once. */
const LONGEST_TIME = 2 ** 31 - 1
const batches = channel('gru-native:batch')

/**
 * Collects requests of many callers and computes them as few batches of one model, at most two at a time. An answer has the
 * same bits as the model's own call. Requests wait in the order in which they came; the steps of a session are computed
 * in their order. A request whose input is wrong fails alone; if a batch fails, its requests are computed one by one.
 *
 * @typeParam M - the class of the model
 */
export class Batcher<M extends BatchableModel> {
  readonly #maxBatch: number
  readonly #maxDelay: number
  readonly #maxQueue: number
  readonly #queue = new RequestQueue()
  readonly #works = new WeakMap<GraphModel, ModelWork>()
  #model: ModelInternals
  readonly #computing = new Set<readonly Request[]>()
  /** Until when computingTime counts, by performance.now(), while something is computed. */
  #countedUntil = 0
  #timer: BatchTimer | undefined
  #isClosed = false
  readonly #idle = new Set<() => void>()
  #counts = {
    completed: 0,
    failed: 0,
    refused: 0,
    aborted: 0,
    batches: 0,
    batchedRequests: 0,
    waitingTime: 0,
    computingTime: 0,
  }

  static {
    markClass(this)
  }

  /** @throws GruError ERR_GRU_TYPE, ERR_GRU_VALUE for a wrong model or wrong options; ERR_GRU_DISPOSED */
  constructor(model: M, options: BatcherOptions = {}) {
    this.#model = batchable(model)
    const given = checkOptions('options', options, OPTION_KEYS)
    const { maxBatch = 64, maxDelay = 0, maxQueue = 1024 } = given
    const { inputs, outputs } = this.#model.core.graph
    // A model that replaces this one has as many of both.
    const fitting = Math.floor(LONGEST_LIST / Math.max(inputs.length, outputs.length))
    this.#maxBatch = Math.min(checkPositiveInteger('maxBatch', maxBatch, LARGEST_BATCH), fitting)
    this.#maxDelay = checkMilliseconds('maxDelay', maxDelay)
    this.#maxQueue = checkPositiveInteger('maxQueue', maxQueue)
  }

  /** The figures of this moment. */
  get statistics(): BatcherStatistics {
    return {
      queued: this.#queue.size,
      computing: sum([...this.#computing], (requests) => requests.length),
      ...this.#counts,
    }
  }

  /**
   * Predicts one sequence, as the model's `predict` does with a batch of 1. The input is copied before the promise is
   * returned.
   *
   * @throws GruError ERR_GRU_SHAPE, ERR_GRU_TYPE, ERR_GRU_VALUE for wrong arguments; ERR_GRU_FULL if too many requests
   *   wait; ERR_GRU_CLOSED; ERR_GRU_DISPOSED; ERR_GRU_MEMORY; the signal's reason if it was aborted
   */
  async predict(input: RequestInput<M>, options: RequestOptions = {}): Promise<PredictionsOf<M>> {
    const signal = checkRequest(options)
    const { predictions } = this.#workOf(this.#model)
    this.#checkOpen(signal)
    return this.#answer(predictions.accept(input), signal)
  }

  /**
   * One step of every sequence of a session, as the session's own `step`. The session's model is the batcher's, or one
   * that it had before {@link replace}. Calls of the session itself, such as `step`, `reset`, `fork`, `getState` and
   * `setState`, do not wait for steps that are in the batcher's queue: await those first.
   *
   * @throws GruError as {@link predict}; ERR_GRU_VALUE for a session of another model
   */
  async step(
    session: SessionOf<M>,
    input: RequestInput<M>,
    options: RequestOptions = {},
  ): Promise<PredictionsOf<M>> {
    const signal = checkRequest(options)
    const steps = this.#stepsOf(session)
    this.#checkOpen(signal)
    return this.#answer(steps.accept(session, input), signal)
  }

  /**
   * Lets requests that are made from now on use another model. Those that wait, and the steps of sessions of the old
   * model, still use the old one. To let a session go on with the new model, open one there and give it the old state.
   *
   * @param model - of the same class, with inputs and outputs of the same names and sizes, in any order
   * @returns when the old model's requests that waited are done: it may then be disposed of, if no session needs it
   * @throws GruError ERR_GRU_TYPE, ERR_GRU_VALUE for a model that does not fit; ERR_GRU_DISPOSED
   */
  async replace(model: M): Promise<void> {
    const next = batchable(model)
    checkSameForm(this.#model, next)
    // A session's later step must find the old model, also if no request of it was made before.
    this.#workOf(this.#model)
    this.#model = next
    const old = [...this.#queue, ...[...this.#computing].flat()]
    await this.#until(() => !old.some((request) => this.#isOpen(request)))
  }

  /**
   * Refuses new requests with ERR_GRU_CLOSED, and returns when all others have ended. May be called again. It does not
   * dispose of the model.
   *
   * @throws GruError ERR_GRU_TYPE, ERR_GRU_VALUE for a wrong deadline
   */
  async close(options: CloseOptions = {}): Promise<void> {
    const { deadline } = checkOptions('options', options, ['deadline'])
    const timer =
      deadline === undefined
        ? undefined
        : setTimeout(
            () => {
              this.#dropQueue()
            },
            checkMilliseconds('deadline', deadline),
          )
    this.#isClosed = true
    this.#schedule()
    await this.#until(() => this.#queue.size === 0 && this.#computing.size === 0)
    clearTimeout(timer)
  }

  #workOf(model: ModelInternals): ModelWork {
    const known = this.#works.get(model.core)
    if (known !== undefined) return known
    const made = { predictions: new Predictions(model), steps: new Steps(model) }
    this.#works.set(model.core, made)
    return made
  }

  #stepsOf(session: unknown): Steps {
    if (!Session.isSession(session)) {
      const expected = 'a session that model.session returned'
      throw argumentError('ERR_GRU_TYPE', 'session', expected, describe(session))
    }
    const core = Session.coreOf(session).model
    if (core === this.#model.core) return this.#workOf(this.#model).steps
    const known = this.#works.get(core)
    if (known !== undefined) return known.steps
    throw argumentError(
      'ERR_GRU_VALUE',
      'session',
      "a session of the batcher's model",
      'another one',
    )
  }

  async #answer(work: Work, signal: AbortSignal | undefined): Promise<PredictionsOf<M>> {
    // Getters of the input may have aborted the signal or made other requests.
    this.#checkOpen(signal)
    const outputs = await new Promise<NonSharedFloat32Array[]>((resolve, reject) => {
      this.#queue.add(new Request(work, signal, { resolve, reject }, this.#onAbort))
      this.#schedule()
    })
    const { form, graph } = work.kind
    return form.predictionsOf(graph, outputs) as PredictionsOf<M>
  }

  /** Before an input is looked at, so that a refusal costs nothing. */
  #checkOpen(signal: AbortSignal | undefined): void {
    if (signal?.aborted === true) {
      this.#counts.aborted++
      throw signal.reason
    }
    this.#checkRoom()
  }

  #checkRoom(): void {
    const isFull = this.#queue.size >= this.#maxQueue
    if (!isFull && !this.#isClosed) return
    this.#counts.refused++
    if (this.#isClosed) throw closedError()
    const message = `batcher: expected fewer than maxQueue = ${this.#maxQueue} waiting requests, got another one`
    throw new GruError('ERR_GRU_FULL', message)
  }

  readonly #onAbort = (request: Request): void => {
    this.#counts.aborted++
    if (!this.#queue.delete(request)) return
    if (this.#queue.size === 0) this.#clearTimer()
    this.#wake()
  }

  /**
   * Begins a batch as soon as one should begin, if fewer than two are computed. It does so after the event loop has run the
   * callbacks that are there, so that callers who got an answer can make their next request.
   */
  #schedule(): void {
    if (!this.#hasRoom()) return
    const delay = this.#delay()
    const isSoon = delay <= 0
    if (this.#timer !== undefined && !(isSoon && this.#timer.isDelayed)) return
    this.#clearTimer()
    const begin = (): void => {
      this.#timer = undefined
      this.#beginBatches()
    }
    this.#timer = isSoon ? soon(begin) : later(begin, delay)
  }

  /** Whether a batch can begin, if any request can be computed now. */
  #hasRoom(): boolean {
    return this.#computing.size < MOST_BATCHES && this.#queue.size > 0
  }

  /** Milliseconds until the next batch should begin. */
  #delay(): number {
    const isReady = this.#isClosed || this.#queue.sequences >= this.#maxBatch
    return isReady ? 0 : this.#maxDelay - this.#queue.age
  }

  #beginBatches(): void {
    while (this.#hasRoom()) {
      if (this.#delay() > 0) {
        this.#schedule()
        return
      }
      const requests = this.#queue.takeBatch(this.#largestBatch(), this.#computing)
      // Steps of sessions that are in a batch: its end begins the next one.
      if (requests.length === 0) return
      void this.#computeBatch(requests)
    }
  }

  #clearTimer(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  /**
   * The most sequences of the next batch. Two batches share what waits and what is computed, so that neither of them has to
   * wait for the callers of the other one.
   */
  #largestBatch(): number {
    const computed = sum([...this.#computing].flat(), ({ work }) => work.sequences)
    const half = Math.ceil((this.#queue.sequences + computed) / MOST_BATCHES)
    return half < SMALLEST_HALF ? this.#maxBatch : Math.min(this.#maxBatch, half)
  }

  async #computeBatch(requests: readonly Request[]): Promise<void> {
    const begin = performance.now()
    if (this.#computing.size === 0) this.#countedUntil = begin
    this.#computing.add(requests)
    try {
      await this.#compute(requests, begin)
    } catch (error) {
      // A fault outside the computation, such as one of a channel.
      for (const request of requests) request.reject(error)
    } finally {
      this.#computing.delete(requests)
      this.#wake()
      this.#schedule()
    }
  }

  async #compute(requests: readonly Request[], begin = performance.now()): Promise<void> {
    const works = requests.map(({ work }) => work)
    let outputs: NonSharedFloat32Array[][]
    try {
      outputs = await works[0]!.kind.compute(works)
    } catch (error) {
      await this.#fail(requests, { begin, end: performance.now() }, error)
      return
    }
    const times = { begin, end: performance.now() }
    this.#count(requests, times, 'completed')
    publish(requests, times)
    for (const [index, request] of requests.entries()) request.resolve(outputs[index]!)
  }

  /** A batch that fails changes no state. So its requests can be computed again, and only those at fault fail. */
  async #fail(requests: readonly Request[], times: BatchTimes, error: unknown): Promise<void> {
    const [first, ...others] = requests
    if (others.length === 0) this.#count(requests, times, 'failed')
    publish(requests, times, { error })
    if (others.length === 0) first!.reject(error)
    else for (const request of requests) await this.#compute([request])
  }

  #count(
    requests: readonly Request[],
    { begin, end }: BatchTimes,
    result: 'completed' | 'failed',
  ): void {
    const counts = this.#counts
    counts.batches++
    counts.batchedRequests += requests.length
    counts.waitingTime += sum(requests, ({ time }) => begin - time) / 1000
    counts.computingTime += (end - this.#countedUntil) / 1000
    this.#countedUntil = end
    counts[result] += requests.filter(({ isSettled }) => !isSettled).length
  }

  #dropQueue(): void {
    for (const request of this.#queue.takeAll()) {
      this.#counts.aborted++
      request.reject(closedError())
    }
    this.#clearTimer()
    this.#wake()
  }

  /** Whether it waits or is computed. */
  #isOpen(request: Request): boolean {
    const isIn = (requests: readonly Request[]): boolean => requests.includes(request)
    return this.#queue.has(request) || [...this.#computing].some(isIn)
  }

  async #until(isReached: () => boolean): Promise<void> {
    while (!isReached()) await new Promise<void>((resolve) => this.#idle.add(resolve))
  }

  /** Lets those who wait look at the queue again. */
  #wake(): void {
    const waiting = [...this.#idle]
    this.#idle.clear()
    for (const resolve of waiting) resolve()
  }
}

fixProperties(Batcher, 'options are given to new Batcher')

function closedError(): GruError {
  return new GruError('ERR_GRU_CLOSED', 'batcher: expected an open one, got one that was closed')
}

function checkRequest(options: unknown): AbortSignal | undefined {
  const { signal } = checkOptions('options', options, ['signal'])
  return signal === undefined ? undefined : checkAbortSignal('signal', signal)
}

function checkMilliseconds(option: string, given: unknown): number {
  return checkNumber(option, given, { atLeast: 0, atMost: LONGEST_TIME })
}

function batchable(model: unknown): ModelInternals {
  if (model instanceof SequenceModel || model instanceof Model) {
    const internals = modelInternals(model)
    internals.core.checkInUse()
    return internals
  }
  throw argumentError('ERR_GRU_TYPE', 'model', 'a SequenceModel or a Model', describe(model))
}

function sum<T>(values: readonly T[], valueOf: (value: T) => number): number {
  return values.reduce((total, value) => total + valueOf(value), 0)
}

/** Tells the channel of a batch that has ended. */
function publish(
  requests: readonly Request[],
  { begin, end }: BatchTimes,
  failure: Pick<BatchMessage, 'error'> = {},
): void {
  if (!batches.hasSubscribers) return
  const works = requests.map(({ work }) => work)
  const message: BatchMessage = {
    kind: works[0]!.kind.name,
    requests: works.length,
    sequences: sum(works, ({ sequences }) => sequences),
    steps: Math.max(...works.map(({ steps }) => steps)),
    waitingTime: (begin - requests[0]!.time) / 1000,
    computingTime: (end - begin) / 1000,
    ...failure,
  }
  batches.publish(message)
}
