/**
 * A table in a few lines: what was inferred, repaired and left out.
 *
 * @module
 */
import { visible } from '../errors'
import { describeWarnings, firstOf } from '../formats/faults'
import { formatTime } from './calendar'
import { describeFrequency } from './frequency-names'
import type { Repair, Series, TableColumn, TableData } from './series'
import type { Fact } from './source'

/** The facts of a table: of its source first, then of its rows and columns. */
export function listFacts(table: TableData, source: readonly Fact[]): readonly Fact[] {
  const rows = table.series.reduce((sum, series) => sum + series.rows, 0)
  return [
    ['table', table.path],
    ...source,
    ['rows', String(rows)],
    ...timeFacts(table),
    ...seriesFacts(table),
    [
      'columns',
      firstOf(table.columns, (column) => describeColumn(column, table.series)).join(', '),
    ],
    ...table.repairs.map((repair): Fact => ['repaired', describeRepair(repair)]),
  ]
}

function timeFacts({ time, series }: TableData): Fact[] {
  const first = series.reduce((least, { times }) => Math.min(least, times[0]!), Infinity)
  const last = series.reduce((most, { times }) => Math.max(most, times.at(-1)!), -Infinity)
  if (time.column === undefined) return [['time', 'no column: the rows are steps']]
  const zone = time.kind === 'integer' || time.timeZone === 'UTC' ? '' : `, ${time.timeZone}`
  return [
    ['time', `${time.column}, ${formatTime(first, time)} to ${formatTime(last, time)}${zone}`],
    ['frequency', describeFrequency(time.frequency)],
  ]
}

function seriesFacts({ seriesColumn, series }: TableData): Fact[] {
  if (seriesColumn === undefined) return []
  const names = firstOf(series, ({ name, rows }) => `${name} (${rows})`).join(', ')
  return [['series', `${series.length} by ${seriesColumn}: ${names}`]]
}

function describeColumn({ name, kind }: TableColumn, series: readonly Series[]): string {
  const isMissing = (value: number | string | undefined): boolean =>
    value === undefined || Number.isNaN(value)
  let missing = 0
  for (const { numbers, categories } of series) {
    const values = kind === 'number' ? numbers.get(name)! : categories.get(name)!
    for (const value of values) if (isMissing(value)) missing++
  }
  return `${name} (${kind}${missing === 0 ? '' : `, ${missing} missing`})`
}

/** A repair in words. */
export function describeRepair({ found, count, done, first }: Repair): string {
  return `${found}: ${count}, ${done}; the first at ${first}`
}

/** The facts in two columns, then the warnings. Characters that a terminal could execute are made visible. */
export function writeSummary({ path, warnings }: TableData, facts: readonly Fact[]): string {
  const width = Math.max(...facts.map(([term]) => term.length))
  const lines = facts.map(([term, text]) => `${term.padEnd(width)}  ${visible(text)}`)
  const warned = describeWarnings(path, warnings).map((line) => `warning: ${visible(line)}`)
  return [...lines, ...warned].join('\n')
}
