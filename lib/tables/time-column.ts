/**
 * Finds the column of a source's times, and reads it.
 *
 * @module
 */
import { describe, quote } from '../errors'
import type { Fault, Warning } from '../formats/faults'
import { isFrameIndex, missingColumn } from './columns'
import { type DetectedTimes, detectTimes, detectTimesInSlices, type TimeOptions } from './dates'
import { countNumerals, isMissing } from './numerals'
import type { Sliced } from '../slices'
import type { CheckedOptions } from './options'
import { placeOf, type Source } from './source'

/** The times of a source's rows. */
export interface TimeColumn {
  /** The index of the column. */
  readonly index: number
  readonly times: DetectedTimes
}

/** The column of times, if there is one, and the faults of one that the caller named. */
interface FoundColumn {
  readonly column: TimeColumn | undefined
  readonly faults: readonly Fault[]
}

/** Words in the names of columns that may hold times although they hold plain numbers. */
const TIME_WORDS = new Set([
  ...['date', 'datum', 'time', 'timestamp', 'datetime', 'ds', 'dt', 'ts', 't', 'epoch', 'unix'],
  ...[
    'year',
    'yr',
    'jahr',
    'zeit',
    'step',
    'period',
    'created',
    'updated',
    'zeitpunkt',
    'zeitstempel',
  ],
  ...[
    'fecha',
    'hora',
    'tiempo',
    'a\u00f1o',
    'ann\u00e9e',
    'annee',
    'heure',
    'temps',
    'anno',
    'ano',
    'jaar',
  ],
])

const TIMES_EXPECTED = 'times of one form, such as 2021-01-31, 2021-01-31 13:00 or 2021-01'

const SAMPLE = 200

/**
 * The column of times; undefined if there is none.
 *
 * @returns also the faults of a column that the caller named
 */
export function* findTimeColumn(source: Source, options: CheckedOptions): Sliced<FoundColumn> {
  if (options.time === null) return { column: undefined, faults: [] }
  const timeOptions = timeOptionsOf(options)
  if (options.time !== undefined) return yield* namedColumn(source, options.time, timeOptions)
  for (const index of candidates(source, options, timeOptions)) {
    const times = yield* detectTimesInSlices(source.cells[index]!, timeOptions)
    if (times !== undefined) return { column: { index, times }, faults: [] }
  }
  return { column: undefined, faults: [] }
}

/** What the caller said of times. */
export function timeOptionsOf({ dateForm, timeZone }: CheckedOptions): TimeOptions {
  return {
    ...(dateForm === undefined ? {} : { dateForm }),
    ...(timeZone === undefined ? {} : { timeZone }),
  }
}

function* namedColumn(source: Source, name: string, options: TimeOptions): Sliced<FoundColumn> {
  const index = source.names.indexOf(name)
  if (index === -1) return { column: undefined, faults: [missingColumn(name, source.names)] }
  const cells = source.cells[index]!
  const times = yield* detectTimesInSlices(cells, options)
  if (times !== undefined) return { column: { index, times }, faults: [] }
  const first = cells.findIndex((cell) => !isMissing(cell))
  const got = first === -1 ? 'no value' : describe(cells[first])
  const expected = TIMES_EXPECTED
  const place = first === -1 ? {} : placeOf(source, first)
  return { column: undefined, faults: [{ ...place, column: name, expected, got }] }
}

/** A year, or a clock's time. */
const SEEMS_TIME = /(?<!\d)(?:1[89]|20)\d\d(?!\d)|\d:\d\d/

/** Warnings about columns that seem to hold times, in a form that is not known: the rows are in their order for want of it. */
export function unknownTimes(
  { names, cells, ...source }: Source,
  { columns }: CheckedOptions,
): Warning[] {
  return names.flatMap((column, index) => {
    if (columns?.get(column) !== undefined) return []
    const sample = samplePresent(cells[index]!)
    const seeming = sample.filter((cell) => typeof cell === 'string' && SEEMS_TIME.test(cell))
    const isVaried = 2 * new Set(sample).size > sample.length
    const isText = countNumerals(sample).numbers < sample.length / 2
    if (!isText || !isVaried || seeming.length < 0.75 * sample.length) return []
    const row = cells[index]!.indexOf(sample[0])
    const got = cellText(sample[0])
    const outcome = 'the rows are taken as steps in their order'
    const place = placeOf({ names, cells, ...source }, row)
    return [{ ...place, column, expected: TIMES_EXPECTED, got, more: 0, outcome }]
  })
}

