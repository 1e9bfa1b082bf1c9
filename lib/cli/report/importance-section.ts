/**
 * The section on what the columns contribute.
 *
 * @module
 */
import type { RunResults } from '../../forecasting/results'
import { formatPercent } from '../../forecasting/numbers'
import { section, table } from './markup'

const MOST_COLUMNS = 100

/** The columns by permutation importance, the most important first. */
export function importanceSection({ importance }: RunResults): string {
  if (importance.length === 0) return ''
  const sorted = [...importance].sort((a, b) => b.increase - a.increase)
  const shown = sorted.slice(0, MOST_COLUMNS)
  const largest = Math.max(...shown.map(({ increase }) => increase))
  const part = shown.length < sorted.length ? `, the first ${shown.length} of ${sorted.length}` : ''
  return section(
    'importance',
    'What the columns contribute',
    '<p>How much the mean absolute error grows if the values of one column are exchanged among the ' +
      'forecasts (permutation importance). A column near or below 0 % is of no use to the model. ' +
      'Columns that say the same share their importance.</p>',
    table({
      caption: `Permutation importance${part}`,
      heads: ['column', 'the error grows by'],
      rows: shown.map(({ column, increase }) => [
        column,
        { text: formatPercent(increase), bar: largest > 0 ? increase / largest : 0 },
      ]),
    }),
  )
}
