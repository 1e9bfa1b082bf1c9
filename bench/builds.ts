/**
 * Two builds of the project, measured alternately: whether a change made anything slower.
 *
 * @module
 */
import { existsSync } from 'node:fs'
import * as path from 'node:path'
import { UsageError } from './arguments'
import { type BenchCase, type Mode, trainingTwin } from './cases'
import { buildContender, type Contender, onDevice, type Places } from './contenders'
import { enter, laneOf, outcomeOf, type PreparedCase } from './lanes'
import type { BuildMeasurement, Outcome } from './results'
import { measureInTurn, type Settings } from './rounds'

export interface Builds {
  readonly before: Contender
  readonly after: Contender
}

/**
 * The build in another checkout, and the one in this checkout.
 *
 * @throws UsageError if the other checkout has no build
 */
export function findBuilds(places: Places, before: string, device: string): Builds {
  if (!existsSync(path.join(before, 'dist', 'index.js'))) {
    throw new UsageError(`--before: expected a checkout after npm run build, got ${before}`)
  }
  const build = (name: string, checkout: string): Contender =>
    withoutAddon(onDevice(device, buildContender(places, name, checkout)))
  return { before: build('before', before), after: build('after', places.root) }
}

/** The variable would make both builds load the same addon. */
function withoutAddon({ name, command }: Contender): Contender {
  return {
    name,
    command: (jobFile) => {
      const given = command(jobFile)
      return { ...given, env: { ...given.env, GRU_NATIVE_ADDON: undefined } }
    },
  }
}

/** Each case, and a training step around it unless it has only one step. */
export function withTraining(cases: readonly BenchCase[]): readonly BenchCase[] {
  return cases.flatMap((given) =>
    given.vocabulary > 0 || given.steps === 1 ? [given] : [given, trainingTwin(given)],
  )
}

/** Where a process has its memory can change its speed by some per cent, so each build gets several processes. */
const PROCESSES = 3

export async function measureBuilds(
  { before, after }: Builds,
  prepared: PreparedCase,
  { mode, threads }: { mode: Mode; threads: number },
  settings: Settings,
): Promise<BuildMeasurement> {
  const share = { ...settings, rounds: Math.ceil(settings.rounds / PROCESSES) }
  let outcomes: readonly Outcome[] = []
  for (let run = 0; run < PROCESSES && outcomes.every(({ kind }) => kind === 'timed'); run++) {
    const found = await measureOnce([before, after], prepared, mode, threads, share)
    outcomes = found.map((outcome, i) => join(outcomes[i], outcome))
  }
  return {
    ...{ case: prepared.case.name, mode, threads },
    ...{ before: outcomes[0]!, after: outcomes[1]! },
  }
}

/** Two processes, both of them or none measured. */
async function measureOnce(
  contenders: readonly Contender[],
  prepared: PreparedCase,
  mode: Mode,
  threads: number,
  settings: Settings,
): Promise<Outcome[]> {
  const entries = []
  for (const contender of contenders) entries.push(await enter(contender, prepared, mode, threads))
  const processes = entries.flatMap((entry) => (entry.kind === 'ready' ? [entry.process] : []))
  try {
    const isFair = processes.length === contenders.length
    const results = isFair ? await measureInTurn(processes.map(laneOf), settings) : []
    return entries.map((entry, i) => outcomeOf(entry, results[i]))
  } finally {
    for (const process of processes) process.end()
  }
}

/** The figures of both; a failure stays one. */
function join(earlier: Outcome | undefined, later: Outcome): Outcome {
  if (earlier?.kind !== 'timed' || later.kind !== 'timed') return later
  return { ...later, seconds: [...earlier.seconds, ...later.seconds] }
}
