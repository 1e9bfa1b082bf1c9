/**
 * Twice the load that a process bears.
 *
 * @module
 */
import type { Places } from '../contenders'
import { modelCase, PEER, type Way } from './cases'
import { withFolder, writeCase, writeServingJob } from './job'
import { insideCommand } from './inside-command'
import { runScript } from './script'

/** Times in seconds. */
export interface OverloadFigures {
  /** Requests a second that were answered with as many callers as are good, and the p99 of their latencies. */
  readonly capacity: number
  readonly p99AtCapacity: number
  /** Requests a second that came, and those that were answered, under twice the load. */
  readonly arrived: number
  readonly answered: number
  readonly refused: number
  /** The most requests that waited at one time. */
  readonly pending: number
  /** Latencies of the requests that were answered, those after the load's end too. */
  readonly median: number
  readonly p99: number
  /** How late timers of the event loop were. */
  readonly lateness: number
  readonly largestLateness: number
}

export interface OverloadMeasurement {
  readonly name: string
  readonly rounds: readonly OverloadFigures[]
}

const GIVEN = modelCase({ vocabulary: 65, hiddenSize: 256, batch: 1, steps: 100 })

/** Two batches: a request waits about as long as with as many callers as a batch holds. */
export const MOST_WAITING = 128

const LANES: readonly { name: string; way: Way; isPeer: boolean }[] = [
  { name: `batcher, maxQueue ${MOST_WAITING}`, way: 'requests', isPeer: false },
  { name: 'model.predict', way: 'predictions', isPeer: false },
  { name: PEER, way: 'stateless', isPeer: true },
]

export function measureOverload(
  places: Places,
  hasPeer: boolean,
  rounds: number,
): Promise<OverloadMeasurement[]> {
  return withFolder(async (folder) => {
    writeCase(folder, GIVEN)
    const lanes = LANES.filter(({ isPeer }) => hasPeer || !isPeer).map((lane) => {
      const work = { case: GIVEN, folder, way: lane.way, requests: 1 }
      const { file } = writeServingJob(lane.name, work)
      const command = insideCommand(places, 'overload', lane.isPeer, file)
      return { name: lane.name, command, rounds: [] as OverloadFigures[] }
    })
    for (let round = 0; round < rounds; round++) {
      for (const lane of lanes) lane.rounds.push(await runScript<OverloadFigures>(lane.command))
    }
    return lanes.map(({ name, rounds: figures }) => ({ name, rounds: figures }))
  })
}
