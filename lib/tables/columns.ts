/**
 * The columns beside the time: which can be used, of which kind each is, and the values of its cells.
 *
 * @module
 */
import { describe, quote } from '../errors'
import { type Fault, listNames, type Warning } from '../formats/faults'
import {
  bothReadings,
  countAllNumbers,
  countNumerals,
  countNumeralsInSlices,
  expectedNumeral,
  isMissing,
  type NumberStyle,
  type NumeralCounts,
  parseNumeral,
  shownDecimal,
  shownUnit,
} from './numerals'
import { eachRow, mapRows, numberRows, type Sliced } from '../slices'
import type { CheckedOptions } from './options'
import type { TableColumn } from './series'
import { placeOf, type Source } from './source'

/** A column with the values of its cells, one for each row of the source. */
export type ReadColumn = {
  readonly name: string
  readonly index: number
  /** Why the column cannot be used. It has no other values in these cells than missing ones. */
  readonly faults: readonly Fault[]
} & (
  | {
      readonly kind: 'number'
      readonly values: Float64Array
      readonly style: NumberStyle
      /** Whether some numbers are negative since they are in brackets. */
      readonly hasBrackets: boolean
    }
  | { readonly kind: 'category'; readonly values: readonly (string | undefined)[] }
)

/** The columns of a source, as far as they are wanted. */
export interface ReadColumns {
  readonly columns: readonly ReadColumn[]
  /** Faults of the header: a required column is missing, or its name occurs twice. */
  readonly faults: readonly Fault[]
  /** Of names that leave columns out. */
  readonly warnings: readonly Warning[]
}

/** A column that can be read, and what its cells are. */
interface Candidate {
  readonly name: string
  readonly index: number
  readonly cells: readonly unknown[]
  readonly kind: TableColumn['kind']
  readonly isKindStated: boolean
  readonly counts: NumeralCounts
  /** The number of cells that are not missing. */
  readonly present: number
}

/**
 * Reads the wanted columns of a source.
 *
 * @param other - the indices of columns that are read elsewhere: those of time and series
 */
export function* readColumns(
  source: Source,
  options: CheckedOptions,
  other: ReadonlySet<number>,
): Sliced<ReadColumns> {
  const { indices, faults, warnings } = selectColumns(source, options, other)
  const candidates: Candidate[] = []
  for (const index of indices) candidates.push(yield* examine(source, options, index))
  const styles = decideStyles(candidates, options.decimal)
  const columns: ReadColumn[] = []
  for (const [i, candidate] of candidates.entries()) {
    columns.push(yield* readColumn(source, candidate, styles[i]))
  }
  return { columns, faults, warnings }
}

function selectColumns(
  { names, cells }: Source,
  { columns: wanted, required }: CheckedOptions,
  other: ReadonlySet<number>,
): { indices: number[]; faults: Fault[]; warnings: Warning[] } {
  const byName = new Map<string, number[]>()
  for (const [index, name] of names.entries()) {
    if (!other.has(index)) byName.set(name, [...(byName.get(name) ?? []), index])
  }
  const taken = new Set([...other].map((index) => names[index]!))
  const faults = [...required].flatMap((name) =>
    taken.has(name) ? [] : nameFault(name, byName.get(name) ?? [], names),
  )
  const indices: number[] = []
  const warnings: Warning[] = []
  for (const [name, found] of byName) {
    if (wanted !== undefined && !wanted.has(name)) continue
    const isIndex = found.length === 1 && isFrameIndex(name, cells[found[0]!]!)
    const expected = isIndex ? 'a column of the table' : 'columns with names of their own'
    const alone = found.length === 1 ? 'it is left out' : 'they are left out'
    const outcome = taken.has(name) ? 'the first is used, as time or series' : alone
    const warn = (got: string): void => {
      warnings.push({ expected, got, more: 0, outcome })
    }
    if (required.has(name)) indices.push(...found.slice(0, found.length === 1 ? 1 : 0))
    else if (isIndex) warn('the index of a data frame')
    else if (name === '') warn(`${found.length} without a name`)
    else if (found.length > 1 || taken.has(name)) {
      warn(`${names.filter((other) => other === name).length} of the name ${quote(name)}`)
    } else indices.push(found[0]!)
  }
  return { indices, faults, warnings }
}

function nameFault(name: string, found: readonly number[], names: readonly string[]): Fault[] {
  if (found.length === 1) return []
  if (found.length > 1) {
    return [{ column: name, expected: 'one column of this name', got: String(found.length) }]
  }
  return [missingColumn(name, names)]
}

/** The fault of a source that does not have a column. */
export function missingColumn(name: string, names: readonly string[]): Fault {
  return { expected: `a column ${quote(name)}`, got: `the columns ${listNames(names)}` }
}

const FRAME_INDEX = /^(Unnamed: \d+|__index_level_\d+__|rownames|index|X)?$/

/** Whether a column has such a name as data frames give to their index, and counts the rows from 0 or 1. */
export function isFrameIndex(name: string, cells: readonly unknown[]): boolean {
  const first = Number(cells[0])
  return (
    FRAME_INDEX.test(name) &&
    cells.length > 0 &&
    (first === 0 || first === 1) &&
    cells.every((cell, row) => cell !== '' && Number(cell) === first + row)
  )
}

/** The least part of the cells of a column of numbers that are numbers. Its other cells are faults. */
const MOSTLY = 0.8

