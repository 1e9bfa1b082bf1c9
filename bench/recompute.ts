/**
 * A training step with and without the trainer's option `recomputeActivations`: its memory and its time.
 *
 * @module
 */
import type { Contender, Contenders } from './contenders'
import { heldBytes } from './held'
import { writeJob } from './job'
import { enter, type Entry, laneOf, outcomeOf, type PreparedCase } from './lanes'
import type { RecomputeMeasurement, TrainingCost } from './results'
import { type LaneResult, measureInTurn, type Settings } from './rounds'

export async function measureRecompute(
  { project }: Contenders,
  prepared: PreparedCase,
  threads: number,
  settings: Settings,
): Promise<RecomputeMeasurement> {
  const kept = await startTraining({ ...project, name: 'kept' }, prepared, threads)
  const changed = { ...prepared, case: { ...prepared.case, recomputeActivations: true } }
  const recomputed = await startTraining({ ...project, name: 'recomputed' }, changed, threads)
  try {
    const lanes = [kept, recomputed].map(({ entry }) => laneOf(entry.process))
    const [first, second] = await measureInTurn(lanes, settings)
    return {
      ...{ case: prepared.case.name, threads },
      kept: await costOf(kept, first!),
      recomputed: await costOf(recomputed, second!),
    }
  } finally {
    for (const { entry } of [kept, recomputed]) entry.process.end()
  }
}

interface Training {
  readonly entry: Extract<Entry, { kind: 'ready' }>
  readonly held: number
}

/** Measures the held memory in a process of its own, since V8 then prints among the replies. */
async function startTraining(
  contender: Contender,
  prepared: PreparedCase,
  threads: number,
): Promise<Training> {
  const { case: given, folder } = prepared
  const { file } = writeJob(contender.name, { case: given, mode: 'training', threads, folder })
  const held = await heldBytes(contender.command(file))
  const entry = await enter(contender, prepared, 'training', threads)
  if (entry.kind !== 'ready') throw new Error(`${given.name}, ${contender.name}: ${entry.reason}`)
  return { entry, held }
}

async function costOf({ entry, held }: Training, result: LaneResult): Promise<TrainingCost> {
  const outcome = outcomeOf(entry, result)
  if (outcome.kind !== 'timed') throw new Error(outcome.reason)
  const { seconds } = outcome
  const { process } = entry
  return { seconds, held, peak: await process.peakMemory(), start: process.memoryAtStart }
}
