/**
 * Whether a table has what a forecaster reads.
 *
 * @module
 */
import { argumentError, describe, quote } from '../errors'
import { listNames } from '../formats/faults'
import { describeFrequency } from '../tables/frequency-names'
import type { TableOptions } from '../tables/options'
import type { TableData } from '../tables/series'
import type { TimeAxis } from '../tables/time-axis'
import type { ForecastFacts } from './facts'
import { historyOf, type SeriesParts } from './parts'

/** Whether a value is a table; what else it may be is rows. */
export function isTable(value: unknown): value is TableData {
  if (typeof value !== 'object' || value === null) return false
  const { path, time, columns, series } = value as Partial<TableData>
  const hasAxis = typeof path === 'string' && typeof time === 'object'
  return hasAxis && Array.isArray(columns) && Array.isArray(series)
}

/** @throws GruError ERR_GRU_TYPE */
export function checkTable(argument: string, value: unknown): void {
  if (isTable(value)) return
  throw argumentError('ERR_GRU_TYPE', argument, 'a Table', describe(value))
}

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
 * @throws GruError ERR_GRU_VALUE if a column is missing or of another kind, if rows are at other steps, or if every
 *   series has too few rows
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
  checkFrequency(table, facts)
  const names = facts.targets.map(({ name }) => name)
  const rows = table.series.reduce((most, own) => Math.max(most, historyOf(own, names)), 0)
  if (rows >= facts.fewestRows) return
  const expected = `at least ${facts.fewestRows} rows up to the last value of ${listNames(names)}`
  throw argumentError('ERR_GRU_VALUE', table.path, expected, String(rows))
}

/** What was learnt of one frequency says nothing about another one. Irregular rows are as far apart as they are. */
function checkFrequency({ path, time }: TableData, { time: wanted }: ForecastFacts): void {
  const step = ({ kind, frequency }: TimeAxis): string => {
    if (frequency.kind === 'irregular') return `${kind} irregular`
    return `${kind} ${frequency.count} ${frequency.unit}`
  }
  if (step(time) === step(wanted)) return
  const words = describeFrequency(wanted.frequency, wanted.kind)
  const expected = `rows at the steps of the training: ${words} (the option frequency says so)`
  const got = describeFrequency(time.frequency, time.kind)
  throw argumentError('ERR_GRU_VALUE', path, expected, got)
}

/**
 * Whether a table has the rows of the table of the training.
 *
 * @throws GruError ERR_GRU_VALUE
 */
export function checkSameRows(
  { path, series }: TableData,
  { targets }: ForecastFacts,
  parts: readonly SeriesParts[],
): void {
  const names = targets.map(({ name }) => name)
  const isSame =
    series.length === parts.length &&
    series.every((own, i) => historyOf(own, names) === parts[i]!.test)
  if (isSame) return
  const expected = 'the table of the training'
  throw argumentError('ERR_GRU_VALUE', path, expected, 'one with other series or rows')
}
