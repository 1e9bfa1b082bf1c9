/**
 * The errors of the model and the baselines, as a table for a terminal.
 *
 * @module
 */
import { formatColumn, formatPercent, isPrintedAlike } from '../forecasting/numbers'
import type { Contender, Scores, TargetEvaluation } from '../forecasting/results'
import { textTable } from '../text-table'

/** The measures of a contender and the heads of their columns. Percents have their sign in the head. */
export const MEASURES: readonly (readonly [
  head: string,
  valueOf: (scores: Scores) => number | null,
])[] = [
  ['MAE', ({ mae }) => mae],
  ['RMSE', ({ rmse }) => rmse],
  ['MASE', ({ mase }) => mase],
  ['sMAPE %', ({ smape }) => smape],
  ['pinball', ({ pinball }) => pinball],
  ['coverage %', ({ coverage }) => (coverage === null ? null : 100 * coverage)],
]

/**
 * One line for each contender, with its errors, and for each baseline the skill of the model: how much smaller than the
 * baseline's the model's mean absolute error is. Different errors are printed differently, up to six digits. A measure
 * that no contender has is left out.
 */
export function errorTable(evaluation: TargetEvaluation): string {
  const { contenders, target, unit } = evaluation
  const columns = MEASURES.flatMap(([head, valueOf]): (readonly string[])[] => {
    const values = contenders.map(({ scores }) => valueOf(scores))
    return values.every((value) => value === null) ? [] : [[head, ...formatColumn(values)]]
  })
  const heads = [
    unit === '' ? target : `${target} (${unit})`,
    ...contenders.map(({ name }) => name),
  ]
  const skills = ['skill', ...contenders.map((contender) => skillOf(contender, evaluation))]
  const table = [heads, ...columns, skills]
  return textTable(heads.map((_, row) => table.map((column) => column[row]!)))
}

/** Empty for the model. A skill that comes from errors which are printed alike is no skill. */
function skillOf(contender: Contender, { contenders, skill }: TargetEvaluation): string {
  const [model] = contenders
  if (contender === model) return ''
  const share = skill[contender.name] ?? null
  if (share === null) return '-'
  if (isPrintedAlike(model!.scores.mae ?? NaN, contender.scores.mae ?? NaN)) return '~ 0 %'
  return share > 0 ? `+${formatPercent(share)}` : formatPercent(share)
}
