/**
 * The job file of `gru train`: what to read, what to forecast, and how to train.
 *
 * @module
 */
import * as fs from 'node:fs'
import { createRequire } from 'node:module'
import * as path from 'node:path'
import { argumentError, describe, GruError } from '../errors'
import type { CsvKind } from '../formats/csv-values'
import { firstOf } from '../formats/faults'
import { parseJson } from '../formats/json'
import { readTextFile } from '../formats/text-file'
import { checkDropout, checkLayerSize, checkNumLayers } from '../recurrent-options'
import {
  checkNumber,
  checkOneOf,
  checkOptions,
  checkPositiveInteger,
  checkSeed,
  MAX_FLOAT32,
} from '../validate'

/** A job, checked and complete. */
export interface Job {
  /** The name of the folder of its results. */
  readonly name: string
  /** The absolute path of the table: one row a day, in order. */
  readonly csv: string
  /** The table's path as the job file gives it: the same on every machine. */
  readonly source: string
  /** The columns that the model sees, by name; the date gives the day of the year. */
  readonly columns: Readonly<Record<string, CsvKind>>
  /** The column of numbers to forecast, one day ahead. */
  readonly target: string
  /** The target's unit, for display. */
  readonly unit: string
  /** The number of days that the model looks back. */
  readonly window: number
  /** Shares of the days, in order of time. The rest is the test part. */
  readonly split: { readonly training: number; readonly validation: number }
  readonly model: {
    readonly hiddenSize: number
    readonly numLayers: number
    /** Dropout between the layers of the GRU. */
    readonly dropout: number
  }
  readonly training: {
    readonly epochs: number
    readonly batch: number
    readonly learningRate: number
    readonly weightDecay: number
    readonly clipNorm: number
  }
  /** The seed of the initial parameters and of the order of the examples. */
  readonly seed: number
}

/**
 * Reads a job file.
 *
 * @param file - the path of the JSON file; a relative `csv` in it is relative to its folder, and
 *   `npm:PACKAGE/FILE` is a file of an installed package
 * @throws GruError ERR_GRU_FORMAT if the file cannot be read, is not JSON or has a key twice; ERR_GRU_VALUE or
 *   ERR_GRU_TYPE if it is not a valid job: the message names all invalid keys
 */
export async function readJob(file: string): Promise<Job> {
  return parseJob(parseJson(await readTextFile(file), file), file)
}

function parseJob(value: unknown, file: string): Job {
  const at = (key: string): string => `${file}, ${key}`
  let columns: Job['columns'] | undefined
  const { csv, ...job } = parseFields(file, value, {
    name: (name) => parseName(name ?? path.basename(file, '.json'), at('name')),
    csv: (source) => findCsv(parseText(source, at('csv')), file),
    columns: (kinds) => (columns = parseColumns(kinds, at('columns'))),
    // If the columns are invalid, the possible targets are unknown.
    target: (target) => (columns === undefined ? '' : parseTarget(target, columns, at('target'))),
    unit: (unit) => parseText(unit ?? '', at('unit')),
    window: (window) => checkPositiveInteger(at('window'), window ?? 30),
    split: (split) => parseSplit(split ?? {}, at('split')),
    model: (model) => parseModel(model ?? {}, at('model')),
    training: (training) => parseTraining(training ?? {}, at('training')),
    seed: (seed) => checkSeed(at('seed'), seed ?? 1),
  })
  return { ...job, ...csv }
}

/**
 * The fields of an object, each with its check, which gets undefined if the field is missing. Faults of all fields, and
 * fields without a check, are reported together.
 */
function parseFields<T extends object>(
  place: string,
  value: unknown,
  checks: { readonly [Key in keyof T]: (field: unknown) => T[Key] },
): T {
  const fields = checkOptions(place, value, namesIn(value))
  const names = Object.keys(checks) as (keyof T & string)[]
  const faults: GruError[] = []
  const attempt = <R>(check: () => R): R | undefined => {
    try {
      return check()
    } catch (error) {
      if (!(error instanceof GruError)) throw error
      faults.push(error)
      return undefined
    }
  }
  for (const [name, field] of Object.entries(fields)) {
    attempt(() => checkOptions(place, { [name]: field }, names))
  }
  const parsed = names.map((name) => [name, attempt(() => checks[name](fields[name]))] as const)
  const [first, ...others] = faults
  if (first === undefined) return Object.fromEntries(parsed) as T
  if (others.length === 0) throw first
  throw new GruError(first.code, firstOf(faults, ({ message }) => message).join('\n'))
}