/** The indices of columns that seem to hold times, the likeliest first. */
function candidates(source: Source, { columns }: CheckedOptions, options: TimeOptions): number[] {
  const ranked = source.names.flatMap((name, index) => {
    // A column that the caller wants as a number or a category is not the time.
    if (columns?.get(name) !== undefined || source.names.indexOf(name) !== index) return []
    const rank = rankOf(name, source.cells[index]!, options)
    return rank === undefined ? [] : [{ index, rank }]
  })
  return ranked.sort((a, b) => a.rank - b.rank).map(({ index }) => index)
}

/** 0 for times in a column of such a name, 1 for other times, 2 for numbers in a column of such a name. */
function rankOf(name: string, cells: readonly unknown[], options: TimeOptions): number | undefined {
  const sample = samplePresent(cells)
  const isNamed = wordsOf(name).some((word) => TIME_WORDS.has(word))
  const isNumeric = countNumerals(sample).numbers > sample.length / 2
  if (isNumeric && (!isNamed || isFrameIndex(name, cells))) return undefined
  const times = detectTimes(sample, options)
  if (times === undefined) return undefined
  if (times.sure) return isNamed ? 0 : 1
  return isNamed && (times.kind === 'instant' || runsInOrder(cells)) ? 2 : undefined
}

/** Whether a column has cells that can hardly be anything but times. */
export function hasSureTimes(source: Source, options: CheckedOptions): boolean {
  const timeOptions = timeOptionsOf(options)
  return source.names.some((name, index) => {
    return (rankOf(name, source.cells[index]!, timeOptions) ?? 2) < 2
  })
}

function samplePresent(cells: readonly unknown[]): unknown[] {
  const sample: unknown[] = []
  for (const cell of cells) {
    if (sample.length === SAMPLE) break
    if (!isMissing(cell)) sample.push(cell)
  }
  return sample
}

/** The words of a name, in lower case: those of "orderDate" are "order" and "date". */
function wordsOf(name: string): string[] {
  const words = name
    .normalize()
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
  return words.split(/[^\p{L}]+/u)
}

/** Whether integers rise or fall nearly from row to row, as steps do, which may begin again with each series. */
function runsInOrder(cells: readonly unknown[]): boolean {
  let [rises, falls] = [0, 0]
  for (let row = 1; row < cells.length; row++) {
    const difference = Number(cells[row]) - Number(cells[row - 1])
    if (difference > 0) rises++
    if (difference < 0) falls++
  }
  return Math.min(rises, falls) <= cells.length / 10
}

/** The faults of a column of times: cells that are none, and dates that may be read in two ways. */
export function timeFaults(source: Source, { index, times }: TimeColumn): Fault[] {
  const column = source.names[index]!
  const faults: Fault[] = times.faults.map(({ index: row, expected, got }) => {
    return { ...placeOf(source, row), column, expected, got }
  })
  const rows = times.faults.map(({ index: row }) => row)
  const faulty = new Set(times.faults.map(({ index: row }) => row))
  const { ambiguity } = times
  if (ambiguity !== undefined) {
    const { index: row, expected, got } = ambiguity
    faults.push({ ...placeOf(source, row), column, expected, got })
  }
  for (let row = 0; row < times.instants.length; row++) {
    if (!Number.isNaN(times.instants[row]) || faulty.has(row) || isRowMissing(source, row)) continue
    const expected = `a time of the form ${times.form}`
    const cell = source.cells[index]![row]
    const got = cell === '' ? 'an empty cell' : cellText(cell)
    faults.push({ ...placeOf(source, row), column, expected, got })
    rows.push(row)
  }
  return areLast(rows, source) ? faults.map((fault) => asFooter(fault, source)) : faults
}

/** Whether rows are the last ones of a table that has more. */
function areLast(rows: readonly number[], { places }: Source): boolean {
  const first = places.length - rows.length
  return rows.length > 0 && first > 0 && rows.every((row) => row >= first)
}

function asFooter(fault: Fault, { unit }: Source): Fault {
  return { ...fault, expected: `${fault.expected} (or remove the ${unit} if it is a footer)` }
}

/** Whether no cell of a row has a value. */
export function isRowMissing(source: Source, row: number): boolean {
  return source.cells.every((cells) => isMissing(cells[row]))
}

/** The text of a cell for messages. */
export function cellText(cell: unknown): string {
  if (cell instanceof Date && !Number.isNaN(cell.valueOf())) return cell.toISOString()
  if (cell instanceof Date) return 'an invalid Date'
  return typeof cell === 'string' ? quote(cell) : describe(cell)
}
