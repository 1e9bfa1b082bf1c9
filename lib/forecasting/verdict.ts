/**
 * The verdict of an evaluation: whether the model is of use.
 *
 * @module
 */
import { formatColumn, formatPercent, isPrintedAlike, withUnit } from './numbers'
import type { Contender, Scores, TargetEvaluation } from './results'

/** An error that is compared, and its name in a sentence. */
const MEASURES = ['mae', 'rmse'] as const
type Measure = (typeof MEASURES)[number]
const NAMES: Readonly<Record<Measure, string>> = {
  mae: 'mean absolute error',
  rmse: 'root of the mean squared error',
}

/**
 * A larger distance of the test part's coverage from the nominal share is worth a remark, if it is also more than two
 * standard errors of a share of so many forecasts.
 */
const COVERAGE_SLACK = 0.05

/** The number of series that a sentence names. */
const MOST_LISTED = 8

/**
 * Sentences that say which baselines the model beats and which not, at which horizons and for which series a baseline
 * is better, and whether the interval covers what it should.
 *
 * Errors are compared as they are; those that six digits do not tell apart are called equal. `errorTable` prints as many
 * digits as it takes to tell the others apart, so that it never contradicts the verdict.
 *
 * @param series The names of the table's series, in its order.
 */
export function verdictOf(
  evaluations: readonly TargetEvaluation[],
  series: readonly string[],
): string[] {
  return evaluations.flatMap((evaluation) => {
    const prefix = evaluations.length > 1 ? `${evaluation.target}: ` : ''
    return sentencesOf(evaluation, series).map((sentence) => `${prefix}${sentence}`)
  })
}

function sentencesOf(evaluation: TargetEvaluation, series: readonly string[]): string[] {
  const [model, ...baselines] = evaluation.contenders
  if (model === undefined || model.scores.count === 0) {
    return [
      'There is no verdict: the test part has no value that could be compared with a forecast.',
    ]
  }
  if (model.scores.mae === null) {
    return ['The model is of no use: the errors of its forecasts are not finite.']
  }
  return [
    ...overall(model, baselines, evaluation.unit),
    ...horizonsOf(evaluation),
    ...seriesOf(evaluation, series),
    ...coverageOf(evaluation),
  ]
}

/** How the model compares with one baseline. */
interface Comparison {
  readonly baseline: Contender
  /** The measures on which the model is not better. */
  readonly notBetter: readonly Measure[]
}

function overall(model: Contender, baselines: readonly Contender[], unit: string): string[] {
  const comparisons = baselines.map((baseline): Comparison => ({
    baseline,
    notBetter: MEASURES.filter((measure) => !isBetter(model.scores, baseline.scores, measure)),
  }))
  const beaten = comparisons.filter(({ notBetter }) => notBetter.length === 0)
  const others = comparisons.filter(({ notBetter }) => notBetter.length > 0)
  if (others.length === 0) return beaten.length === 0 ? [] : [success(model, baselines, unit)]
  const names = beaten.map(({ baseline }) => baseline.name)
  return [
    `The model does not beat ${listOf(others.map((other) => failure(model, other, unit)))}.`,
    names.length === 0 ? 'It beats no baseline.' : `It beats ${listOf(names)} on both measures.`,
  ]
}

function success(model: Contender, baselines: readonly Contender[], unit: string): string {
  const best = bestOf(baselines, ({ scores }) => scores.mae)!
  const [own, other] = pair(model.scores, best.scores, 'mae', unit)
  const lower = formatPercent(1 - model.scores.mae! / best.scores.mae!)
  return (
    `The model beats every baseline on both measures: its ${NAMES.mae} of ${own} is ${lower} ` +
    `lower than that of the best baseline, ${best.name}, which is ${other}.`
  )
}

function failure(model: Contender, { baseline, notBetter }: Comparison, unit: string): string {
  if (model.scores.count !== baseline.scores.count) {
    return `${baseline.name} (it has forecast other values than the model)`
  }
  const figures = notBetter.map((measure) => {
    const [own, other] = pair(model.scores, baseline.scores, measure, unit)
    return `${NAMES[measure]} ${own} against ${other}`
  })
  return `${baseline.name} (${figures.join(', ')})`
}

