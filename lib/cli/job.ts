/**
 * The job of `gru train`: what to read, what to forecast, and how to train. It comes from a file, from the command line,
 * or from both: then the command line is stronger.
 *
 * @module
 */
import * as path from 'node:path'
import { argumentError, describe, GruError, quote } from '../errors'
import type { ForecasterOptions } from '../forecasting/options'
import { listNames } from '../formats/faults'
import { parseJson } from '../formats/json'
import { readTextFile } from '../formats/text-file'
import type { TableOptions } from '../tables/options'
import { Table } from '../tables/table'
import { checkOptions } from '../validate'
import { checkGiven, checkPositionals, readCommandLine } from './command-line'
import { FaultList } from './fault-list'
import { JOB_OPTIONS, nameFrom, RUN_OPTIONS } from './job-options'
import { checkText, flagOf, lastPart, namesIn, type Given, type ValuesOf } from './option'
import { findTable } from './table-source'

type JobValues = ValuesOf<typeof JOB_OPTIONS>
type Kinds = Readonly<Record<string, 'number' | 'category'>>

/** What is forecast and how. What is absent has its default, perhaps from the table. */
export type JobForecasterOptions = Omit<
  ForecasterOptions,
  'inputs' | 'units' | 'checkpoints' | 'resume' | 'signal' | 'onEpoch' | 'onUpdate'
> & { readonly target: readonly string[] }

/** A job, checked as far as this is possible without its table. */
export interface Job {
  readonly name: string
  /** The absolute path of the table. */
  readonly table: string
  /** The table's path as it was given: the same on every machine. */
  readonly source: string
  readonly tableOptions: TableOptions
  readonly forecasterOptions: JobForecasterOptions
  /** The number of origins of the backtest. Default: the forecaster's. */
  readonly backtest?: number
  /** The unit of each target, for display; '' if it has none. */
  readonly units: Readonly<Record<string, string>>
}

/** How `gru train` runs a job. */
export interface RunOptions extends ValuesOf<typeof RUN_OPTIONS> {
  /** The folder of the results. */
  readonly out: string
}

/** What `gru train` is to do. */
export interface TrainCommand {
  readonly job: Job
  readonly run: RunOptions
}

/**
 * Reads the arguments of `gru train`: `JOB.json` or a table, and options. A relative table of a job is relative to the
 * job's folder, and `npm:PACKAGE/FILE` is a file of an installed package.
 *
 * @throws GruError ERR_GRU_FORMAT if the job cannot be read, is not JSON or has a key twice; ERR_GRU_VALUE or
 *   ERR_GRU_TYPE if keys or options are wrong: the message names all of them
 */
export async function readTrainCommand(args: readonly string[]): Promise<TrainCommand> {
  const faults = new FaultList()
  const line = readCommandLine(args, { ...JOB_OPTIONS, ...RUN_OPTIONS }, faults)
  checkPositionals(line.positionals, ['JOB.json or TABLE'], faults)
  const [file] = line.positionals
  if (file === undefined) throw faults.error()!
  const source = isJobFile(file) ? await givenInFile(file, faults) : givenAsTable(file)
  const given = { ...source, values: new Map([...source.values, ...line.given]) }
  const run = checkGiven(RUN_OPTIONS, given.values, faults)
  const candidates = given.values.has('target') ? [] : await candidatesIn(given)
  const job = completeJob(given, candidates, faults)
  faults.throwIfAny()
  return { job: job!, run: { ...run, out: run.out ?? path.join('out', job!.name) } }
}

/** What the user gave, before any check. */
interface GivenJob {
  readonly values: ReadonlyMap<string, Given>
  /** The folder that a relative table is relative to. */
  readonly folder: string
  /** The name of the job, if it does not say another. */
  readonly name: string
  /** The name, in messages, of a key that was not given. */
  readonly placeOf: (key: string) => string
}

/** Whether an argument of `gru train` is a job; else it is a table. */
export function isJobFile(file: string): boolean {
  return path.extname(file).toLowerCase() === '.json'
}

function givenAsTable(file: string): GivenJob {
  return {
    values: new Map([['table', { place: 'table', value: file }]]),
    folder: '.',
    name: nameOfFile(file),
    placeOf: (key) => `--${flagOf(key)}`,
  }
}

async function givenInFile(file: string, faults: FaultList): Promise<GivenJob> {
  return {
    values: givenInJob(parseJson(await readTextFile(file), file), file, faults),
    folder: path.dirname(file),
    name: nameOfFile(file),
    placeOf: (key) => `${file}, ${key}`,
  }
}

