/**
 * The measurements of a case: every contender and both ceilings, alternately.
 *
 * @module
 */
import type { Mode } from './cases'
import type { ContenderProcess } from './contender-process'
import type { Contender, Contenders, Places } from './contenders'
import { bindingContender } from './contenders'
import { enter, type Entry, laneOf, outcomeOf, type PreparedCase, startProbe } from './lanes'
import type { CallMeasurement, Measurement } from './results'
import { type LaneResult, measureInTurn, type Settings } from './rounds'
import { validRows } from './tensors'
import { workOf } from './work'

export async function measureSpeed(
  places: Places,
  { device, project, peers }: Contenders,
  prepared: PreparedCase,
  { mode, threads }: { mode: Mode; threads: number },
  settings: Settings,
): Promise<Measurement> {
  const work = workOf(prepared.case, mode, validRows(prepared.lengths))
  const contenders = [project, ...peers]
  const entries = await enterAll(contenders, prepared, mode, threads)
  const probes = device === 'cpu' ? await startCeilings(places, threads, work.weightBytes) : []
  const running = [...probes, ...processesOf(entries)]
  try {
    const results = await measureInTurn(running.map(laneOf), settings)
    const [flops = [], readBytes = []] = results.slice(0, probes.length).map(figuresOf)
    const outcomes = pair(entries, results.slice(probes.length))
    return {
      ...{ case: prepared.case, mode, threads, work },
      contenders: contenders.map(({ name }, i) => ({ contender: name, outcome: outcomes[i]! })),
      ...{ flops, readBytes },
    }
  } finally {
    for (const process of running) process.end()
  }
}

/** The probes of the processor's limits. */
async function startCeilings(
  places: Places,
  threads: number,
  weightBytes: number,
): Promise<ContenderProcess[]> {
  return [
    await startProbe(places, 'fma', threads),
    await startProbe(places, 'read', threads, weightBytes),
  ]
}

/** One step of one sequence on one thread: through the library, through the addon, in C++. */
export async function measureCall(
  places: Places,
  { project }: Contenders,
  prepared: PreparedCase,
  settings: Settings,
): Promise<CallMeasurement> {
  const { steps, inputSize, hiddenSize, name } = prepared.case
  const entries = await enterAll([project, bindingContender(places)], prepared, 'forward', 1)
  const native = await startProbe(places, 'layer', steps, inputSize, hiddenSize)
  const all: Entry[] = [...entries, { kind: 'ready', process: native }]
  const running = processesOf(all)
  try {
    const outcomes = pair(all, await measureInTurn(running.map(laneOf), settings))
    return { case: name, library: outcomes[0]!, binding: outcomes[1]!, native: outcomes[2]! }
  } finally {
    for (const process of running) process.end()
  }
}

async function enterAll(
  contenders: readonly Contender[],
  prepared: PreparedCase,
  mode: Mode,
  threads: number,
): Promise<Entry[]> {
  const entries: Entry[] = []
  for (const contender of contenders) {
    entries.push(await enter(contender, prepared, mode, threads))
  }
  return entries
}

function processesOf(entries: readonly Entry[]): (Entry & { kind: 'ready' })['process'][] {
  return entries.flatMap((entry) => (entry.kind === 'ready' ? [entry.process] : []))
}

/** Gives each measured entry its figures, in order. */
function pair(
  entries: readonly Entry[],
  results: readonly LaneResult[],
): ReturnType<typeof outcomeOf>[] {
  let next = 0
  return entries.map((entry) =>
    outcomeOf(entry, entry.kind === 'ready' ? results[next++] : undefined),
  )
}

function figuresOf(result: LaneResult): readonly number[] {
  if (result instanceof Error) throw result
  return result
}
