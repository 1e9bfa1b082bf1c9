/**
 * Several processes on one machine, as the workers of a cluster are: each answers one request after another.
 *
 * @module
 */
import type { Places } from '../contenders'
import { median } from '../statistics'
import { modelCase, PEER, type Way } from './cases'
import { withFolder, writeCase, writeServingJob } from './job'
import { insideCommand } from './inside-command'
import { LineProcess } from './lines'

/** Latencies of one process in one round. */
export interface WorkerFigures {
  readonly requests: number
  /** In seconds */
  readonly median: number
  readonly p99: number
}

export interface ProcessesMeasurement {
  readonly setting: string
  readonly processes: number
  /** Of all processes together, one figure for each round. */
  readonly requestsPerSecond: readonly number[]
  /** The largest of all processes, in seconds. */
  readonly p99: readonly number[]
}

const COUNTS = [1, 2, 4] as const
const MOST = Math.max(...COUNTS)

interface Setting {
  readonly name: string
  readonly way: Way
  readonly isPeer: boolean
  readonly threads?: number
}

const SETTINGS: readonly Setting[] = [
  { name: 'gru-native, default threads', way: 'predictions', isPeer: false },
  { name: 'gru-native, 1 thread each', way: 'predictions', isPeer: false, threads: 1 },
  { name: `${PEER}, default threads`, way: 'stateless', isPeer: true },
  { name: `${PEER}, 1 thread each`, way: 'stateless', isPeer: true, threads: 1 },
]

const GIVEN = modelCase({ vocabulary: 65, hiddenSize: 256, batch: 1, steps: 100 })

export function measureProcesses(
  places: Places,
  hasPeer: boolean,
  { rounds, seconds }: { rounds: number; seconds: number },
): Promise<ProcessesMeasurement[]> {
  return withFolder(async (folder) => {
    writeCase(folder, GIVEN)
    const settings = SETTINGS.filter(({ isPeer }) => hasPeer || !isPeer)
    const groups: Group[] = []
    try {
      for (const setting of settings) groups.push(await startGroup(places, folder, setting))
      const found = groups.flatMap((group) =>
        COUNTS.map((processes) => new Figures(group, processes)),
      )
      for (const figures of found) await figures.round(seconds)
      for (const figures of found) figures.forget()
      for (let round = 0; round < rounds; round++) {
        for (const figures of found) await figures.round(seconds)
      }
      return found.map((figures) => figures.measurement)
    } finally {
      for (const { workers } of groups) for (const worker of workers) worker.end()
    }
  })
}

interface Group {
  readonly setting: Setting
  readonly workers: readonly LineProcess[]
}

async function startGroup(places: Places, folder: string, setting: Setting): Promise<Group> {
  const { name, way, isPeer, threads } = setting
  const work = { case: GIVEN, folder, way, requests: 1, ...(threads !== undefined && { threads }) }
  const { file } = writeServingJob(name, work)
  const command = insideCommand(places, 'worker', isPeer, file)
  const workers: LineProcess[] = []
  for (let i = 0; i < MOST; i++) workers.push(await LineProcess.start(command))
  return { setting, workers }
}

class Figures {
  readonly #group: Group
  readonly #processes: number
  #requestsPerSecond: number[] = []
  #p99: number[] = []

  constructor(group: Group, processes: number) {
    this.#group = group
    this.#processes = processes
  }

  get measurement(): ProcessesMeasurement {
    return {
      ...{ setting: this.#group.setting.name, processes: this.#processes },
      ...{ requestsPerSecond: this.#requestsPerSecond, p99: this.#p99 },
    }
  }

  async round(seconds: number): Promise<void> {
    const working = this.#group.workers.slice(0, this.#processes)
    const all = await Promise.all(
      working.map((worker) => worker.ask<WorkerFigures>(String(seconds))),
    )
    this.#requestsPerSecond.push(all.reduce((sum, { requests }) => sum + requests, 0) / seconds)
    this.#p99.push(Math.max(...all.map(({ p99 }) => p99)))
  }

  /** The first round warms up. */
  forget(): void {
    this.#requestsPerSecond = []
    this.#p99 = []
  }
}

/** The least throughput and the largest p99 of the default setting, relative to the best setting of the same name. */
export function judgeProcesses(
  measurements: readonly ProcessesMeasurement[],
): { processes: number; throughput: number; p99: number }[] {
  return COUNTS.flatMap((processes) => {
    const own = measurements.filter(
      (each) => each.processes === processes && each.setting.startsWith('gru-native'),
    )
    const standard = own.find(({ setting }) => setting.includes('default'))
    if (standard === undefined) return []
    const best = Math.max(...own.map((each) => median(each.requestsPerSecond)))
    const least = Math.min(...own.map((each) => median(each.p99)))
    return [
      {
        processes,
        throughput: median(standard.requestsPerSecond) / best,
        p99: median(standard.p99) / least,
      },
    ]
  })
}
