/**
 * The conclusions from a measurement: the project compared with the best peer and with the ceiling
 * that limits it.
 *
 * @module
 */
import type { Mode } from './cases'
import type { CellName } from './cells'
import { PROJECT } from './contenders'
import type { BuildMeasurement, Measurement, Outcome } from './results'
import { geometricMean, median, type Summary, summarize } from './statistics'
import { type Bound, boundOf } from './work'

export interface Verdict {
  readonly project: Summary | undefined
  /** Its time divided by the project's: above 1 the project is faster. */
  readonly best: { readonly name: string; readonly ratio: number } | undefined
  /** Undefined if no ceiling was measured. */
  readonly bound: Bound | undefined
  /** The share of the speed that the ceiling allows, from 0 to 1. */
  readonly fraction: number | undefined
}

export function judge(measurement: Measurement): Verdict {
  const timed = timesOf(measurement)
  const project = timed.get(PROJECT)
  const bound = bindingCeiling(measurement)
  return {
    project,
    best: project && bestPeer(timed, project),
    bound,
    fraction: project && bound && bound.seconds / project.median,
  }
}

function bindingCeiling({ work, flops, readBytes }: Measurement): Bound | undefined {
  if (flops.length === 0 || readBytes.length === 0) return undefined
  return boundOf(work, { flops: median(flops), readBytes: median(readBytes) })
}

/** The times of the measured contenders, by name. */
export function timesOf({ contenders }: Measurement): Map<string, Summary> {
  const times = new Map<string, Summary>()
  for (const { contender, outcome } of contenders) {
    const summary = summaryOf(outcome)
    if (summary) times.set(contender, summary)
  }
  return times
}

export function summaryOf(outcome: Outcome): Summary | undefined {
  return outcome.kind === 'timed' ? summarize(outcome.seconds) : undefined
}

function bestPeer(times: ReadonlyMap<string, Summary>, project: Summary): Verdict['best'] {
  const peers = [...times].filter(([name]) => name !== PROJECT)
  if (peers.length === 0) return undefined
  const [name, { median: seconds }] = peers.reduce((best, peer) =>
    peer[1].median < best[1].median ? peer : best,
  )
  return { name, ratio: seconds / project.median }
}

/** The ratios to the best peer over all measurements of a cell, a mode and a number of threads. */
export interface Overall {
  readonly cell: CellName
  readonly mode: string
  readonly threads: number
  readonly cases: number
  readonly least: number
  readonly mean: number
}

export function judgeAll(measurements: readonly Measurement[]): Overall[] {
  const groups = new Map<
    string,
    Pick<Overall, 'cell' | 'mode' | 'threads'> & { ratios: number[] }
  >()
  for (const measurement of measurements) {
    const ratio = judge(measurement).best?.ratio
    if (ratio === undefined) continue
    const { mode, threads } = measurement
    const { cell } = measurement.case
    const key = `${cell} ${mode} ${threads}`
    const group = groups.get(key) ?? { cell, mode, threads, ratios: [] }
    group.ratios.push(ratio)
    groups.set(key, group)
  }
  return [...groups.values()].map(({ cell, mode, threads, ratios }) => ({
    ...{ cell, mode, threads, cases: ratios.length },
    least: Math.min(...ratios),
    mean: geometricMean(ratios),
  }))
}

interface Goal {
  readonly cell: CellName
  readonly mode: Mode
  /** The best peer's time over the project's, at the least, in each case. */
  readonly ratio: number
}

/** What the project sets itself on one thread of the processor. */
const GOALS: readonly Goal[] = [
  { cell: 'lstm', mode: 'forward', ratio: 1.1 },
  { cell: 'lstm', mode: 'gradients', ratio: 1.3 },
]

/** A goal, and what was measured for it beside a peer. */
export interface GoalVerdict extends Goal {
  readonly cases: number
  readonly missed: readonly { readonly name: string; readonly ratio: number }[]
}

/** The goals that anything was measured for. */
export function judgeGoals(measurements: readonly Measurement[]): GoalVerdict[] {
  return GOALS.map((goal) => {
    const reached = measurements
      .filter(
        ({ case: { cell }, mode, threads }) =>
          threads === 1 && cell === goal.cell && mode === goal.mode,
      )
      .flatMap((measurement) => {
        const ratio = judge(measurement).best?.ratio
        return ratio === undefined ? [] : [{ name: measurement.case.name, ratio }]
      })
    const missed = reached.filter(({ ratio }) => ratio < goal.ratio)
    return { ...goal, cases: reached.length, missed }
  }).filter(({ cases }) => cases > 0)
}

/** Above 1 the build is faster than the one before. Undefined if one of the two was not timed. */
export function judgeBuilds({ before, after }: BuildMeasurement): Summary | undefined {
  if (before.kind !== 'timed' || after.kind !== 'timed') return undefined
  const rounds = Math.min(before.seconds.length, after.seconds.length)
  const ratios = before.seconds.slice(0, rounds).map((seconds, i) => seconds / after.seconds[i]!)
  return summarize(ratios)
}

/** A build may be slower by this share. */
export const BUILD_TOLERANCE = 0.02

/** The measurements in which the build is slower than that. */
export function slowerBuilds(measurements: readonly BuildMeasurement[]): BuildMeasurement[] {
  return measurements.filter((each) => {
    const ratio = judgeBuilds(each)
    return ratio !== undefined && ratio.median < 1 / (1 + BUILD_TOLERANCE)
  })
}
