/**
 * The errors of the model and the baselines, as a table for a terminal.
 *
 * @module
 */
import type { TargetEvaluation } from '../forecasting/results'
import { textTable } from '../text-table'

/** One line for each contender. */
export function errorTable({ contenders }: TargetEvaluation): string {
  return textTable(contenders.map(({ name }) => [name]))
}
