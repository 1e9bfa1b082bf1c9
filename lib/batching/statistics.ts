/**
 * What a batcher counts.
 *
 * @module
 */

/**
 * The figures of a {@link Batcher}, at the time of the call. All but `queued` and `computing` only grow: they are sums
 * since the batcher was made, as a metrics library expects of a counter. A request that fails for its input is in none of them.
 */
export interface BatcherStatistics {
  /** Requests that wait for a batch. */
  readonly queued: number
  /** Requests in the batches that are computed now, at most two. */
  readonly computing: number
  /** Requests that were answered. */
  readonly completed: number
  /** Requests that were accepted, and whose computation failed. */
  readonly failed: number
  /** Requests that were refused, because the queue was full or the batcher closed. Their inputs are not looked at. */
  readonly refused: number
  /**
   * Requests that ended because their signal was aborted, before the call or after it, or because the batcher was closed
   * before they were computed.
   */
  readonly aborted: number
  /** Batches that were computed. One that failed, and whose requests were then computed one by one, does not count. */
  readonly batches: number
  /** Requests in all these batches; divided by `batches`, the mean size of a batch. */
  readonly batchedRequests: number
  /** Seconds that requests waited for their batch, all of them together. */
  readonly waitingTime: number
  /** Seconds in which one batch or two were computed. */
  readonly computingTime: number
}

/** What the diagnostics channel 'gru-native:batch' publishes after each batch. */
export interface BatchMessage {
  readonly kind: 'predict' | 'step'
  /** Requests in the batch. */
  readonly requests: number
  /** Sequences in the batch: a session may have several. */
  readonly sequences: number
  /** Steps of the longest sequence. */
  readonly steps: number
  /** Seconds that the first request waited. */
  readonly waitingTime: number
  /** Seconds from the start of the batch to its results. It may have waited for another batch meanwhile. */
  readonly computingTime: number
  /** The error, if the batch failed. If it has several requests, they are now computed one by one. */
  readonly error?: unknown
}
