/**
 * A contender's side of the protocol, in Node: it prepares its job and executes commands
 * (protocol.ts).
 *
 * @module
 */
import { createInterface } from 'node:readline'
import { printHeld } from './held'
import { type Job, readJob, writeResults } from './job'
import type { Results } from './compare'
import type { Reply } from './protocol'
import { median } from './statistics'

/** A job that can be run repeatedly. */
export interface Runner {
  /** One call of the measured work. */
  readonly run: () => unknown
  /** Computes once, and returns the results by name (compare.ts); for training the first losses. */
  readonly check: () => Results | Promise<Results>
}

/** Why a contender cannot do a job. */
export class Unsupported extends Error {}

/** Samples take about this long, so that the time for reading the clock is negligible. */
const SAMPLE_SECONDS = 1e-3

/** Serves the job that the command line names, until standard input ends. */
export async function serve(
  version: string,
  prepare: (job: Job) => Runner | Promise<Runner>,
): Promise<void> {
  await serveRunner(version, async () => {
    const job = readJob(process.argv[2]!)
    const { run, check } = await prepare(job)
    return { run, write: async () => writeResults(job, await check()) }
  })
}

/** What a process computes repeatedly, and how it writes its results: that returns their names. */
export interface Served {
  readonly run: () => unknown
  readonly write: () => Promise<readonly string[]>
}

/** Executes commands until standard input ends. */
export async function serveRunner(version: string, prepare: () => Promise<Served>): Promise<void> {
  const memory = process.memoryUsage.rss()
  try {
    const served = await prepare()
    say({ ready: { version, memory } })
    await obey(served)
  } catch (error) {
    const { message } = error as Error
    say(error instanceof Unsupported ? { unsupported: message } : { failed: message })
  }
  process.exit()
}

async function obey({ run, write }: Served): Promise<void> {
  const timer = new Timer(run)
  for await (const line of createInterface({ input: process.stdin })) {
    const [command, seconds] = line.split(' ')
    if (command === 'check') say({ wrote: await write() })
    else if (command === 'memory') say({ peak: process.resourceUsage().maxRSS * 1024 })
    else if (command === 'held') printHeld()
    else say({ median: await timer.measure(Number(seconds)) })
  }
}

class Timer {
  readonly #run: () => unknown
  #callsPerSample = 1

  constructor(run: () => unknown) {
    this.#run = run
  }

  /** The median time of a call in seconds, over some seconds of samples, at least one. */
  async measure(seconds: number): Promise<number> {
    const samples: number[] = []
    const start = performance.now()
    do samples.push(await this.#sample())
    while (performance.now() - start < seconds * 1000)
    const figure = median(samples)
    this.#callsPerSample = Math.max(1, Math.ceil(SAMPLE_SECONDS / figure))
    return figure
  }

  async #sample(): Promise<number> {
    const start = process.hrtime.bigint()
    for (let call = 0; call < this.#callsPerSample; call++) {
      const result = this.#run()
      if (result instanceof Promise) await result
    }
    return Number(process.hrtime.bigint() - start) / 1e9 / this.#callsPerSample
  }
}

function say(reply: Reply): void {
  process.stdout.write(`${JSON.stringify(reply)}\n`)
}
