/**
 * Whether a table has what a forecaster reads.
 *
 * @module
 */
import { argumentError, quote } from '../errors'
import { listNames } from '../formats/faults'
import { describeFrequency } from '../tables/frequency-names'
import type { TableOptions } from '../tables/options'
import type { TableData } from '../tables/series'
import type { ForecastFacts } from './facts'
import { historyOf } from './parts'

/** How a table must be read, so that it is like the table of the training. */
export function tableOptionsOf({
  time,
  seriesColumn,
  targets,
  inputs,
}: ForecastFacts): TableOptions {
  const columns = Object.fromEntries([
    ...targets.map(({ name }) => [name, 'number'] as const),
    ...inputs.map(({ name, kind }) => [name, kind] as const),
  ])
  return {
    time: time.column ?? null,
    ...(seriesColumn === null ? {} : { series: seriesColumn }),
    columns,
    required: Object.keys(columns),
    ...(time.kind === 'instant' ? { timeZone: time.timeZone } : {}),
    frequency: describeFrequency(time.frequency, time.kind),
  }
}

/**
 * @throws GruError ERR_GRU_VALUE if a column is missing or of another kind, or a series has too few rows
 */
export function checkTableFits(table: TableData, facts: ForecastFacts): void {
  const needed = [
    ...facts.targets.map(({ name }) => ({ name, kind: 'number' })),
    ...facts.inputs.map(({ name, kind }) => ({ name, kind })),
  ]
  for (const { name, kind } of needed) {
    const found = table.columns.find((column) => column.name === name)
    if (found?.kind === kind) continue
    const words = kind === 'number' ? 'numbers' : 'categories'
    const expected = `a column of ${words} ${quote(name)}`
    const got = found
      ? `one of ${found.kind === 'number' ? 'numbers' : 'categories'}`
      : listNames(table.columns.map((column) => column.name))
    throw argumentError('ERR_GRU_VALUE', table.path, expected, got)
  }
  const names = facts.targets.map(({ name }) => name)
  for (const series of table.series) {
    const rows = historyOf(series, names)
    if (rows >= facts.fewestRows) continue
    const place = series.name === '' ? table.path : `${table.path}, series ${quote(series.name)}`
    const expected = `at least ${facts.fewestRows} rows up to the last value of ${listNames(names)}`
    throw argumentError('ERR_GRU_VALUE', place, expected, String(rows))
  }
}
