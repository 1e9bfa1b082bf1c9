/**
 * What a forecaster does with missing cells and unknown categories of a table, as repairs with their rules.
 *
 * @module
 */
import { quote } from '../errors'
import { formatTime, timeAfter } from '../tables/calendar'
import type { Repair, Series, TableData } from '../tables/series'
import type { ForecastFacts, InputFacts } from './facts'
import { historyOf, lastOrigins } from './parts'

/** The repairs of a table that follow from what a forecaster reads of it. */
export function notesOf(table: TableData, facts: ForecastFacts): Repair[] {
  const targets = facts.targets.map(({ name }) => name)
  return [
    ...targets.flatMap((name) => missingTargets(table, name, facts)),
    ...lateTargets(table, targets),
    ...targets.flatMap((name) => withoutLogarithm(table, name, facts)),
    ...shortSeries(table, targets, facts),
    ...facts.inputs.flatMap((input) => missingInputs(table, input, facts)),
    ...facts.inputs.flatMap((input) => missingFuture(table, input, facts)),
    ...facts.inputs.flatMap((input) => otherCategories(table, input)),
  ]
}

const RULES: Readonly<Record<ForecastFacts['missing'], string>> = {
  carry: 'the last value stands for them',
  interpolate: 'a line between the values around them stands for them',
  mask: 'the mean stands for them',
}

function missingTargets(table: TableData, name: string, facts: ForecastFacts): Repair[] {
  const done = `${RULES[facts.missing]} as input; they count in no loss and no error`
  const ends = new Map(table.series.map((series) => [series, historyOf(series, [name])]))
  const isMissing = (series: Series, row: number): boolean => {
    return row < ends.get(series)! && Number.isNaN(series.numbers.get(name)![row])
  }
  return countCells(table, isMissing, `missing values of ${quote(name)}`, done)
}

/** Rows after the last target: those that are forecast. */
function lateTargets(table: TableData, targets: readonly string[]): Repair[] {
  const ends = new Map(table.series.map((series) => [series, historyOf(series, targets)]))
  const isLate = (series: Series, row: number): boolean => row >= ends.get(series)!
  const what = targets.map(quote).join(', ')
  return countCells(table, isLate, `rows after the last value of ${what}`, 'they are forecast')
}

function withoutLogarithm(table: TableData, name: string, { targets }: ForecastFacts): Repair[] {
  if (targets.find((target) => target.name === name)?.logarithm !== true) return []
  const hasNone = ({ numbers }: Series, row: number): boolean => numbers.get(name)![row]! <= 0
  const found = `values of ${quote(name)} that have no logarithm`
  return countCells(table, hasNone, found, 'they count as missing input')
}

function shortSeries(
  { series }: TableData,
  targets: readonly string[],
  { fewestRows }: ForecastFacts,
): Repair[] {
  const short = series.filter((own) => historyOf(own, targets) < fewestRows)
  if (short.length === 0) return []
  const found = `series with fewer than ${fewestRows} rows up to the last value`
  const done = 'they have no forecast after their last row'
  return [{ found, count: short.length, done, first: quote(short[0]!.name) }]
}

function missingInputs(table: TableData, input: InputFacts, facts: ForecastFacts): Repair[] {
  const { name, kind } = input
  const isMissing = ({ numbers, categories }: Series, row: number): boolean => {
    if (kind === 'number') return Number.isNaN(numbers.get(name)![row])
    return categories.get(name)![row] === undefined
  }
  const done =
    kind === 'category' && facts.missing !== 'carry' ? 'they are none' : RULES[facts.missing]
  return countCells(table, isMissing, `missing values of ${quote(name)}`, done)
}

/** Steps ahead of which a column that is known in advance has no value. */
function missingFuture(table: TableData, input: InputFacts, facts: ForecastFacts): Repair[] {
  if (!input.future) return []
  const { time, series } = table
  const targets = facts.targets.map(({ name: target }) => target)
  const steps = lastOrigins(table, targets, facts.fewestRows).flatMap(({ series: i, origins }) => {
    const { numbers, categories, times } = series[i]!
    const [origin] = origins
    const values = input.kind === 'number' ? numbers.get(input.name)! : categories.get(input.name)!
    const ahead = Array.from({ length: facts.horizon }, (_, step) => step + 1)
    const missing = ahead.filter((step) => Number.isNaN(values[origin! + step] ?? NaN))
    return missing.map((step) => timeAfter(times[origin!]!, time, step))
  })
  if (steps.length === 0) return []
  const found = `missing values of ${quote(input.name)} in the steps that are forecast`
  const done = 'they are forecast without it'
  return [{ found, count: steps.length, done, first: formatTime(steps[0]!, time) }]
}

function otherCategories(table: TableData, input: InputFacts): Repair[] {
  if (input.kind === 'number') return []
  const known = new Set(input.categories)
  const others = new Set<string>()
  const isOther = ({ categories }: Series, row: number): boolean => {
    const category = categories.get(input.name)![row]
    if (category === undefined || known.has(category)) return false
    others.add(category)
    return true
  }
  const found = countCells(table, isOther, '', 'each counts as "other"')
  const names = [...others].slice(0, 5).map(quote).join(', ')
  const more = others.size > 5 ? ` and ${others.size - 5} more` : ''
  return found.map((repair) => ({
    ...repair,
    found: `values of ${quote(input.name)} that training does not have: ${names}${more}`,
  }))
}

function countCells(
  { series, time }: TableData,
  isFound: (series: Series, row: number) => boolean,
  found: string,
  done: string,
): Repair[] {
  let count = 0
  let first = ''
  for (const own of series) {
    for (let row = 0; row < own.rows; row++) {
      if (!isFound(own, row)) continue
      if (count === 0) first = formatTime(own.times[row]!, time)
      count++
    }
  }
  return count === 0 ? [] : [{ found, count, done, first }]
}
