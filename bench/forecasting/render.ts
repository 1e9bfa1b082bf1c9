/**
 * The tables of the bench of forecasting.
 *
 * @module
 */
import type { Scores } from 'gru-native/forecasting/results'
import { markdownTable } from '../markdown-table'
import type { Judgement, Training } from './job'
import type { ForecastingReport, SetMeasurement } from './results'

export function renderForecasting(report: ForecastingReport): string {
  const { machine, project, peer, seeds, sets, absent, date, command } = report
  const pytorch = 'version' in peer ? `PyTorch ${peer.version}` : `no PyTorch: ${peer.reason}`
  return [
    `${date.slice(0, 10)}, ${machine.processor}, ${machine.cores} cores, ${machine.node}`,
    `gru-native ${project.version} (${project.isa}, threads: ${project.threads}), ${pytorch}`,
    `seeds: ${seeds}, ${command}`,
    ...absent.map(({ name, reason }) => `${name} left out: ${reason}`),
    ...(sets.length === 0
      ? []
      : [renderSets(sets), renderQuality(sets), renderBaselines(sets), renderPeers(sets)].map(
          (table) => `\n${table}`,
        )),
  ].join('\n')
}

const mean = (figures: readonly number[]): number =>
  figures.reduce((sum, figure) => sum + figure, 0) / figures.length

/** Three digits that matter, and no exponent below a million. */
function short(figure: number): string {
  const rounded = Number(figure.toPrecision(3))
  return Math.abs(rounded) >= 100 ? String(rounded) : figure.toPrecision(3)
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`

type Figure = 'mae' | 'rmse' | 'mase' | 'pinball' | 'coverage'

const modelScores = ({ contenders }: Judgement): Scores => contenders[0]!.scores

function meanOf(runs: readonly Judgement[], figure: Figure): number {
  return mean(runs.map((run) => modelScores(run)[figure] ?? NaN))
}

/** The mean over the seeds, and the lowest and highest. */
function withRange(runs: readonly Judgement[], figure: Figure): string {
  const figures = runs.map((run) => modelScores(run)[figure] ?? NaN)
  if (figures.length === 0) return '-'
  if (figures.length === 1) return short(figures[0]!)
  return `${short(mean(figures))} (${short(Math.min(...figures))} to ${short(Math.max(...figures))})`
}

/** 1 - the model's error / the baseline's. */
const skill = (runs: readonly Judgement[], baseline: number): string =>
  percent(1 - meanOf(runs, 'mae') / baseline)

function renderSets(sets: readonly SetMeasurement[]): string {
  const rows = sets.map(({ set, gru: [first] }) => [
    set.name,
    first!.step,
    String(first!.series),
    String(first!.rows),
    set.target,
    ...[set.horizon, first!.window, first!.windows].map(String),
    first!.seasons.join(', ') || '-',
    first!.difference,
  ])
  const header = [
    ...['data set', 'step', 'series', 'rows', 'target', 'horizon', 'window'],
    ...['windows of training', 'seasons', 'difference'],
  ]
  return markdownTable(header, rows)
}

function renderQuality(sets: readonly SetMeasurement[]): string {
  const rows = sets.map(({ set, gru }) => [
    set.name,
    withRange(gru, 'mae'),
    ...(['rmse', 'mase', 'pinball'] as const).map((figure) => short(meanOf(gru, figure))),
    percent(meanOf(gru, 'coverage')),
    ...bestBaseline(gru),
    ...seasonalNaive(gru),
  ])
  const header = [
    ...['data set', 'MAE', 'RMSE', 'MASE', 'pinball', 'covered by 80 %'],
    ...['best baseline', 'its MAE', 'skill', 'seasonal naive: MAE', 'skill'],
  ]
  return markdownTable(header, rows)
}

type Named = Judgement['contenders'][number]

const maeOf = ({ scores }: Named): number => scores.mae ?? Infinity

function best(contenders: readonly Named[]): Named | undefined {
  const lowest = Math.min(...contenders.map(maeOf))
  return contenders.find((contender) => maeOf(contender) === lowest)
}

function bestBaseline(runs: readonly Judgement[]): string[] {
  const found = best(runs[0]!.contenders.slice(1))!
  return [found.name, short(maeOf(found)), skill(runs, maeOf(found))]
}

function seasonalNaive(runs: readonly Judgement[]): string[] {
  const found = best(runs[0]!.contenders.filter(({ name }) => name.startsWith('seasonal naive')))
  return found === undefined ? ['-', '-'] : [short(maeOf(found)), skill(runs, maeOf(found))]
}

function renderBaselines(sets: readonly SetMeasurement[]): string {
  const rows = sets.flatMap(({ set, gru }) =>
    gru[0]!.contenders
      .slice(1)
      .map((baseline) => [
        set.name,
        baseline.name,
        short(maeOf(baseline)),
        skill(gru, maeOf(baseline)),
      ]),
  )
  return markdownTable(['data set', 'baseline', 'MAE', 'skill of the model'], rows)
}

function renderPeers(sets: readonly SetMeasurement[]): string {
  const rows = sets.map(({ set, gru, pytorch, lstm }) => [
    set.name,
    ...[gru, pytorch, lstm].map((runs) => withRange(runs, 'mae')),
    ...[gru, pytorch, lstm].map((runs) => meanTime(runs, ({ seconds }) => seconds)),
    // Trainings end after different numbers of epochs.
    ...[gru, pytorch, lstm].map((runs) =>
      meanTime(runs, ({ seconds, epochs }) => (1000 * seconds) / epochs),
    ),
    ...[gru, lstm].map((runs) => String(runs[0]!.parameters)),
  ])
  const names = ['GRU', 'PyTorch', 'LSTM']
  const header = [
    'data set',
    ...names.map((name) => `MAE: ${name}`),
    ...names.map((name) => `seconds: ${name}`),
    ...names.map((name) => `ms an epoch: ${name}`),
    ...['parameters: GRU', 'LSTM'],
  ]
  return markdownTable(header, rows)
}

function meanTime(runs: readonly Training[], timeOf: (run: Training) => number): string {
  return runs.length === 0 ? '-' : short(mean(runs.map(timeOf)))
}
