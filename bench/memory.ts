/**
 * The memory of a training pass: the peak of a process, compared with the least memory that any implementation needs.
 *
 * @module
 */
import type { Contender, Contenders } from './contenders'
import { ContenderProcess, UnsupportedError } from './contender-process'
import { writeJob } from './job'
import type { PreparedCase } from './lanes'
import type { MemoryMeasurement } from './results'
import { parameterSpecs } from './tensors'
import { memoryNeed } from './work'

/** The peers whose memory is measured together with the project's. */
const PEERS: readonly string[] = ['pytorch']

/** Long enough for several passes: the first one allocates, and the second one shows whether memory was freed. */
const SECONDS = 1

export async function measureMemory(
  { project, peers }: Contenders,
  prepared: PreparedCase,
  threads: number,
): Promise<MemoryMeasurement> {
  const parameters = parameterSpecs(prepared.case).reduce((sum, { count }) => sum + count, 0)
  const measured: MemoryMeasurement['contenders'][number][] = []
  for (const contender of [project, ...peers.filter(({ name }) => PEERS.includes(name))]) {
    const found = await peakOf(contender, prepared, threads)
    if (found !== undefined) measured.push(found)
  }
  return {
    case: prepared.case.name,
    threads,
    need: memoryNeed(prepared.case, parameters),
    contenders: measured,
  }
}

async function peakOf(
  { name, command }: Contender,
  { case: given, folder }: PreparedCase,
  threads: number,
): Promise<MemoryMeasurement['contenders'][number] | undefined> {
  const { file } = writeJob(name, { case: given, mode: 'gradients', threads, folder })
  try {
    const process = await ContenderProcess.start(command(file))
    try {
      await process.warm(SECONDS)
      const { version, memoryAtStart: start } = process
      return { contender: name, version, peak: await process.peakMemory(), start }
    } finally {
      process.end()
    }
  } catch (error) {
    if (error instanceof UnsupportedError) return undefined
    throw error
  }
}
