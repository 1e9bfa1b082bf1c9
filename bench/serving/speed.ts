/**
 * Speed: the lanes of a case in turn, after their results were compared.
 *
 * @module
 */
import { ContenderProcess } from '../contender-process'
import type { Places } from '../contenders'
import { readResults } from '../job'
import { laneOf } from '../lanes'
import { measureInTurn, type Settings } from '../rounds'
import { type Lane, PEER, type SpeedCase } from './cases'
import { withFolder, writeCase, writeServingJob } from './job'
import { insideCommand } from './inside-command'

export interface SpeedMeasurement {
  readonly part: string
  readonly name: string
  readonly lanes: readonly {
    readonly name: string
    readonly isPeer: boolean
    /** For each request, one figure for each round. */
    readonly seconds: readonly number[]
  }[]
}

/** Results are of order 1, and float32 has errors of 1e-6. */
const TOLERANCE = 1e-4

export function measureServingSpeed(
  places: Places,
  given: SpeedCase,
  hasPeer: boolean,
  settings: Settings,
): Promise<SpeedMeasurement> {
  return withFolder(async (folder) => {
    writeCase(folder, given.given)
    const lanes = given.lanes.filter(({ isPeer }) => hasPeer || !isPeer)
    const entered: Entered[] = []
    try {
      for (const lane of lanes) entered.push(await enter(places, folder, given, lane))
      compareResults(given, entered)
      const figures = await measureInTurn(
        entered.map(({ process }) => laneOf(process)),
        settings,
      )
      return {
        ...{ part: given.part, name: given.name },
        lanes: entered.map(({ lane }, i) => {
          const seconds = figures[i]!
          if (seconds instanceof Error) throw seconds
          return {
            ...{ name: lane.name, isPeer: lane.isPeer },
            seconds: seconds.map((each) => each / given.requests),
          }
        }),
      }
    } finally {
      for (const { process } of entered) process.end()
    }
  })
}

interface Entered {
  readonly lane: Lane
  readonly process: ContenderProcess
  readonly output: Float32Array
}

async function enter(
  places: Places,
  folder: string,
  { given, requests }: SpeedCase,
  lane: Lane,
): Promise<Entered> {
  const { way, isPeer, threads } = lane
  const work = { case: given, folder, way, requests, ...(threads !== undefined && { threads }) }
  const { file, job } = writeServingJob(lane.name, work)
  const script = isPeer ? PEER : 'gru-native'
  const process = await ContenderProcess.start(insideCommand(places, script, isPeer, file))
  const results = readResults(job, await process.check())
  return { lane, process, output: results['output'] as Float32Array }
}

/** Lanes with the same calls must agree; a step without a state differs from one with a state. */
function compareResults({ name }: SpeedCase, entered: readonly Entered[]): void {
  const carried = entered.filter(({ lane }) => lane.way !== 'predicted')
  const expected = carried[0]!.output
  for (const { lane, output } of carried) {
    const error = expected.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - output[i]!)),
      0,
    )
    // The condition is negated so that NaN is an error.
    if (!(error <= TOLERANCE) || output.length !== expected.length) {
      throw new Error(`${name}: ${lane.name} differs from ${carried[0]!.lane.name} by ${error}`)
    }
  }
}