/** The model's error and the baseline's, with as many digits as it takes to tell them apart. */
function pair(model: Scores, baseline: Scores, measure: Measure, unit: string): string[] {
  const [own, other] = formatColumn([model[measure], baseline[measure]])
  return [withUnit(own!, unit), withUnit(other!, unit)]
}

/** Whether the model's error is smaller, in the digits that are printed. */
function isBetter(model: Scores, baseline: Scores, measure: Measure): boolean {
  const own = model[measure]
  const other = baseline[measure]
  if (own === null || other === null || model.count !== baseline.count) return false
  return own < other && !isPrintedAlike(own, other)
}

/** Horizons or series, by name, at which some baseline has the lower error. */
function exceptionsOf(
  [model, ...baselines]: readonly Contender[],
  part: 'byHorizon' | 'bySeries',
  names: readonly string[],
): string[] {
  return names.filter((_, i) =>
    baselines.some((baseline) => isBetter(baseline[part][i]!, model![part][i]!, 'mae')),
  )
}

function horizonsOf({ contenders }: TargetEvaluation): string[] {
  const horizon = contenders[0]!.byHorizon.length
  if (horizon === 1) return []
  const steps = Array.from({ length: horizon }, (_, step) => String(step + 1))
  const worse = exceptionsOf(contenders, 'byHorizon', steps)
  if (worse.length === 0) return []
  const which =
    worse.length === horizon ? 'at every horizon' : `${listOf(runsOf(worse))} steps ahead`
  return [`A baseline has the lower ${NAMES.mae} ${which}.`]
}

function seriesOf({ contenders }: TargetEvaluation, series: readonly string[]): string[] {
  if (series.length === 1) return []
  const worse = exceptionsOf(contenders, 'bySeries', series)
  if (worse.length === 0) return []
  const shown = worse.slice(0, MOST_LISTED).join(', ')
  const more = worse.length > MOST_LISTED ? `, and ${worse.length - MOST_LISTED} more` : ''
  return [
    `A baseline has the lower ${NAMES.mae} for ${worse.length} of ${series.length} series: ${shown}${more}.`,
  ]
}

function coverageOf({ coverage, contenders }: TargetEvaluation): string[] {
  if (coverage === null || coverage.test === null) return []
  const { nominal, validation, test } = coverage
  const calibrated =
    validation === null ? '' : `${formatPercent(validation)} of the validation part and `
  const excess = test - nominal
  // Forecasts of one origin are hardly independent: each origin counts once.
  const origins = contenders[0]!.byHorizon[0]!.count
  const slack = Math.max(COVERAGE_SLACK, 2 * Math.sqrt((nominal * (1 - nominal)) / origins))
  const remark = excess > 0 ? ': it is too wide there' : ': it is too narrow there'
  return [
    `The interval for ${wholePercent(nominal)} covers ${calibrated}${formatPercent(test)} of the test part` +
      `${Math.abs(excess) > slack ? remark : ''}.`,
  ]
}

/** A share that was chosen, and so has few digits. */
function wholePercent(share: number): string {
  return `${Number((100 * share).toPrecision(6))} %`
}

/** 1, 2, 3, 7 as '1 to 3', '7'. */
function runsOf(steps: readonly string[]): string[] {
  const runs: number[][] = []
  for (const step of steps.map(Number)) {
    const run = runs.at(-1)
    if (run?.at(-1) === step - 1) run.push(step)
    else runs.push([step])
  }
  return runs.map((run) => (run.length < 3 ? run.join(', ') : `${run[0]} to ${run.at(-1)}`))
}

function bestOf<T>(items: readonly T[], valueOf: (item: T) => number | null): T | undefined {
  const values = items.map((item) => valueOf(item) ?? Infinity)
  return items[values.indexOf(Math.min(...values))]
}

function listOf(items: readonly string[]): string {
  const last = items.at(-1)!
  return items.length === 1 ? last : `${items.slice(0, -1).join(', ')} and ${last}`
}
