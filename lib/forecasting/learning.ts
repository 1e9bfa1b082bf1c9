/**
 * Learns what a forecaster must know before its network is trained, from the training part alone.
 *
 * @module
 */
import { argumentError, quote } from '../errors'
import { listNames } from '../formats/faults'
import { Pauses } from '../pauses'
import { inSlices, type Sliced } from '../slices'
import { seasonsOf } from '../tables/season-lengths'
import type { Series, TableColumn, TableData } from '../tables/series'
import type { TimeAxis, TimeUnit } from '../tables/time-axis'
import { calendarFieldsSeen } from './calendar-features'
import type { ForecastFacts, InputFacts, TargetFacts } from './facts'
import type { CheckedOptions } from './options'
import { checkEnough, originsOf, type Parts, type SeriesParts, splitByTime } from './parts'
import { deviationBeyondRounding } from './rounding'
import { findCommonSeasons, type Season } from './seasons'
import { mean } from './statistics'
import {
  chooseDifference,
  fitSeriesScale,
  type SeriesScale,
  suggestsLogarithm,
  thinOrigins,
} from './target-scale'
import { rowsForDifference, trackOf } from './tracks'

/** What was learnt, and the origins of each part. */
export interface Learnt {
  readonly facts: ForecastFacts
  readonly seriesParts: readonly SeriesParts[]
  readonly parts: Parts
}

/** Inputs of more categories keep the most frequent ones. */
const MOST_CATEGORIES = 32
const MOST_SEASONS = 2

/**
 * Learns from the training part, with turns for the event loop between the series.
 *
 * @throws GruError ERR_GRU_VALUE if a column is missing or of another kind, if the table has too few rows, or if a target
 *   has a value that has no logarithm; the reason of the options' signal if it was aborted
 */
export async function learn(table: TableData, options: CheckedOptions): Promise<Learnt> {
  const pauses = new Pauses(options.signal)
  checkColumns(table, options)
  const { horizon, targets } = options
  const seriesParts = splitByTime(table, targets, options.split)
  if (pauses.isDue) await pauses.take()
  const seasons =
    options.seasons?.map((steps) => seasonOfSteps(steps, table.time)) ??
    (await inSlices(seasonsIn(table, targets[0]!, seriesParts), pauses))
  if (pauses.isDue) await pauses.take()
  const season = seasons[0]?.steps
  const longest = Math.max(...seriesParts.map(({ training }) => training))
  const window = options.window ?? defaultWindow(table.time, season, longest)
  const fewestRows = Math.min(window, Math.max(2, Math.ceil(window / 4)))
  const open = originsOf(seriesParts, horizon, fewestRows, fewestRows)
  checkEnough(table, open, options, fewestRows)
  checkTargetsSeen(table, targets, seriesParts)
  checkSeason(options, season)
  const targetFacts: TargetFacts[] = []
  for (const name of targets) {
    const context = { seriesParts, parts: open, season, pauses }
    targetFacts.push(await learnTarget(name, table, options, context))
  }
  const differences = targetFacts.map(({ difference }) => rowsForDifference(difference, season))
  const history = Math.max(fewestRows, ...differences)
  const parts = originsOf(seriesParts, horizon, history, fewestRows)
  const inputs: InputFacts[] = []
  for (const column of inputsOf(table, options)) {
    if (pauses.isDue) await pauses.take()
    const isKnown = options.future.includes(column.name)
    inputs.push(learnInput(column, table, seriesParts, isKnown))
  }
  const trained = table.series.filter((_, i) => seriesParts[i]!.training > 0)
  const facts: ForecastFacts = {
    version: 2,
    ...{ horizon, window, fewestRows },
    quantiles: options.quantiles,
    distribution: options.distribution,
    missing: options.missing,
    minimum: options.minimum ?? null,
    maximum: options.maximum ?? null,
    time: table.time,
    seriesColumn: table.seriesColumn ?? null,
    seriesNames: table.series.length === 1 ? [] : trained.map(({ name }) => name),
    seasons,
    calendar: calendarFieldsSeen(table.time, spanOf(table, seriesParts)),
    targets: targetFacts,
    inputs,
  }
  return { facts, seriesParts, parts }
}

