/**
 * The comparison of training runs: one HTML page that loads nothing.
 *
 * @module
 */
import type { RunResults, TargetEvaluation } from '../../forecasting/results'
import { formatCount } from '../../forecasting/numbers'
import { formatDuration } from '../durations'
import { epochData } from './epoch-data'
import { measureData, MEASURES, type MeasureData } from './error-sections'
import { flattened } from './fact-sections'
import { chartPlace, paragraphs, section, shownName, shownText, table } from './markup'
import { type Page, renderPage } from './page'
import { percent } from './quantiles'
import { fitted } from './size'
import { pageHeader, tableOfContents } from './top'
import { columnWithBest, momentOf, NONE, skillOf, spanOf, withUnit } from './words'

/** A run under a name that no other run of the page has. */
interface NamedRun {
  readonly name: string
  readonly run: RunResults
}

/**
 * The page.
 *
 * @param runs - at least one
 * @throws GruError ERR_GRU_LOAD if uPlot is not installed
 */
export function renderComparison(runs: readonly RunResults[]): string {
  return fitted((share) => renderPage(pageOf(distinctNames(runs), share)))
}

function pageOf(runs: readonly NamedRun[], share: number): Page {
  const targets = targetsOf(runs)
  const sections = [
    errorSection(runs, targets),
    section(
      'horizons',
      'Errors by horizon',
      '<p>The errors of each run for each step ahead.</p>',
      chartPlace('horizons', 'the errors of each run for each step ahead'),
    ),
    section(
      'training',
      'Loss of the validation part',
      '<p>By epoch, on the scale on which each model was trained.</p>',
      chartPlace('losses', 'the loss of the validation part of each run by epoch'),
    ),
    runSection(runs),
    differenceSection(runs),
    verdictSection(runs),
  ]
  return {
    title: `Comparison of ${runs.length} runs`,
    body: `${pageHeader('Comparison', `${runs.length} runs side by side`, comparability(runs))}
<main>
${tableOfContents(sections)}
${sections.join('\n')}
</main>`,
    data: {
      measures: targets.map((target) => runMeasures(runs, target)),
      losses: runs.map(({ name, run }) => lossesOf(name, run, share / runs.length)),
    },
  }
}

/** Runs with equal names are numbered. */
function distinctNames(runs: readonly RunResults[]): NamedRun[] {
  const used = new Set<string>()
  return runs.map((run) => {
    let name = run.name
    for (let number = 2; used.has(name); number++) name = `${run.name} (${number})`
    used.add(name)
    return { name, run }
  })
}

function targetsOf(runs: readonly NamedRun[]): string[] {
  return [...new Set(runs.flatMap(({ run }) => run.evaluation.map(({ target }) => target)))]
}

function evaluationOf(run: RunResults, target: string): TargetEvaluation | undefined {
  return run.evaluation.find((one) => one.target === target)
}

/** Sentences that say whether the runs' errors may be compared. */
function comparability(runs: readonly NamedRun[]): string[] {
  const keys: [string, (run: RunResults) => unknown][] = [
    ['tables', ({ table }) => table.path],
    ['test parts', ({ parts }) => [parts.test.first, parts.test.last]],
    ['horizons', ({ horizon, step }) => [horizon, step]],
    ['targets', ({ targets }) => targets],
    ['series', ({ series }) => series],
  ]
  const different = keys
    .filter(([, of]) => new Set(runs.map(({ run }) => JSON.stringify(of(run)))).size > 1)
    .map(([name]) => name)
  if (different.length === 0)
    return [
      'All runs forecast the same targets of the same table, and were tested on the same part.',
    ]
  return [
    `These runs have different ${different.join(', ')}. Their errors are not those of the same task: ` +
      'compare them with care.',
  ]
}

function errorSection(runs: readonly NamedRun[], targets: readonly string[]): string {
  return section(
    'errors',
    'Errors over the test part',
    '<p>The best figure of each column is marked. Skill is the share of the MAE of the best baseline ' +
      'that the model avoids: above 0 the model is better.</p>',
    ...targets.map((target) => errorTable(runs, target)),
  )
}

