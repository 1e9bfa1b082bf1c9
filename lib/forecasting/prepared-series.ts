/**
 * One series as the model reads it: its targets' tracks and scales, and the features of each row.
 *
 * @module
 */
import type { Sliced } from '../slices'
import type { Series } from '../tables/series'
import { CALENDAR, CALENDAR_WIDTH } from './calendar-features'
import { calendarRows } from './calendar-rows'
import type { ForecastFacts, InputFacts, TargetFacts } from './facts'
import { type FeatureGroup, groupsOf } from './feature-groups'
import { fill, type FilledColumn } from './filling'
import type { Season } from './seasons'
import { squash } from './squash'
import { fitSeriesScale, type SeriesScale } from './target-scale'
import { type Track, trackOf } from './tracks'

/** A target with everything that its forecasts are computed from. */
export interface PreparedTarget {
  readonly facts: TargetFacts
  readonly track: Track
  readonly scale: SeriesScale
}

/** A series up to a row. */
export interface PreparedSeries {
  readonly series: Series
  readonly targets: readonly PreparedTarget[]
  /** The first row that has features. */
  readonly begin: number
  /** [rows, width], of all rows from `begin` up to `end`. */
  readonly features: Float32Array
  /** As `features`, where gaps take the last value; the same array if no value looks ahead. */
  readonly causal: Float32Array
  /** For each feature of each row the last row that it was computed from. Undefined if none looks ahead. */
  readonly until: Int32Array | undefined
  /** The token of the series: 0 for one that the training part does not have. */
  readonly token: number
}

/** Values of a row that the encoder reads. */
export function pastWidth(facts: ForecastFacts): number {
  return columnsOf(facts).reduce((sum, { width }) => sum + width, 0)
}

/** The features of each column in a row that the encoder reads. */
export function pastGroups(facts: ForecastFacts): FeatureGroup[] {
  return groupsOf(columnsOf(facts))
}

/**
 * Prepares a series, in slices.
 *
 * @param end - one after the last row that may be read
 */
export function* prepareSeries(
  series: Series,
  end: number,
  facts: ForecastFacts,
): Sliced<PreparedSeries> {
  const targets: PreparedTarget[] = []
  for (const target of facts.targets) {
    const track = trackOf(series, target.name, target.logarithm, end)
    yield
    const known = scaleOf(target, series.name)
    const scale = known ?? (yield* scaleOfOwn(track, end, facts, target))
    targets.push({ facts: target, track, scale })
  }
  const columns = columnsOf(facts)
  const width = pastWidth(facts)
  const rows = new Float32Array(end * width)
  const looksAhead = facts.missing === 'interpolate'
  const causal = looksAhead ? new Float32Array(end * width) : rows
  const until = looksAhead ? new Int32Array(end * width) : undefined
  let offset = 0
  for (const column of columns) {
    yield
    const write = column.writer(series, end, targets)
    write(rows, offset, width, facts.missing, until)
    if (looksAhead) write(causal, offset, width, 'carry', undefined)
    offset += column.width
  }
  const token = facts.seriesNames.indexOf(series.name) + 1
  return { series, targets, begin: 0, features: rows, causal, until, token }
}

/** A series with the features of its last window alone: many such ones may be kept at once. */
export function lastWindow(prepared: PreparedSeries, facts: ForecastFacts): PreparedSeries {
  const width = pastWidth(facts)
  const rows = prepared.features.length / width
  const begin = Math.max(0, rows - facts.window)
  const { features, causal, until } = prepared
  const cut = features.slice(begin * width)
  return {
    ...prepared,
    begin,
    features: cut,
    causal: causal === features ? cut : causal.slice(begin * width),
    until: until?.slice(begin * width),
  }
}

/** The scale that the training part has of a series. Its name may be that of a property of all objects. */
function scaleOf({ scales }: TargetFacts, series: string): SeriesScale | undefined {
  return Object.hasOwn(scales, series) ? scales[series] : undefined
}

/** The scale of a series that the training part does not have, from its own rows. */
function* scaleOfOwn(
  track: Track,
  end: number,
  { horizon, fewestRows, seasons }: ForecastFacts,
  { difference }: TargetFacts,
): Sliced<SeriesScale> {
  const count = Math.max(0, end - horizon - fewestRows + 1)
  const origins = Array.from({ length: count }, (_, i) => fewestRows - 1 + i)
  const own = yield* fitSeriesScale(track, end, origins, horizon, difference, seasons[0]?.steps)
  if (own !== undefined) return own
  const level = track.carried[end - 1] ?? 0
  const spread = Math.abs(level) || 1
  const centers = new Array<number>(horizon).fill(difference === 'none' ? level : 0)
  return { level, spread, change: spread, centers, deviation: spread, steady: false }
}

/** Writes features of all rows at an offset in each row. */
type Write = (
  rows: Float32Array,
  offset: number,
  width: number,
  missing: ForecastFacts['missing'],
  until: Int32Array | undefined,
) => void

interface FeatureColumn {
  /** The column of the table that it is made from, or 'calendar', or 'time between rows'. */
  readonly column: string
  readonly width: number
  readonly writer: (series: Series, end: number, targets: readonly PreparedTarget[]) => Write
}

function columnsOf(facts: ForecastFacts): FeatureColumn[] {
  if (facts.order !== undefined) return facts.order.map((name) => columnOfVersion1(name, facts))
  const { time, targets, inputs, seasons } = facts
  return [
    ...targets.flatMap((target, i) => targetColumns(target, i, seasons)),
    ...inputs.flatMap(inputColumns),
    ...calendarColumns(facts),
    ...(time.frequency.kind === 'irregular' ? [gapColumn(time.frequency.typicalStep)] : []),
  ]
}

