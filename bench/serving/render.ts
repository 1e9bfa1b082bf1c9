/**
 * The figures of serving as tables, readable as text and as Markdown.
 *
 * @module
 */
import { markdownTable } from '../markdown-table'
import { microseconds } from '../render'
import { median } from '../statistics'
import type { AbortMeasurement } from './aborts'
import { PEER } from './cases'
import type { GrowthMeasurement } from './growth'
import type { OverloadFigures, OverloadMeasurement } from './overload'
import type { PauseFigures, PauseMeasurement } from './pauses'
import { judgeProcesses, type ProcessesMeasurement } from './processes'
import type { ServingReport } from './results'
import type { SpeedMeasurement } from './speed'

export function renderServing(report: ServingReport): string {
  return [
    renderHead(report),
    ...(report.speed.length > 0 ? [renderSpeed(report.speed)] : []),
    ...(report.processes ? [renderProcesses(report.processes)] : []),
    ...(report.overload ? [renderOverload(report.overload)] : []),
    ...(report.aborts ? [renderAborts(report.aborts)] : []),
    ...(report.pauses ? [renderPauses(report.pauses)] : []),
    ...(report.growth ? [renderGrowth(report.growth)] : []),
  ].join('\n\n')
}

function renderHead({ date, command, machine, project, peer }: ServingReport): string {
  const beside =
    'version' in peer ? `beside ${PEER} ${peer.version}` : `${PEER} left out: ${peer.reason}`
  return [
    `${date}  ${command}`,
    `${machine.processor}, ${machine.cores} cores, ${machine.system}, Node ${machine.node}`,
    `gru-native ${project.version} (${project.isa}), ${beside}`,
  ].join('\n')
}

function renderSpeed(measurements: readonly SpeedMeasurement[]): string {
  const rows = measurements.flatMap(({ name, lanes }) => {
    const peers = lanes.filter(({ isPeer }) => isPeer).map(({ seconds }) => median(seconds))
    const best = Math.min(...peers)
    return lanes.map(({ name: lane, isPeer, seconds }) => [
      name,
      lane,
      microseconds(median(seconds)),
      isPeer || peers.length === 0 ? '' : (best / median(seconds)).toFixed(2),
    ])
  })
  const header = ['microseconds for each request: medians', 'call', 'us', 'best peer / call']
  return markdownTable(header, rows)
}

const milliseconds = (seconds: number): string => (seconds * 1000).toFixed(2)
const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1)
const whole = (value: number): string => String(Math.round(value))

function renderProcesses(measurements: readonly ProcessesMeasurement[]): string {
  const rows = measurements.map(({ setting, processes, requestsPerSecond, p99 }) => [
    setting,
    String(processes),
    whole(median(requestsPerSecond)),
    milliseconds(median(p99)),
  ])
  const header = ['100 steps, H 256', 'processes', 'requests a second', 'p99, ms']
  const judged = judgeProcesses(measurements).map(({ processes, throughput, p99 }) => [
    String(processes),
    throughput.toFixed(2),
    p99.toFixed(2),
  ])
  const ratios = ['processes', 'default threads / best setting', 'p99 / best p99']
  return `${markdownTable(header, rows)}\n\n${markdownTable(ratios, judged)}`
}

function renderOverload(measurements: readonly OverloadMeasurement[]): string {
  const columns: readonly [string, (figures: OverloadFigures) => number, typeof whole][] = [
    ['bears, requests a second', (each) => each.capacity, whole],
    ['p99 then, ms', (each) => each.p99AtCapacity, milliseconds],
    ['came, a second', (each) => each.arrived, whole],
    ['answered in time, a second', (each) => each.answered, whole],
    ['refused, a second', (each) => each.refused, whole],
    ['pending, most', (each) => each.pending, whole],
    ['median, ms', (each) => each.median, milliseconds],
    ['p99, ms', (each) => each.p99, milliseconds],
    ['lateness, p99, ms', (each) => each.lateness, milliseconds],
    ['most, ms', (each) => each.largestLateness, milliseconds],
  ]
  const rows = columns.map(([name, of, show]) => [
    name,
    ...measurements.map(({ rounds }) => show(median(rounds.map(of)))),
  ])
  const header = ['100 steps, H 256: twice the load', ...measurements.map(({ name }) => name)]
  return markdownTable(header, rows)
}

function renderAborts(measurements: readonly AbortMeasurement[]): string {
  const rows = measurements.map(({ name, rejected, answered }) => [
    name,
    milliseconds(median(rejected)),
    milliseconds(Math.max(...rejected)),
    milliseconds(median(answered)),
  ])
  const header = [
    'one abort among 100 calls',
    'rejected after, ms',
    'at most',
    'all answered after, ms',
  ]
  return markdownTable(header, rows)
}

function renderPauses(measurements: readonly PauseMeasurement[]): string {
  const rows = measurements.flatMap(({ name, fileBytes, rounds }) =>
    rounds[0]!.map(({ call }, i) => {
      const of = (figure: (each: PauseFigures) => number): number =>
        median(rounds.map((calls) => figure(calls[i]!)))
      return [
        `${name}: ${call}`,
        of(({ seconds }) => seconds).toFixed(2),
        milliseconds(of(({ pause }) => pause)),
        mebibytes(of(({ growth }) => growth)),
        mebibytes(fileBytes),
      ]
    }),
  )
  const { parameters } = measurements[0]!
  const header = [
    `${(parameters / 1e6).toFixed(1)} million parameters`,
    ...['seconds', 'longest pause, ms', 'peak memory grew by, MiB', 'file, MiB'],
  ]
  return markdownTable(header, rows)
}

function renderGrowth(measurements: readonly GrowthMeasurement[]): string {
  const rows = measurements.map(({ objects, count, before, growth, seconds }) => [
    `${count} ${objects}`,
    mebibytes(before),
    mebibytes(growth),
    seconds.toFixed(1),
  ])
  const header = [
    'created and dropped, without dispose',
    ...['MiB before', 'most above it, MiB', 'seconds'],
  ]
  return markdownTable(header, rows)
}