function errorTable(runs: readonly NamedRun[], target: string): string {
  const models = runs.map(({ run }) => evaluationOf(run, target))
  const units = [...new Set(models.flatMap((one) => (one === undefined ? [] : [one.unit])))]
  const unit = units.length === 1 ? units[0]! : ''
  const measures = MEASURES.map(({ key, name, hasUnit }) => ({
    name: hasUnit ? withUnit(name, unit) : name,
    values: models.map((one) => one?.contenders[0]!.scores[key] ?? null),
  })).filter(({ values }) => values.some((value) => value !== null))
  const columns = measures.map(({ values }) => columnWithBest(values))
  return table({
    caption: `Errors of the models for ${withUnit(target, unit)}`,
    heads: ['run', ...measures.map(({ name }) => name), 'coverage', 'best baseline', 'skill'],
    rows: runs.map(({ name }, i) => [
      name,
      ...columns.map((cells) => cells[i]!),
      coverageOf(models[i]),
      ...bestBaseline(models[i]),
    ]),
  })
}

function coverageOf(evaluation: TargetEvaluation | undefined): string {
  const coverage = evaluation?.coverage
  if (coverage === null || coverage?.test == null) return NONE
  return `${percent(coverage.test)} of ${percent(coverage.nominal)}`
}

/** The name of the baseline with the smallest error, and the model's skill beside it. */
function bestBaseline(evaluation: TargetEvaluation | undefined): [string, string] {
  const known = (evaluation?.contenders.slice(1) ?? []).filter(({ scores }) => scores.mae !== null)
  const [best] = known.sort((a, b) => a.scores.mae! - b.scores.mae!)
  if (best === undefined) return [NONE, NONE]
  const { contenders, skill } = evaluation!
  const [model] = contenders
  return [best.name, skillOf(skill[best.name] ?? null, model!.scores.mae, best.scores.mae)]
}

function runSection(runs: readonly NamedRun[]): string {
  return section(
    'runs',
    'The runs',
    table({
      caption: 'Models and the time they took',
      heads: ['run', 'model', 'parameters', 'horizon', 'window', 'best epoch', 'training', 'made'],
      rows: runs.map(({ name, run }) => [
        name,
        run.model.description,
        formatCount(run.model.parameterCount),
        spanOf(run.horizon, run.step),
        spanOf(run.window, run.step),
        `${run.bestEpoch} of ${run.epochs.length}`,
        formatDuration(run.seconds.training),
        momentOf(run.created),
      ]),
    }),
  )
}

function differenceSection(runs: readonly NamedRun[]): string {
  const jobs = runs.map(({ run }) => new Map(flattened(run.job)))
  const keys = [...new Set(jobs.flatMap((job) => [...job.keys()]))]
  const different = keys.filter((key) => new Set(jobs.map((job) => job.get(key))).size > 1)
  return section(
    'differences',
    'Where the jobs differ',
    different.length === 0
      ? '<p>All options are the same.</p>'
      : table({
          caption: 'Options that are not the same in all runs',
          heads: ['option', ...runs.map(({ name }) => shownName(name))],
          rows: different.map((key) => [key, ...jobs.map((job) => job.get(key) ?? NONE)]),
        }),
  )
}

function verdictSection(runs: readonly NamedRun[]): string {
  const parts = runs.map(
    ({ name, run }) =>
      `<h3>${shownText(shownName(name))}</h3>\n${paragraphs(run.verdict, 'plain')}`,
  )
  return section('verdicts', 'What each run says', ...parts)
}

function runMeasures(runs: readonly NamedRun[], target: string): MeasureData {
  const known = runs.flatMap(({ name, run }) => {
    const evaluation = evaluationOf(run, target)
    return evaluation === undefined ? [] : [{ name, evaluation }]
  })
  const units = new Set(known.map(({ evaluation }) => evaluation.unit))
  const unit = units.size === 1 ? [...units][0]! : ''
  const contenders = known.map(({ name, evaluation }) => ({
    name,
    byHorizon: evaluation.contenders[0]!.byHorizon,
  }))
  return measureData({ target, unit }, contenders)
}

function lossesOf(name: string, run: RunResults, share: number): object {
  const { columns } = epochData(run, share)
  return { name, epochs: columns.epoch, values: columns.validationLoss }
}
