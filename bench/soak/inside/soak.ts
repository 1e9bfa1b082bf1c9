/**
 * The soak's process. Its arguments are a seed, the folder of the project, and `full` or `quick`.
 */
import { VERSION } from '../../serving/inside/library'
import type { SoakCounts, SoakOutput } from '../results'
import { request } from './request'
import { Service } from './service'
import { Stream } from './stream'

interface Scale {
  readonly steps: number
  readonly requests: number
  readonly sessions: number
  readonly replacements: number
}

const SCALES: Readonly<Record<string, Scale>> = {
  full: { steps: 1e6, requests: 1e5, sessions: 1e4, replacements: 50 },
  quick: { steps: 2e4, requests: 2e3, sessions: 500, replacements: 10 },
}

const CALLERS = 128
const SAMPLES = 200
const LINES = 20

class Soak {
  readonly #scale: Scale
  readonly #service: Service
  readonly #streams: Stream[]
  readonly #memory: number[] = []

  constructor(seed: number, scale: Scale) {
    this.#scale = scale
    this.#service = new Service(seed)
    this.#streams = Array.from({ length: scale.sessions }, () => new Stream(this.#service))
  }

  async run(): Promise<Omit<SoakOutput, 'seconds' | 'resources'>> {
    const callers = Array.from({ length: CALLERS }, (_, i) => this.#call(i))
    await Promise.all([...callers, this.#replace()])
    for (const stream of this.#streams) stream.close()
    await this.#service.close()
    return { counts: this.#service.counts, memory: this.#memory }
  }

  get #progress(): number {
    const { steps, requests } = this.#service.counts
    return Math.min(steps / this.#scale.steps, requests / this.#scale.requests)
  }

  /** A caller has streams of its own, since it awaits each step before the next one. */
  async #call(caller: number): Promise<void> {
    for (let at = caller; this.#progress < 1; at += CALLERS) {
      if (at >= this.#streams.length) at = caller
      await this.#streams[at]!.step()
      if (this.#service.chance(this.#scale.steps / this.#scale.requests)) {
        await request(this.#service)
      }
      this.#watch()
    }
  }

  async #replace(): Promise<void> {
    for (let made = 0; made < this.#scale.replacements; made++) {
      while (this.#progress < made / this.#scale.replacements) {
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      await this.#service.replace()
    }
  }

  #watch(): void {
    if (this.#progress * SAMPLES < this.#memory.length) return
    this.#memory.push(process.memoryUsage.rss())
    if (this.#memory.length % (SAMPLES / LINES) === 0) report(this.#progress, this.#service.counts)
  }
}

function report(progress: number, counts: SoakCounts): void {
  const { rss, heapUsed, external } = process.memoryUsage()
  const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`
  console.log(
    `${(100 * progress).toFixed(0)} %: resident ${mebibytes(rss)}, heap ${mebibytes(heapUsed)},` +
      ` external ${mebibytes(external)}; ${counts.steps} steps, ${counts.requests} requests,` +
      ` ${counts.aborted} aborted, ${counts.refused} refused, ${counts.wrong} wrong`,
  )
}

/** What keeps the process alive, without its standard streams. */
function openResources(before: readonly string[]): string[] {
  const left = process.getActiveResourcesInfo()
  for (const resource of before) {
    const at = left.indexOf(resource)
    if (at >= 0) left.splice(at, 1)
  }
  return left
}

async function main(): Promise<void> {
  const [seed, , scale] = process.argv.slice(2)
  console.log(`gru-native ${VERSION}`)
  const before = process.getActiveResourcesInfo()
  const start = performance.now()
  const output = await new Soak(Number(seed), SCALES[scale!]!).run()
  const seconds = (performance.now() - start) / 1000
  // The last promises have resolved; what they ended is gone one turn later.
  await new Promise((resolve) => setImmediate(resolve))
  const resources = openResources(before)
  console.log(JSON.stringify({ ...output, seconds, resources } satisfies SoakOutput))
}

void main()
