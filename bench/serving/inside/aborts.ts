/**
 * Aborts one of many queued requests, of a model and of a batcher.
 */
import { readIntegers } from '../../job'
import type { AbortMeasurement } from '../aborts'
import { readServingJob } from '../job'
import { createModel, library } from './library'

const ROUNDS = 20

type Request = (options: { signal?: AbortSignal }) => Promise<unknown>

const elapsed = (start: number): number => (performance.now() - start) / 1000

async function abortOne(
  request: Request,
  requests: number,
): Promise<{ rejected: number; answered: number }> {
  const controller = new AbortController()
  const all: Promise<unknown>[] = []
  let aborted: Promise<unknown> | undefined
  for (let i = 0; i < requests; i++) {
    if (i === requests / 2) aborted = request({ signal: controller.signal })
    else all.push(request({}))
  }
  // Lets the first ones begin.
  await new Promise((resolve) => setImmediate(resolve))
  const start = performance.now()
  controller.abort()
  await aborted!.catch(() => undefined)
  const rejected = elapsed(start)
  await Promise.all(all)
  return { rejected, answered: elapsed(start) }
}

async function measure(
  name: string,
  request: Request,
  requests: number,
): Promise<AbortMeasurement> {
  await abortOne(request, requests)
  const rounds = []
  for (let round = 0; round < ROUNDS; round++) rounds.push(await abortOne(request, requests))
  return {
    name,
    rejected: rounds.map(({ rejected }) => rejected),
    answered: rounds.map(({ answered }) => answered),
  }
}

async function measureBoth(): Promise<AbortMeasurement[]> {
  const job = readServingJob()
  const model = createModel(job)
  const tokens = readIntegers(job, 'tokens')
  const batcher = new library.Batcher(model)
  return [
    await measure('model.predict', (options) => model.predict(tokens, options), job.requests),
    await measure('batcher.predict', (options) => batcher.predict(tokens, options), job.requests),
  ]
}

void measureBoth().then((measurements) => {
  console.log(JSON.stringify(measurements))
})
