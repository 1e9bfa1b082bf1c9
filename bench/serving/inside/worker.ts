/**
 * One of several processes: for each line with a number of seconds it answers requests one after another for that long.
 */
import { createInterface } from 'node:readline'
import { quantile } from '../../statistics'
import { readServingJob } from '../job'
import type { WorkerFigures } from '../processes'
import { openRequester } from './requester'

async function work(): Promise<void> {
  const request = await openRequester(readServingJob())
  await request()
  console.log('{}')
  for await (const line of createInterface({ input: process.stdin })) {
    const figures = await measure(request, Number(line))
    console.log(JSON.stringify(figures))
  }
}

async function measure(request: () => Promise<unknown>, seconds: number): Promise<WorkerFigures> {
  const latencies: number[] = []
  const end = performance.now() + seconds * 1000
  for (let before = performance.now(); before < end;) {
    await request()
    const after = performance.now()
    latencies.push((after - before) / 1000)
    before = after
  }
  return {
    requests: latencies.length,
    median: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
  }
}

void work()
