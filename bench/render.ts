/**
 * A report as text.
 *
 * @module
 */
import { DEEPBENCH_STEPS, hasCutSteps } from './cases'
import { PROJECT } from './contenders'
import { markdownTable } from './markdown-table'
import type {
  BuildMeasurement,
  CallMeasurement,
  ContentionMeasurement,
  MemoryMeasurement,
  Outcome,
  RecomputeMeasurement,
  Report,
  TrainingCost,
} from './results'
import { geometricMean, median, type Summary, summarize } from './statistics'
import {
  BUILD_TOLERANCE,
  judge,
  judgeAll,
  judgeBuilds,
  judgeGoals,
  slowerBuilds,
  summaryOf,
} from './verdict'

export function renderReport(report: Report): string {
  return [
    renderHead(report),
    ...(report.measurements.length > 0
      ? [renderSpeed(report), renderOverall(report), renderGoals(report)]
      : []),
    ...(report.call ? [renderCall(report.call)] : []),
    ...(report.memory ? [renderMemory(report.memory)] : []),
    ...(report.recompute.length > 0 ? [renderRecompute(report.recompute)] : []),
    ...(report.contention.length > 0 ? [renderContention(report.contention)] : []),
    ...(report.before === undefined ? [] : [renderBuilds(report.before, report.builds)]),
    renderRemarks(report),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

function renderHead({ date, command, machine, project, gpu, measurements }: Report): string {
  const gibibytes = Math.round(machine.memoryBytes / 2 ** 30)
  const versions = new Map<string, string>()
  for (const { contender, outcome } of measurements.flatMap(({ contenders }) => contenders)) {
    if ('version' in outcome) versions.set(contender, outcome.version)
  }
  versions.delete(PROJECT)
  const peers = [...versions].map(([name, version]) => `${name} ${version}`)
  return [
    `${date}  ${command}`,
    `${machine.processor}, ${machine.cores} cores, ${gibibytes} GiB, ${machine.system}, Node ${machine.node}`,
    ...(gpu ? [`${gpu.device}: ${gpu.name}; every call from the host's memory and back`] : []),
    `${PROJECT} ${project.version} (${project.isa}, BLAS ${project.blas})${peers.length > 0 ? ` beside ${peers.join(', ')}` : ''}`,
  ].join('\n')
}

function renderSpeed({ measurements }: Report): string {
  const isTimed = (name: string): boolean =>
    measurements.some(({ contenders }) =>
      contenders.some(
        ({ contender, outcome }) => contender === name && outcome.kind !== 'unsupported',
      ),
    )
  const names = measurements[0]!.contenders.map(({ contender }) => contender).filter(isTimed)
  const rows = measurements.map((measurement) => {
    const { best, bound, fraction } = judge(measurement)
    const cells = names.map((name) =>
      renderOutcome(measurement.contenders.find(({ contender }) => contender === name)?.outcome),
    )
    return [
      measurement.case.name,
      measurement.mode,
      String(measurement.threads),
      ...cells,
      best ? `${best.ratio.toFixed(2)} ${best.name}` : '-',
      bound === undefined || fraction === undefined
        ? '-'
        : `${Math.round(100 * fraction)} % ${bound.kind}`,
    ]
  })
  const header = ['case', 'mode', 'threads', ...names, 'best peer / project', 'of ceiling']
  return `Microseconds a call: median (quartiles)\n\n${markdownTable(header, rows)}`
}

function renderOutcome(outcome: Outcome | undefined): string {
  if (outcome === undefined || outcome.kind === 'unsupported') return '-'
  return outcome.kind === 'timed' ? renderSummary(summaryOf(outcome)!) : outcome.kind
}

/** Seconds as microseconds: median (lower-upper quartile). */
function renderSummary({ median: middle, lower, upper }: Summary): string {
  return `${microseconds(middle)} (${microseconds(lower)}-${microseconds(upper)})`
}

/** Three significant digits, without an exponent. */
export function microseconds(seconds: number): string {
  const value = seconds * 1e6
  return value >= 100 ? String(Math.round(value)) : value.toPrecision(3)
}

function renderOverall({ measurements }: Report): string {
  const rows = judgeAll(measurements).map(({ cell, mode, threads, cases, least, mean }) => [
    cell,
    mode,
    String(threads),
    String(cases),
    least.toFixed(2),
    mean.toFixed(2),
  ])
  if (rows.length === 0) return ''
  const header = ['best peer / project', 'mode', 'threads', 'cases', 'least', 'geometric mean']
  return markdownTable(header, rows)
}

/** A GPU has no goals. */
function renderGoals({ gpu, measurements }: Report): string {
  const goals = gpu === undefined ? judgeGoals(measurements) : []
  return goals
    .map(({ cell, mode, ratio, cases, missed }) => {
      const short = missed.map((each) => `${each.name} (${each.ratio.toFixed(2)})`)
      const reached = `${cases - missed.length} of ${cases} cases reach the goal of ${ratio}`
      const below = short.length > 0 ? `; below it: ${short.join(', ')}` : ''
      return `${cell}, ${mode}, 1 thread: ${reached}${below}`
    })
    .join('\n')
}

function renderCall({ case: name, library, binding, native }: CallMeasurement): string {
  const rows = Object.entries({ library, binding, native }).map(([from, outcome]) => [
    `called through the ${from === 'native' ? 'C++ interface' : from}`,
    renderOutcome(outcome),
  ])
  const extra = difference(library, native)
  return [
    `One forward call of ${name} on one thread, microseconds: median (quartiles)`,
    markdownTable(['', 'microseconds'], rows),
    ...(extra === undefined ? [] : [`JavaScript adds ${microseconds(extra)} microseconds.`]),
  ].join('\n\n')
}

function difference(one: Outcome, other: Outcome): number | undefined {
  const first = summaryOf(one)
  const second = summaryOf(other)
  return first && second && first.median - second.median
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1)
}

function renderMemory({ case: name, threads, need, contenders }: MemoryMeasurement): string {
  const parts = Object.entries<number>({ ...need }).map(([part, bytes]) => [part, mebibytes(bytes)])
  const rows = contenders.map(({ contender, version, peak, start }) => [
    `${contender} ${version}`,
    mebibytes(peak),
    mebibytes(start),
    mebibytes(peak - start),
    (peak / need.sum).toFixed(2),
    ((peak - start) / need.sum).toFixed(2),
  ])
  const header = ['', 'peak', 'before any tensor', 'difference', 'peak / sum', 'difference / sum']
  return [
    `Memory of forward + backward at ${name}, ${threads} threads, MiB: what must be there`,
    markdownTable(['', 'MiB'], parts),
    'and the largest resident set of the process',
    markdownTable(header, rows),
  ].join('\n\n')
}

function renderRecompute(measurements: readonly RecomputeMeasurement[]): string {
  const rows = measurements.flatMap(({ case: name, threads, kept, recomputed }) => {
    const seconds = (cost: TrainingCost): number => median(cost.seconds)
    const ratios = [
      seconds(recomputed) / seconds(kept),
      ...(['held', 'peak'] as const).map((part) => recomputed[part] / kept[part]),
      (recomputed.peak - recomputed.start) / (kept.peak - kept.start),
    ]
    const costs = [kept, recomputed].map((cost) => [
      renderSummary(summarize(cost.seconds)),
      ...[cost.held, cost.peak, cost.peak - cost.start].map(mebibytes),
    ])
    const cells = [...costs, ratios.map((ratio) => ratio.toFixed(2))]
    const what = ['kept', 'computed again', 'ratio']
    return cells.map((each, i) => [name, String(threads), what[i]!, ...each])
  })
  const header = [
    ...['case', 'threads', 'activations', 'microseconds', 'held, MiB', 'peak, MiB'],
    'peak above start, MiB',
  ]
  return [
    'A training step with and without recomputeActivations: median (quartiles) of its time, the device memory of model',
    'and trainer, and the largest resident set of the process',
    `\n${markdownTable(header, rows)}`,
  ].join('\n')
}

function renderContention(measurements: readonly ContentionMeasurement[]): string {
  const rows = measurements.map(({ case: name, mode, threads, alone, contended }) => [
    name,
    mode,
    microseconds(median(alone)),
    String(threads),
    microseconds(median(contended)),
    (median(contended) / median(alone)).toFixed(2),
  ])
  const header = ['case', 'mode', '1 thread, alone', 'threads', 'beside busy processes', 'ratio']
  return `Beside as many busy processes as cores, microseconds: medians\n\n${markdownTable(header, rows)}`
}

function renderBuilds(before: string, measurements: readonly BuildMeasurement[]): string {
  const rows = measurements.map((each) => {
    const ratio = judgeBuilds(each)
    return [
      each.case,
      each.mode,
      String(each.threads),
      renderOutcome(each.before),
      renderOutcome(each.after),
      ratio
        ? `${ratio.median.toFixed(3)} (${ratio.lower.toFixed(3)}-${ratio.upper.toFixed(3)})`
        : '-',
    ]
  })
  const header = ['case', 'mode', 'threads', 'before', 'after', 'before / after']
  return [
    `Before: the build in ${before}. Microseconds a call, and ratios of the same round: median (quartiles)`,
    markdownTable(header, rows),
    renderSlower(measurements),
  ].join('\n\n')
}

function renderSlower(measurements: readonly BuildMeasurement[]): string {
  const timed = measurements.flatMap((each) => judgeBuilds(each)?.median ?? [])
  const slower = slowerBuilds(measurements).map(
    ({ case: name, mode, threads }) => `\n- ${name}, ${mode}, threads: ${threads}`,
  )
  const mean = timed.length > 0 ? `; geometric mean ${geometricMean(timed).toFixed(3)}` : ''
  return `${slower.length} of ${timed.length} are more than ${100 * BUILD_TOLERANCE} % slower${mean}${slower.join('')}`
}

function renderRemarks({ absent, measurements, builds }: Report): string {
  const remarks = new Set(absent.map(({ name, reason }) => `${name} left out: ${reason}`))
  for (const { case: given, mode, threads, contenders } of measurements) {
    for (const { contender, outcome } of contenders) {
      if (outcome.kind === 'unsupported') remarks.add(`${contender} ${outcome.reason}`)
      else if (outcome.kind !== 'timed') {
        const where = `${given.name}, ${mode}, ${threads} threads`
        remarks.add(`${contender} ${outcome.kind} at ${where}: ${outcome.reason}`)
      }
    }
  }
  for (const { case: name, mode, threads, ...outcomes } of builds) {
    for (const [build, outcome] of Object.entries<Outcome>(outcomes)) {
      if (!('reason' in outcome)) continue
      remarks.add(
        `${build} ${outcome.kind} at ${name}, ${mode}, ${threads} threads: ${outcome.reason}`,
      )
    }
  }
  if (measurements.some(({ case: given }) => hasCutSteps(given))) {
    remarks.add(`DeepBench's sizes of a GRU, with its 1500 steps cut to ${DEEPBENCH_STEPS}`)
  }
  return [...remarks].map((remark) => `- ${remark}`).join('\n')
}