function nameOfFile(file: string): string {
  return nameFrom(path.basename(file, path.extname(file)))
}

/** The former names of keys. */
const FORMER: ReadonlyMap<string, string> = new Map([['csv', 'table']])
const GROUPS = ['model', 'training', 'split'] as const
const KEYS = ['table', ...Object.keys(JOB_OPTIONS)]
const TOP_KEYS = [...KEYS.filter((key) => !key.includes('.')), ...GROUPS, ...FORMER.keys()]

/** The values of a job file, by the keys of options. A key that is null counts as absent, except for the time. */
function givenInJob(value: unknown, file: string, faults: FaultList): Map<string, Given> {
  const given = new Map<string, Given>()
  for (const [key, field] of fieldsIn(file, value, TOP_KEYS, faults)) {
    const group = GROUPS.find((name) => name === key)
    if (group === undefined) {
      if (field === null && key !== 'time') continue
      given.set(FORMER.get(key) ?? key, { place: `${file}, ${key}`, value: field })
      continue
    }
    for (const [name, one] of fieldsIn(`${file}, ${group}`, field ?? {}, partsOf(group), faults)) {
      if (one !== null)
        given.set(`${group}.${name}`, { place: `${file}, ${group}.${name}`, value: one })
    }
  }
  return given
}

/** The last parts of the keys in a group. */
function partsOf(group: string): string[] {
  return KEYS.filter((key) => key.startsWith(`${group}.`)).map(lastPart)
}

/** The fields of an object. Each one that is not allowed is a fault of its own. */
function fieldsIn(
  place: string,
  value: unknown,
  allowed: readonly string[],
  faults: FaultList,
): (readonly [string, unknown])[] {
  const fields = faults.attempt(() => checkOptions(place, value, namesIn(value))) ?? {}
  return Object.entries(fields).filter(([name, field]) => {
    return faults.attempt(() => checkOptions(place, { [name]: field }, allowed)) !== undefined
  })
}

/** The columns of the table that could be forecast; none if it cannot be read, which is a fault of its own later. */
async function candidatesIn({ values: given, folder }: GivenJob): Promise<readonly string[]> {
  try {
    const values = checkGiven(JOB_OPTIONS, given, new FaultList())
    const source = checkText('table', given.get('table')?.value)
    const file = findTable('table', source, folder)
    const { columns } = await Table.read(file, tableOptionsOf(values, String))
    return columns.filter(({ kind }) => kind === 'number').map(({ name }) => name)
  } catch (error) {
    if (error instanceof GruError) return []
    throw error
  }
}

/** Checks the values, and what several of them must have in common. */
function completeJob(
  given: GivenJob,
  candidates: readonly string[],
  faults: FaultList,
): Job | undefined {
  const values = checkGiven(JOB_OPTIONS, given.values, faults)
  const placeOf = (key: string): string => given.values.get(key)?.place ?? given.placeOf(key)
  const source = given.values.get('table')?.value
  const table = faults.attempt(() => {
    return findTable(placeOf('table'), checkText(placeOf('table'), source), given.folder)
  })
  faults.attempt(() => {
    checkSplit(values, placeOf('split'))
  })
  faults.attempt(() => {
    checkBounds(values, placeOf('minimum'))
  })
  const target = faults.attempt(() => targetOf(values, given, candidates, placeOf('target')))
  const tableOptions = faults.attempt(() => tableOptionsOf(values, placeOf))
  const units = faults.attempt(() => unitsOf(values, placeOf('unit')))
  if (table === undefined || target === undefined) return undefined
  if (tableOptions === undefined || units === undefined) return undefined
  const forecasterOptions = { ...forecasterOptionsOf(values), target }
  const name = values.name ?? given.name
  const job = { name, table, source: source as string, tableOptions, forecasterOptions, units }
  return values.backtest === undefined ? job : { ...job, backtest: values.backtest }
}

function targetOf(
  values: JobValues,
  given: GivenJob,
  candidates: readonly string[],
  place: string,
): readonly string[] | undefined {
  // If it was given and is not valid, its check has said so.
  if (values.target !== undefined || given.values.has('target')) return values.target
  const among = candidates.length === 0 ? '' : `, among ${listNames(candidates)}`
  const expected = `the names of the columns to forecast${among}`
  throw argumentError('ERR_GRU_VALUE', place, expected, 'nothing')
}

function checkSplit(values: JobValues, place: string): void {
  const { 'split.training': training = 0.7, 'split.validation': validation = 0.15 } = values
  if (training + validation < 1) return
  const got = String(training + validation)
  throw argumentError('ERR_GRU_VALUE', place, 'a sum below 1, to leave a test part', got)
}