/** Files of version 1 have plain scaled values, and the day of the year where the time's column is. */
function columnOfVersion1(name: string, facts: ForecastFacts): FeatureColumn {
  const input = facts.inputs.find((column) => column.name === name)
  if (input === undefined) return calendarColumns(facts)[0]!
  if (input.kind === 'category') return inputColumns(input)[0]!
  const { mean, deviation } = input
  const writer: FeatureColumn['writer'] = (series, end) => (rows, offset, width) => {
    const values = series.numbers.get(name)!
    for (let row = 0; row < end; row++) {
      rows[row * width + offset] = (values[row]! - mean) / deviation
    }
  }
  return { column: name, width: 1, writer }
}

function targetColumns(
  { name: column, missing }: TargetFacts,
  index: number,
  seasons: readonly Season[],
): FeatureColumn[] {
  const columnOf = (
    valueOf: (values: Float64Array, row: number, scale: SeriesScale) => number,
    lag: number,
  ): FeatureColumn => ({
    column,
    width: 1,
    writer: (_series, _end, targets) => {
      const { track, scale } = targets[index]!
      return writeNumbers(track.values, (values, row) => valueOf(values, row, scale), lag)
    },
  })
  const changes = seasons.map(({ steps }) =>
    columnOf((values, row, { spread }) => (values[row]! - values[row - steps]!) / spread, steps),
  )
  return [
    columnOf((values, row, { level, spread }) => (values[row]! - level) / spread, 0),
    columnOf((values, row, { change }) => (values[row]! - values[row - 1]!) / change, 1),
    ...changes,
    ...(missing ? [maskColumn(column, (_series, targets) => targets[index]!.track.values)] : []),
  ]
}

function inputColumns(input: InputFacts): FeatureColumn[] {
  if (input.kind === 'category') {
    const { name, categories } = input
    const writer: FeatureColumn['writer'] = (series, end) => (rows, offset, width, missing) => {
      let last: string | undefined
      for (let row = 0; row < end; row++) {
        const own = series.categories.get(name)![row]
        if (own !== undefined || missing === 'mask') last = own
        const place = last === undefined ? -1 : categories.indexOf(last)
        if (place >= 0) rows[row * width + offset + place] = 1
      }
    }
    return [{ column: name, width: categories.length, writer }]
  }
  const { name, mean, deviation } = input
  const value: FeatureColumn = {
    column: name,
    width: 1,
    writer: (series, end) =>
      writeNumbers(
        series.numbers.get(name)!.subarray(0, end),
        (values, row) => (values[row]! - mean) / deviation,
        0,
      ),
  }
  const mask = maskColumn(name, (series) => series.numbers.get(name)!)
  return input.missing ? [value, mask] : [value]
}

/** @param lag - `valueOf` also reads the row so many rows before */
function writeNumbers(
  given: Float64Array,
  valueOf: (values: Float64Array, row: number) => number,
  lag: number,
): Write {
  return (rows, offset, width, missing, until) => {
    const filled: FilledColumn = fill(given, missing)
    for (let row = 0; row < given.length; row++) {
      const value = squash(valueOf(filled.values, row))
      const place = row * width + offset
      rows[place] = Number.isNaN(value) ? 0 : value
      if (until !== undefined) {
        const before = Math.max(0, row - lag)
        until[place] = Math.max(filled.until?.[row] ?? row, filled.until?.[before] ?? before)
      }
    }
  }
}

function maskColumn(
  column: string,
  valuesOf: (series: Series, targets: readonly PreparedTarget[]) => Float64Array,
): FeatureColumn {
  return {
    column,
    width: 1,
    writer: (series, end, targets) => (rows, offset, width) => {
      const values = valuesOf(series, targets)
      for (let row = 0; row < end; row++) {
        rows[row * width + offset] = Number.isNaN(values[row]) ? 1 : 0
      }
    },
  }
}

function calendarColumns(facts: ForecastFacts): FeatureColumn[] {
  const own = CALENDAR_WIDTH * facts.calendar.length
  if (own === 0) return []
  const writer: FeatureColumn['writer'] = (series, end) => (rows, offset, width) => {
    const values = calendarRows(series, end, facts)
    for (let row = 0; row < end; row++) {
      rows.set(values.subarray(row * own, (row + 1) * own), row * width + offset)
    }
  }
  return [{ column: CALENDAR, width: own, writer }]
}

/** The time since the row before, in typical steps, as a logarithm. */
function gapColumn(typicalStep: number): FeatureColumn {
  const writer: FeatureColumn['writer'] =
    ({ times }, end) =>
    (rows, offset, width) => {
      for (let row = 1; row < end; row++) {
        rows[row * width + offset] = squash(
          Math.log1p((times[row]! - times[row - 1]!) / typicalStep),
        )
      }
    }
  return { column: 'time between rows', width: 1, writer }
}

/**
 * The encoder's input for an origin: the features of up to `window` rows up to the origin, [rows, width]. It is a view
 * where no feature looks ahead of the origin.
 */
export function pastInput(
  { begin: first, features, causal, until }: PreparedSeries,
  origin: number,
  window: number,
  width: number,
): Float32Array {
  const begin = (Math.max(first, origin + 1 - window) - first) * width
  const end = (origin + 1 - first) * width
  const view = features.subarray(begin, end)
  if (until === undefined) return view
  const ahead = until.subarray(begin, end)
  if (ahead.every((row) => row <= origin)) return view
  return view.map((value, i) => (ahead[i]! <= origin ? value : causal[begin + i]!))
}
