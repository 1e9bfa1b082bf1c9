/**
 * Finds the load that the process bears, then sends twice as much for some seconds.
 */
import { quantile } from '../../statistics'
import { readServingJob } from '../job'
import type { OverloadFigures } from '../overload'
import { openRequester, type Requester } from './requester'

const CALLERS = 64
const SECONDS = 2
/** Requests come in groups at this distance, in milliseconds. */
const INTERVAL = 1

/** Answers to `CALLERS` callers that each wait for their answer: the load that the process bears. */
async function atCapacity(request: Requester, seconds: number): Promise<number[]> {
  const latencies: number[] = []
  const end = performance.now() + seconds * 1000
  const call = async (): Promise<void> => {
    while (performance.now() < end) {
      const start = performance.now()
      await request()
      latencies.push((performance.now() - start) / 1000)
    }
  }
  await Promise.all(Array.from({ length: CALLERS }, call))
  return latencies
}

/** Requests that come whether or not those before them were answered. */
class Load {
  readonly latencies: number[] = []
  readonly lateness: number[] = []
  arrived = 0
  refused = 0
  mostPending = 0
  answeredInTime = 0
  readonly #request: Requester
  #pending = 0
  #isOver = false

  constructor(request: Requester) {
    this.#request = request
  }

  async run(perSecond: number, seconds: number): Promise<void> {
    const start = performance.now()
    const all: Promise<void>[] = []
    let due = start
    while (performance.now() - start < seconds * 1000) {
      due = Math.max(due + INTERVAL, performance.now())
      const now = await wait(due)
      this.lateness.push(Math.max(0, now - due) / 1000)
      const wanted = ((now - start) / 1000) * perSecond
      while (this.arrived < wanted) all.push(this.#send())
    }
    this.#isOver = true
    await Promise.all(all)
  }

  async #send(): Promise<void> {
    this.arrived++
    this.mostPending = Math.max(this.mostPending, ++this.#pending)
    const start = performance.now()
    try {
      await this.#request()
      this.latencies.push((performance.now() - start) / 1000)
      if (!this.#isOver) this.answeredInTime++
    } catch (error) {
      if ((error as { code?: string }).code !== 'ERR_GRU_FULL') throw error
      this.refused++
    } finally {
      this.#pending--
    }
  }
}

/** Returns the time when a timer for `due` ran. */
function wait(due: number): Promise<number> {
  return new Promise((resolve) => {
    setTimeout(() => {
      resolve(performance.now())
    }, due - performance.now())
  })
}

async function measure(): Promise<OverloadFigures> {
  const request = await openRequester(readServingJob())
  await atCapacity(request, 0.5)
  const borne = await atCapacity(request, 1)
  const load = new Load(request)
  await load.run(2 * borne.length, SECONDS)
  return {
    capacity: borne.length,
    p99AtCapacity: quantile(borne, 0.99),
    arrived: load.arrived / SECONDS,
    answered: load.answeredInTime / SECONDS,
    refused: load.refused / SECONDS,
    pending: load.mostPending,
    median: quantile(load.latencies, 0.5),
    p99: quantile(load.latencies, 0.99),
    lateness: quantile(load.lateness, 0.99),
    largestLateness: Math.max(...load.lateness),
  }
}

void measure().then((figures) => {
  console.log(JSON.stringify(figures))
  process.exit()
})