/** A target without a value in the training part cannot be learnt. */
function checkTargetsSeen(
  { path, series }: TableData,
  targets: readonly string[],
  parts: readonly SeriesParts[],
): void {
  for (const target of targets) {
    const isSeen = series.some(({ numbers }, i) => {
      const values = numbers.get(target)!.subarray(0, parts[i]!.training)
      return values.some((value) => !Number.isNaN(value))
    })
    if (isSeen) continue
    const expected = 'values in the training part'
    throw argumentError('ERR_GRU_VALUE', `${path}, column ${quote(target)}`, expected, 'none')
  }
}

function checkSeason({ difference }: CheckedOptions, season: number | undefined): void {
  if (season !== undefined || !difference.startsWith('seasonal')) return
  const expected = "'last', 'none' or 'auto', or seasons: the training part shows no season"
  throw argumentError('ERR_GRU_VALUE', 'difference', expected, quote(difference))
}

/** From the first to the last time of the training part. */
function spanOf({ series }: TableData, parts: readonly SeriesParts[]): number {
  const trained = series.flatMap(({ times }, i) => {
    const { training } = parts[i]!
    return training === 0 ? [] : [[times[0]!, times[training - 1]!] as const]
  })
  const [begins, ends] = [trained.map(([begin]) => begin), trained.map(([, end]) => end)]
  return Math.max(...ends) - Math.min(...begins)
}

function checkColumns({ path, columns }: TableData, options: CheckedOptions): void {
  const numbers = columns.filter(({ kind }) => kind === 'number').map(({ name }) => name)
  for (const target of options.targets) {
    if (numbers.includes(target)) continue
    const isThere = columns.some(({ name }) => name === target)
    const expected = `a column of numbers, such as ${listNames(numbers)}`
    const got = `${isThere ? 'the column of categories' : 'no column'} ${quote(target)}`
    throw argumentError('ERR_GRU_VALUE', `${path}, target`, expected, got)
  }
  const names = columns.map(({ name }) => name)
  for (const name of [...(options.inputs ?? []), ...options.future]) {
    if (names.includes(name)) continue
    const expected = `one of the columns ${listNames(names)}`
    throw argumentError('ERR_GRU_VALUE', `${path}, inputs`, expected, quote(name))
  }
}

function inputsOf({ columns }: TableData, { inputs, targets }: CheckedOptions): TableColumn[] {
  return columns.filter(({ name }) => {
    return !targets.includes(name) && (inputs === undefined || inputs.includes(name))
  })
}

/** The seasons that the training part of the first target shows. */
function* seasonsIn(
  table: TableData,
  target: string,
  parts: readonly SeriesParts[],
): Sliced<Season[]> {
  const values = table.series.map((series, i) => {
    return series.numbers.get(target)!.subarray(0, parts[i]!.training)
  })
  const seasons = yield* findCommonSeasons(values, seasonsOf(table.time.frequency))
  return seasons.slice(0, MOST_SEASONS)
}

/** A season by its steps: it has a name if it is one of the calendar. */
function seasonOfSteps(steps: number, { frequency }: TimeAxis): Season {
  const known = seasonsOf(frequency).find((season) => season.steps === steps)
  return known ?? { steps, name: `${steps} steps` }
}

/** Steps that a model looks back at least, by the unit of a step. */
const WINDOWS: Readonly<Record<TimeUnit, number>> = {
  second: 60,
  minute: 60,
  hour: 48,
  day: 28,
  businessDay: 20,
  week: 26,
  month: 24,
  quarter: 12,
  year: 12,
  step: 24,
}
const SHORTEST_WINDOW = 4

function defaultWindow({ frequency }: TimeAxis, season = 0, rows: number): number {
  const unit = frequency.kind === 'regular' ? frequency.unit : 'step'
  const usual = WINDOWS[unit]
  const wished = season <= 200 ? Math.max(usual, Math.ceil(1.5 * season)) : usual
  return Math.max(SHORTEST_WINDOW, Math.min(wished, Math.floor(rows / 4)))
}

