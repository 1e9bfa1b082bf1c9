/**
 * Contenders and probes as lanes: started, checked, and ready for alternating measurements.
 *
 * @module
 */
import type { BenchCase, Mode } from './cases'
import { findError, type Truth } from './compare'
import { type Command, ContenderProcess, UnsupportedError } from './contender-process'
import type { Contender, Places } from './contenders'
import { readResults, writeJob } from './job'
import type { Outcome } from './results'
import type { Lane, LaneResult } from './rounds'
import type { Tensors } from './tensors'

/** A case with its tensors in a folder, and its correct results. */
export interface PreparedCase {
  readonly case: BenchCase
  readonly folder: string
  readonly lengths: Tensors['lengths']
  readonly truth: Partial<Record<Mode, Truth>>
}

/** A contender that may be timed, or the reason why it may not. */
export type Entry =
  | { readonly kind: 'ready'; readonly process: ContenderProcess }
  | Exclude<Outcome, { kind: 'timed' }>

/**
 * Starts a contender and compares its results with the reference's. It is ready only if they are
 * correct.
 */
export async function enter(
  contender: Contender,
  prepared: PreparedCase,
  mode: Mode,
  threads: number,
): Promise<Entry> {
  const { folder } = prepared
  const { file, job } = writeJob(contender.name, { case: prepared.case, mode, threads, folder })
  let process: ContenderProcess | undefined
  try {
    process = await ContenderProcess.start(contender.command(file))
    const results = readResults(job, await process.check())
    const error = findError(prepared.case, prepared.lengths, prepared.truth[mode]!, results)
    if (error === undefined) return { kind: 'ready', process }
    process.end()
    return { kind: 'wrong', version: process.version, reason: error }
  } catch (error) {
    process?.end()
    const kind = error instanceof UnsupportedError ? 'unsupported' : 'failed'
    return { kind, reason: (error as Error).message }
  }
}

export function laneOf(process: ContenderProcess): Lane {
  return {
    warm: (seconds) => process.warm(seconds),
    round: (seconds) => process.round(seconds),
  }
}

/** The outcome of an entry, with its figures if it was measured. */
export function outcomeOf(entry: Entry, result: LaneResult | undefined): Outcome {
  if (entry.kind !== 'ready') return entry
  if (result === undefined || result instanceof Error) {
    return { kind: 'failed', reason: result?.message ?? 'was not measured' }
  }
  return { kind: 'timed', version: entry.process.version, seconds: result }
}

/** Starts the probe for one of its measurements. */
export function startProbe(
  { probe }: Places,
  ...args: readonly (string | number)[]
): Promise<ContenderProcess> {
  const command: Command = { program: probe, args: args.map(String) }
  return ContenderProcess.start(command)
}
