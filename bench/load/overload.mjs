/**
 * The example service under twice the requests that it bears.
 */
import { measure } from './measure.mjs'
import { startOurs, writeModel } from './services.mjs'
import { printHead, printRow } from './table.mjs'

/** At full load every request waits for one batch. With twice the load one more may wait before it. */
const LIMITS = { GRU_SERVICE_MAX_BATCH: '32', GRU_SERVICE_MAX_QUEUE: '64' }
const FULL = 64
/** Many more than batch and queue hold, so that requests come whether or not there are answers. */
const OVER = 800

export async function overload(shape, seconds) {
  const service = await startOurs(await writeModel(shape), LIMITS)
  printHead(shape)
  const full = await measure(shape, service, { connections: FULL, seconds })
  printRow('full load', { connections: FULL, ...full })
  const load = { connections: OVER, seconds, rate: Math.round(2 * full.rate) }
  const over = await measure(shape, service, load)
  printRow('twice the load', { connections: OVER, ...over })
  await service.stop()
  console.log(
    `accepted requests have ${(over.p99 / full.p99).toFixed(2)} times the p99 of full load`,
  )
}
