/**
 * The section on residuals: over time, their distribution, by season and by series.
 *
 * @module
 */
import type { Residual, RunResults } from '../../forecasting/results'
import { formatNumber } from '../../forecasting/numbers'
import { mean } from '../../forecasting/statistics'
import { chartPlace, paragraphs, section, table } from './markup'
import { withUnit } from './words'

const MOST_GROUPS = 200

const ORDERS = [
  ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'],
  ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'],
]

/** @param notes - sentences about what the charts leave out */
export function residualSection(results: RunResults, notes: readonly string[]): string {
  if (results.residuals.length === 0) return ''
  return section(
    'residuals',
    'Residuals',
    '<p>Truth minus forecast, one step ahead. A model that has learnt what there is to learn leaves ' +
      'residuals around 0 without a pattern.</p>',
    chartPlace('residuals', 'the residuals over time'),
    paragraphs(notes),
    '<h3>Distribution</h3>',
    chartPlace('histogram', 'how often residuals of each size occur'),
    ...results.targets.map(({ name, unit }) => groupTables(results, name, unit)),
  )
}

function groupTables(results: RunResults, target: string, unit: string): string {
  const own = results.residuals.filter((residual) => residual.target === target)
  const seasonal = own.filter(({ season }) => season !== null)
  const seasons = grouped(seasonal, ({ season }) => season!)
  const places = new Map(
    [...seasons.keys()].sort(compareSeasons).map((name) => [name, seasons.get(name)!]),
  )
  const series = grouped(own, (residual) => residual.series)
  return [
    ...(places.size > 1 ? [groupTable('season', places, target, unit)] : []),
    ...(series.size > 1 ? [groupTable('series', series, target, unit)] : []),
  ].join('\n')
}

function groupTable(
  by: string,
  groups: ReadonlyMap<string, Float64Array>,
  target: string,
  unit: string,
): string {
  const shown = [...groups].slice(0, MOST_GROUPS)
  const sizes = shown.map(([, errors]) => mean(errors.map(Math.abs)))
  const largest = Math.max(...sizes)
  return table({
    caption: `Residuals by ${by} for ${withUnit(target, unit)}`,
    heads: [by, 'number', 'mean', 'mean size'],
    rows: shown.map(([name, errors], i) => [
      name,
      `${errors.length}`,
      formatNumber(mean(errors)),
      { text: formatNumber(sizes[i]!), bar: largest === 0 ? 0 : sizes[i]! / largest },
    ]),
  })
}

function grouped(
  residuals: readonly Residual[],
  nameOf: (residual: Residual) => string,
): Map<string, Float64Array> {
  const groups = new Map<string, number[]>()
  for (const residual of residuals) {
    const group = groups.get(nameOf(residual))
    if (group === undefined) groups.set(nameOf(residual), [residual.error])
    else group.push(residual.error)
  }
  return new Map([...groups].map(([name, errors]) => [name, Float64Array.from(errors)]))
}

/** The order of days and months; otherwise that of numbers and letters. */
function compareSeasons(one: string, other: string): number {
  const order = ORDERS.find((names) => names.includes(one) && names.includes(other))
  if (order !== undefined) return order.indexOf(one) - order.indexOf(other)
  return one.localeCompare(other, 'en', { numeric: true })
}