function* examine(source: Source, options: CheckedOptions, index: number): Sliced<Candidate> {
  const [name, cells] = [source.names[index]!, source.cells[index]!]
  const counts = yield* countNumeralsInSlices(cells)
  let present = 0
  yield* eachRow(cells.length, (row) => {
    if (!isMissing(cells[row])) present++
  })
  const stated = options.columns?.get(name)
  const numbers = countAllNumbers(counts)
  const isNumber = numbers > 0 && numbers >= MOSTLY * present
  const kind = stated ?? (isNumber || present === 0 ? 'number' : 'category')
  return { name, index, cells, counts, present, kind, isKindStated: stated !== undefined }
}

/** The style of each column of numbers. undefined: its numbers may be of either style, and no other column tells. */
function decideStyles(
  candidates: readonly Candidate[],
  stated: '.' | ',' | undefined,
): (NumberStyle | undefined)[] {
  const numbers = candidates.filter(({ kind }) => kind === 'number')
  const shown = new Set(numbers.flatMap(({ counts }) => shownDecimal(counts) ?? []))
  const [elsewhere] = shown.size === 1 ? shown : []
  return candidates.map(({ counts }) => {
    const decimal = stated ?? shownDecimal(counts) ?? elsewhere
    // With nothing else to tell, 1.234 is a decimal number, as nearly everywhere, and 1,234 is uncertain.
    if (decimal === undefined && counts.eitherComma > 0) return undefined
    // Of a column with minus signs, brackets are no other way to write them.
    const brackets = counts.minus === 0
    return { decimal: decimal ?? '.', unit: shownUnit(counts), brackets }
  })
}

function* readColumn(
  source: Source,
  candidate: Candidate,
  style: NumberStyle | undefined,
): Sliced<ReadColumn> {
  const { name, index, cells, present, kind, isKindStated } = candidate
  const stray = source.columnFaults.get(index)?.map((fault) => ({ ...fault, column: name })) ?? []
  const faults: Fault[] = [...stray]
  const note = (row: number, expected: string, got: string): void => {
    faults.push({ ...placeOf(source, row), column: name, expected, got })
  }
  if (present === 0 && !isKindStated) {
    faults.push({ column: name, expected: 'a cell with a value', got: 'none' })
  }
  if (kind === 'category') {
    const values = yield* readCategories(cells, note)
    if (!isKindStated) faults.push(...freeText(candidate, values))
    return { name, index, faults, kind, values }
  }
  if (style === undefined) {
    const row = candidate.counts.firstEitherComma
    const expected = 'the option decimal, "." or ",", since the numbers do not show it'
    note(row, expected, bothReadings(String(cells[row])))
  }
  const hasBrackets = candidate.counts.brackets > 0
  const used = style ?? ({ decimal: '.', unit: '', brackets: false } as const)
  const values = yield* readNumbers(cells, used, note)
  return { name, index, faults, kind, style: used, hasBrackets, values }
}

type Note = (row: number, expected: string, got: string) => void

function* readNumbers(
  cells: readonly unknown[],
  style: NumberStyle,
  note: Note,
): Sliced<Float64Array> {
  return yield* numberRows(cells.length, (row) => {
    const cell = cells[row]
    if (isMissing(cell)) return NaN
    const value = numberOf(cell, style)
    if (Number.isFinite(value)) return value
    if (typeof cell === 'string') note(row, expectedNumeral(cell, style), quote(cell))
    else note(row, 'a finite number, or null where it is missing', describe(cell))
    return NaN
  })
}

function numberOf(cell: unknown, style: NumberStyle): number {
  if (typeof cell === 'string') return parseNumeral(cell, style)
  return typeof cell === 'number' || typeof cell === 'bigint' ? Number(cell) : NaN
}

function* readCategories(cells: readonly unknown[], note: Note): Sliced<(string | undefined)[]> {
  return yield* mapRows(cells.length, (row) => {
    const cell = cells[row]
    if (isMissing(cell)) return undefined
    const text = categoryOf(cell)
    if (text === undefined) note(row, 'text, a number or true or false', describe(cell))
    return text
  })
}

/** The text of a cell that is not missing; undefined if it is of a type without one. */
export function categoryOf(cell: unknown): string | undefined {
  if (typeof cell === 'string') return cell
  if (cell instanceof Date) return Number.isNaN(cell.valueOf()) ? undefined : cell.toISOString()
  const isSimple = typeof cell === 'number' || typeof cell === 'bigint' || typeof cell === 'boolean'
  return isSimple ? String(cell) : undefined
}

/** Fewer different texts than this may be categories even if each is in one row. */
const MAX_SINGLE_TEXTS = 20

/** Text that hardly repeats is no category. */
function freeText(
  { name: column, present, counts }: Candidate,
  values: readonly (string | undefined)[],
): Fault[] {
  const distinct = new Set(values)
  distinct.delete(undefined)
  if (distinct.size <= MAX_SINGLE_TEXTS || 2 * distinct.size <= present) return []
  const texts = [...distinct].filter((value) => countNumerals([value]).numbers === 0)
  const numbers = counts.numbers === 0 ? '' : `, and ${counts.numbers} numbers`
  const got = `${texts.length} different texts, as ${quote(texts[0]!)}${numbers}`
  return [{ column, expected: 'numbers, or categories that repeat', got }]
}