function checkBounds({ minimum = -Infinity, maximum = Infinity }: JobValues, place: string): void {
  if (minimum < maximum) return
  throw argumentError('ERR_GRU_VALUE', place, `less than the maximum ${maximum}`, String(minimum))
}

/** The unit of each target. */
function unitsOf({ unit = '', target = [] }: JobValues, place: string): Record<string, string> {
  if (typeof unit === 'string') return Object.fromEntries(target.map((name) => [name, unit]))
  const other = Object.keys(unit).find((name) => !target.includes(name))
  if (other !== undefined) {
    throw argumentError('ERR_GRU_VALUE', place, 'units of targets alone', quote(other))
  }
  return Object.fromEntries(target.map((name) => [name, unit[name] ?? '']))
}

const READING_KEYS = [
  'series',
  'timeZone',
  'dateForm',
  'frequency',
  'delimiter',
  'decimal',
  'strict',
] as const

function tableOptionsOf(values: JobValues, placeOf: (key: string) => string): TableOptions {
  const { target = [], future = [], series } = values
  const { time, columns } = separateTime(values, placeOf('time'))
  const used = [...target, ...future]
  const clash = used.find((name) => name === time || name === series)
  if (clash !== undefined) {
    const expected = 'a column that is neither the time nor the series'
    throw argumentError('ERR_GRU_VALUE', placeOf('target'), expected, quote(clash))
  }
  const named = Array.isArray(columns) ? (columns as readonly string[]) : Object.keys(columns ?? {})
  return {
    ...pick(values, READING_KEYS),
    ...(time === undefined ? {} : { time }),
    ...(columns === undefined
      ? {}
      : { columns: withUsed(columns, target, future, placeOf('future')) }),
    required: [...new Set([...used, ...named, ...(series === undefined ? [] : [series])])],
  }
}

/** Older jobs name the time among the columns, by the kind "date". */
function separateTime(
  { time, columns }: JobValues,
  place: string,
): {
  readonly time?: string | null | undefined
  readonly columns?: readonly string[] | Kinds | undefined
} {
  if (columns === undefined || Array.isArray(columns)) {
    return { time, columns: columns as readonly string[] | undefined }
  }
  const entries = Object.entries(columns)
  const date = entries.find(([, kind]) => kind === 'date')?.[0]
  if (date !== undefined && time !== undefined && time !== date) {
    const expected = `the column ${quote(date)}, which has the kind "date"`
    throw argumentError('ERR_GRU_VALUE', place, expected, describe(time))
  }
  const others = entries.filter(([name]) => name !== date)
  return { time: time ?? date, columns: Object.fromEntries(others) as Kinds }
}

/** The named columns, and those that are forecast or known in advance. */
function withUsed(
  columns: readonly string[] | Kinds,
  target: readonly string[],
  future: readonly string[],
  place: string,
): readonly string[] | Kinds {
  if (isNames(columns)) return [...new Set([...columns, ...target, ...future])]
  const other = future.find((name) => !Object.hasOwn(columns, name))
  if (other !== undefined) {
    const expected = 'columns whose kinds are given too'
    throw argumentError('ERR_GRU_VALUE', place, expected, quote(other))
  }
  return { ...Object.fromEntries(target.map((name) => [name, 'number' as const])), ...columns }
}

function isNames(columns: readonly string[] | Kinds): columns is readonly string[] {
  return Array.isArray(columns)
}

const FORECASTER_KEYS = [
  'horizon',
  'window',
  'future',
  'seasons',
  'quantiles',
  'distribution',
  'logarithm',
  'difference',
  'missing',
  'minimum',
  'maximum',
  'seed',
  'device',
] as const

function forecasterOptionsOf(values: JobValues): Omit<JobForecasterOptions, 'target'> {
  const groups = GROUPS.map((name) => [name, groupOf(values, name)] as const)
  return { ...pick(values, FORECASTER_KEYS), ...Object.fromEntries(groups) }
}

function groupOf(values: JobValues, name: string): Readonly<Record<string, unknown>> {
  const entries = Object.entries(values).filter(([key]) => key.startsWith(`${name}.`))
  return Object.fromEntries(entries.map(([key, value]) => [lastPart(key), value]))
}

/** The values of some keys that were given. */
function pick<K extends keyof JobValues>(
  values: JobValues,
  keys: readonly K[],
): Pick<JobValues, K> {
  const entries = keys.map((key) => [key, values[key]] as const)
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as Pick<
    JobValues,
    K
  >
}
