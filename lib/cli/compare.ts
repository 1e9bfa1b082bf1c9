/**
 * `gru compare`: the results of several trainings side by side.
 *
 * @module
 */
import * as fs from 'node:fs/promises'
import * as path from 'node:path'
import { argumentError, describe, visible } from '../errors'
import { formatColumn, formatCount, formatPercent } from '../forecasting/numbers'
import type { RunResults, TargetEvaluation } from '../forecasting/results'
import { parseJson } from '../formats/json'
import { readTextFile } from '../formats/text-file'
import { replaceFile } from '../replace-file'
import { textTable } from '../text-table'
import type { Command } from './command'
import { checkGiven, readCommandLine } from './command-line'
import { MEASURES } from './contender-table'
import { formatDuration } from './durations'
import { FaultList } from './fault-list'
import { REPORT_OPTION } from './job-options'
import { describeOptions } from './option-help'
import { renderComparison } from './report/comparison'
import { RESULTS_FILE } from './run-folder'

export const COMPARE_HELP = `gru compare RUN...

Puts the errors of several trainings side by side. A run is the folder that gru train wrote, or the
file results.json in it.

${describeOptions([{ title: 'the output', options: REPORT_OPTION }])}`

/** Prints the errors of runs. */
export const compare: Command = async (args, { stdout }) => {
  const faults = new FaultList()
  const { positionals, given } = readCommandLine(args, REPORT_OPTION, faults)
  if (positionals.length === 0) {
    faults.add(argumentError('ERR_GRU_VALUE', 'arguments', 'RUN...', 'none'))
  }
  const { report } = checkGiven(REPORT_OPTION, given, faults)
  faults.throwIfAny()
  const runs = await readRuns(positionals, faults)
  const targets = new Set(runs.flatMap(({ targets }) => targets.map(({ name }) => name)))
  stdout.write([...targets].map((target) => compareTarget(runs, target)).join('\n'))
  stdout.write(`\n${describeRuns(runs)}`)
  if (report === undefined) return
  await replaceFile(report, renderComparison(runs))
  stdout.write(`saved ${report}\n`)
}

/** Faults of all runs are reported together. */
async function readRuns(places: readonly string[], faults: FaultList): Promise<RunResults[]> {
  const runs: RunResults[] = []
  for (const place of places) {
    const isFolder = (await fs.stat(place).catch(() => undefined))?.isDirectory() === true
    const file = isFolder ? path.join(place, RESULTS_FILE) : place
    const text = await readTextFile(file).catch((reason: unknown) => reason as Error)
    const run = faults.attempt(() => {
      if (typeof text !== 'string') throw text
      return checkResults(file, parseJson(text, file))
    })
    if (run !== undefined) runs.push(run)
  }
  faults.throwIfAny()
  return withNamesApart(runs, places)
}

/** Runs of one name, as trainings of one table have by default, are named by the places that the caller gave. */
function withNamesApart(runs: readonly RunResults[], places: readonly string[]): RunResults[] {
  const isShared = (name: string): boolean => runs.filter((run) => run.name === name).length > 1
  return runs.map((run, i) => (isShared(run.name) ? { ...run, name: places[i]! } : run))
}

function checkResults(file: string, value: unknown): RunResults {
  const isObject = typeof value === 'object' && value !== null
  const results = value as Partial<RunResults>
  if (isObject && results.version === 1 && Array.isArray(results.evaluation))
    return value as RunResults
  const got =
    isObject && 'version' in value ? `version ${describe(value.version)}` : describe(value)
  throw argumentError('ERR_GRU_FORMAT', file, 'the results of gru train, version 1', got)
}

/** The errors of one target: a line for each run that has it. */
function compareTarget(runs: readonly RunResults[], target: string): string {
  const having = runs.flatMap((run) => {
    const evaluation = run.evaluation.find((one) => one.target === target)
    return evaluation === undefined ? [] : [{ name: run.name, evaluation }]
  })
  const units = new Set(having.map(({ evaluation }) => evaluation.unit))
  const unit = units.size === 1 && !units.has('') ? ` (${[...units].join('')})` : ''
  const columns = MEASURES.map(([head, valueOf]) => {
    const values = having.map(({ evaluation }) => valueOf(evaluation.contenders[0]!.scores))
    return [head, ...formatColumn(values)]
  })
  const names = [visible(target) + unit, ...having.map(({ name }) => visible(name))]
  const best = ['best baseline', ...having.map(({ evaluation }) => bestBaseline(evaluation))]
  const skill = ['skill', ...having.map(({ evaluation }) => skillOf(evaluation))]
  const table = [names, best, ...columns, skill]
  return textTable(
    names.map((_, row) => table.map((column) => column[row]!)),
    2,
  )
}

/** The baseline with the smallest mean absolute error. */
function bestBaseline({ contenders }: TargetEvaluation): string {
  const [, ...baselines] = contenders
  const known = baselines.filter(({ scores }) => scores.mae !== null)
  if (known.length === 0) return '-'
  return known.reduce((best, one) => (one.scores.mae! < best.scores.mae! ? one : best)).name
}

function skillOf(evaluation: TargetEvaluation): string {
  const skill = evaluation.skill[bestBaseline(evaluation)] ?? null
  return skill === null ? '-' : formatPercent(skill)
}

function describeRuns(runs: readonly RunResults[]): string {
  const rows = runs.map(({ name, table, horizon, window, model, seconds }) => [
    ...[name, table.path].map(visible),
    ...[horizon, window, model.parameterCount].map(formatCount),
    formatDuration(seconds.training),
  ])
  const heads = ['run', 'table', 'horizon', 'window', 'parameters', 'training']
  return textTable([heads, ...rows], 2)
}