function namesIn(value: unknown): readonly string[] {
  return typeof value === 'object' && value !== null ? Object.keys(value) : []
}

function parseText(value: unknown, key: string): string {
  if (typeof value === 'string') return value
  throw argumentError('ERR_GRU_TYPE', key, 'a string', describe(value))
}

const NAME = /^[\w-][\w.-]*$/

function parseName(value: unknown, key: string): string {
  const name = parseText(value, key)
  if (NAME.test(name)) return name
  const expected = 'the name of a folder: letters, digits, ".", "-" and "_"'
  throw argumentError('ERR_GRU_VALUE', key, expected, describe(name))
}

const KINDS: readonly CsvKind[] = ['number', 'category', 'date']

function parseColumns(value: unknown, key: string): Job['columns'] {
  const kindOf = (name: string) => (kind: unknown) => checkOneOf(`${key}.${name}`, kind, KINDS)
  const checks = Object.fromEntries(namesIn(value).map((name) => [name, kindOf(name)]))
  const columns = parseFields<Record<string, CsvKind>>(key, value, checks)
  const dates = Object.values(columns).filter((kind) => kind === 'date')
  if (dates.length === 1) return columns
  throw argumentError('ERR_GRU_VALUE', key, 'one column of kind "date"', String(dates.length))
}

function parseTarget(value: unknown, columns: Job['columns'], key: string): string {
  const numbers = Object.keys(columns).filter((name) => columns[name] === 'number')
  return checkOneOf(key, value, numbers)
}

function parseSplit(value: unknown, key: string): Job['split'] {
  const range = { above: 0, below: 1 }
  const { training, validation } = parseFields<Job['split']>(key, value, {
    training: (share) => checkNumber(`${key}.training`, share ?? 0.7, range),
    validation: (share) => checkNumber(`${key}.validation`, share ?? 0.15, range),
  })
  if (training + validation < 1) return { training, validation }
  const got = String(training + validation)
  throw argumentError('ERR_GRU_VALUE', key, 'a sum below 1, to leave a test part', got)
}

function parseModel(value: unknown, key: string): Job['model'] {
  return parseFields<Job['model']>(key, value, {
    hiddenSize: (size) => checkLayerSize(`${key}.hiddenSize`, size ?? 32),
    numLayers: (layers) => checkNumLayers(`${key}.numLayers`, layers ?? 1),
    dropout: (dropout) => checkDropout(`${key}.dropout`, dropout ?? 0),
  })
}

function parseTraining(value: unknown, key: string): Job['training'] {
  const above0 = { above: 0, atMost: MAX_FLOAT32 }
  const from0 = { atLeast: 0, atMost: MAX_FLOAT32 }
  return parseFields<Job['training']>(key, value, {
    epochs: (epochs) => checkPositiveInteger(`${key}.epochs`, epochs ?? 30),
    batch: (batch) => checkPositiveInteger(`${key}.batch`, batch ?? 32),
    learningRate: (rate) => checkNumber(`${key}.learningRate`, rate ?? 1e-3, above0),
    weightDecay: (decay) => checkNumber(`${key}.weightDecay`, decay ?? 0.01, from0),
    clipNorm: (norm) => checkNumber(`${key}.clipNorm`, norm ?? 1, above0),
  })
}

const IN_PACKAGE = /^npm:((?:@[^/]+\/)?[^/]+)\/(.+)$/

function findCsv(source: string, file: string): Pick<Job, 'csv' | 'source'> {
  return { csv: resolveCsv(source, file), source }
}

function resolveCsv(source: string, file: string): string {
  const folder = path.resolve(path.dirname(file))
  const [, name, inside] = IN_PACKAGE.exec(source) ?? []
  if (name === undefined || inside === undefined) return path.resolve(folder, source)
  // Looked up as Node does it, from the job's folder upwards and then from this package. It is not resolved as a
  // module, since packages seldom export their data files.
  const resolvers = [createRequire(path.join(folder, 'job.json')), createRequire(__filename)]
  for (const modules of resolvers.flatMap((resolver) => resolver.resolve.paths(name) ?? [])) {
    const candidate = path.join(modules, name, inside)
    if (fs.existsSync(candidate)) return candidate
  }
  const expected = `a file of an installed package (npm install ${name})`
  throw argumentError('ERR_GRU_FORMAT', `${file}, csv`, expected, describe(source))
}