interface TargetContext {
  readonly seriesParts: readonly SeriesParts[]
  readonly parts: Parts
  readonly season: number | undefined
  readonly pauses: Pauses
}

async function learnTarget(
  name: string,
  table: TableData,
  options: CheckedOptions,
  { seriesParts, parts, season, pauses }: TargetContext,
): Promise<TargetFacts> {
  const trainingOf = (series: Series, i: number): Float64Array =>
    series.numbers.get(name)!.subarray(0, seriesParts[i]!.training)
  const logarithm =
    options.logarithm === 'auto'
      ? table.series.every((series, i) => suggestsLogarithm(trainingOf(series, i), season))
      : options.logarithm
  // Logarithms that were not asked for must not make a table useless whose later rows have none.
  if (options.logarithm === true) checkPositive(table, name)
  const tracks = table.series.map((series, i) => {
    const { origins } = parts.training[i]!
    const { training } = seriesParts[i]!
    return { track: trackOf(series, name, logarithm, training), end: training, origins }
  })
  if (pauses.isDue) await pauses.take()
  const { horizon } = options
  const difference =
    options.difference === 'auto'
      ? await inSlices(chooseDifference(thinOrigins(tracks), horizon, season), pauses)
      : options.difference
  const rows = rowsForDifference(difference, season)
  const scales: [string, SeriesScale][] = []
  for (const [i, { track, end, origins }] of tracks.entries()) {
    const whole = origins.filter((origin) => origin + 1 >= track.first + rows)
    const own = thin(whole.length > 0 ? whole : origins)
    const fitted = fitSeriesScale(track, end, own, horizon, difference, season)
    const scale = await inSlices(fitted, pauses)
    if (scale !== undefined) scales.push([table.series[i]!.name, scale])
  }
  const missing = table.series.some((series, i) => trainingOf(series, i).some(Number.isNaN))
  return {
    name,
    unit: Object.hasOwn(options.units, name) ? options.units[name]! : '',
    logarithm,
    difference,
    missing,
    scales: Object.fromEntries(scales),
    calibration: [],
  }
}

/** The most origins that give the scale of a series. */
const MOST_FOR_SCALE = 4000

function thin(origins: readonly number[]): readonly number[] {
  const stride = Math.ceil(origins.length / MOST_FOR_SCALE)
  return stride <= 1 ? origins : origins.filter((_, i) => i % stride === 0)
}

function checkPositive({ path, series }: TableData, target: string): void {
  for (const { numbers, lines } of series) {
    const row = numbers.get(target)!.findIndex((value) => value <= 0)
    if (row < 0) continue
    const place = `${path}, line ${lines[row]!}, column ${quote(target)}`
    const got = String(numbers.get(target)![row])
    throw argumentError('ERR_GRU_VALUE', place, 'a number above 0, for its logarithm', got)
  }
}

function learnInput(
  { name, kind }: TableColumn,
  table: TableData,
  parts: readonly SeriesParts[],
  future: boolean,
): InputFacts {
  if (kind === 'category') {
    return { name, kind, categories: frequentCategories(table, name, parts), future }
  }
  const seen = table.series.flatMap((series, i) => {
    return [...series.numbers.get(name)!.subarray(0, parts[i]!.training)]
  })
  const known = Float64Array.from(seen.filter((value) => !Number.isNaN(value)))
  const missing = known.length < seen.length
  if (known.length === 0) return { name, kind, mean: 0, deviation: 1, future, missing }
  const deviation = deviationBeyondRounding(known) || 1
  return { name, kind, mean: mean(known), deviation, future, missing }
}

function frequentCategories(
  table: TableData,
  name: string,
  parts: readonly SeriesParts[],
): string[] {
  const counts = new Map<string, number>()
  for (const [i, series] of table.series.entries()) {
    for (const category of series.categories.get(name)!.slice(0, parts[i]!.training)) {
      if (category !== undefined) counts.set(category, (counts.get(category) ?? 0) + 1)
    }
  }
  const byCount = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
  return byCount
    .slice(0, MOST_CATEGORIES)
    .map(([category]) => category)
    .sort()
}
