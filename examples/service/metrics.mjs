/**
 * GET /metrics: for Prometheus.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

const BATCHES = 'gru-native:batch'
const SECONDS = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3]
const REQUESTS = [1, 2, 4, 8, 16, 32, 64, 128, 256]

/** The figures of a batcher, read when they are collected. */
function batcherMetrics(registers, batcher) {
  const gauge = (name, help, key) =>
    new Gauge({
      ...{ name, help, registers },
      collect() {
        this.set(batcher.statistics[key])
      },
    })
  /** The batcher has the sum already. */
  const counter = (name, help, key) =>
    new Counter({
      ...{ name, help, registers },
      collect() {
        this.reset()
        this.inc(batcher.statistics[key])
      },
    })
  gauge('gru_batcher_queued', 'Requests that wait now.', 'queued')
  gauge('gru_batcher_computing', 'Requests in the batch that is computed now.', 'computing')
  counter('gru_batcher_batches_total', 'Batches that were computed.', 'batches')
  counter('gru_batcher_batched_requests_total', 'Requests in all batches.', 'batchedRequests')
  counter('gru_batcher_waiting_seconds_total', 'Time that requests waited.', 'waitingTime')
  counter('gru_batcher_computing_seconds_total', 'Time of all batches.', 'computingTime')
  new Counter({
    name: 'gru_batcher_requests_total',
    help: 'Requests by how they ended.',
    labelNames: ['result'],
    registers,
    collect() {
      this.reset()
      const statistics = batcher.statistics
      for (const result of ['completed', 'failed', 'refused', 'aborted'])
        this.inc({ result }, statistics[result])
    },
  })
}

function modelMetrics(registers, served) {
  new Gauge({
    ...{ name: 'gru_sessions', help: 'Sessions of open streams.', registers },
    collect() {
      this.set(served.sessions)
    },
  })
  new Counter({
    name: 'gru_model_reloads_total',
    help: 'Model files that were loaded while the service ran, and that could not be.',
    labelNames: ['result'],
    registers,
    collect() {
      this.reset()
      this.inc({ result: 'completed' }, served.reloads)
      this.inc({ result: 'failed' }, served.failedReloads)
    },
  })
}

/** Returns a function that observes a batch. */
function batchHistograms(registers) {
  const histogram = (name, help, buckets) =>
    new Histogram({ name, help, buckets, labelNames: ['kind'], registers })
  const size = histogram('gru_batch_requests', 'Requests in a batch.', REQUESTS)
  const waiting = histogram('gru_batch_waiting_seconds', 'Wait of the first request.', SECONDS)
  const computing = histogram('gru_batch_computing_seconds', 'Time of a batch.', SECONDS)
  return ({ kind, requests, waitingTime, computingTime }) => {
    size.observe({ kind }, requests)
    waiting.observe({ kind }, waitingTime)
    computing.observe({ kind }, computingTime)
  }
}

export function metricsRoute(app, served) {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  batcherMetrics(registers, served.batcher)
  modelMetrics(registers, served)
  const observe = batchHistograms(registers)
  subscribe(BATCHES, observe)
  app.addHook('onClose', async () => {
    unsubscribe(BATCHES, observe)
  })
  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the request to the end of its answer.',
    labelNames: ['route', 'status'],
    buckets: SECONDS,
    registers,
  })
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'none'
    durations.observe({ route, status: reply.statusCode }, reply.elapsedTime / 1000)
    done()
  })
  app.get('/metrics', (request, reply) => {
    reply.type(registry.contentType)
    return registry.metrics()
  })
}
