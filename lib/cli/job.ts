/**
 * The job file of `gru train`: what to read, what to forecast, and how to train.
 *
 * @module
 */
import * as fs from 'node:fs'
import { createRequire } from 'node:module'
import * as path from 'node:path'
import { argumentError, describe } from '../errors'
import type { CsvKind } from '../formats/csv-values'
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
  /** Names the folder of its results. */
  readonly name: string
  /** The absolute path of the table: one row a day, in order. */
  readonly csv: string
  /** What the job file calls the table: the same on every machine. */
  readonly source: string
  /** The columns that the model sees, by name; the date gives the day of the year. */
  readonly columns: Readonly<Record<string, CsvKind>>
  /** The column of numbers to forecast, one day ahead. */
  readonly target: string
  /** The target's unit, for people. */
  readonly unit: string
  /** How many days the model looks back. */
  readonly window: number
  /** Shares of the days, in their order; the rest is the test part. */
  readonly split: { readonly training: number; readonly validation: number }
  readonly model: {
    readonly hiddenSize: number
    readonly numLayers: number
    /** Between the layers of the GRU. */
    readonly dropout: number
  }
  readonly training: {
    readonly epochs: number
    readonly batch: number
    readonly learningRate: number
    readonly weightDecay: number
    readonly clipNorm: number
  }
  /** Of the initial parameters and of the order of the examples. */
  readonly seed: number
}

const KEYS = [
  'name',
  'csv',
  'columns',
  'target',
  'unit',
  'window',
  'split',
  'model',
  'training',
  'seed',
] as const

/**
 * Reads a job file.
 *
 * @param file - the path of the JSON file; a relative `csv` in it is relative to its folder, and
 *   `npm:PACKAGE/FILE` is a file of an installed package
 * @throws GruError ERR_GRU_FORMAT where the file cannot be read or is not JSON, or has a key twice;
 *   ERR_GRU_VALUE or ERR_GRU_TYPE where it holds something else than a job, naming the key
 */
export async function readJob(file: string): Promise<Job> {
  return parseJob(parseJson(await readTextFile(file), file), file)
}

function parseJob(value: unknown, file: string): Job {
  const at = (key: string): string => `${file}, ${key}`
  const fields = checkOptions(file, value, KEYS)
  const source = parseText(fields.csv, at('csv'))
  const columns = parseColumns(fields.columns, at('columns'))
  return {
    name: parseName(fields.name ?? path.basename(file, '.json'), at('name')),
    csv: resolveCsv(source, file),
    source,
    columns,
    target: parseTarget(fields.target, columns, at('target')),
    unit: parseText(fields.unit ?? '', at('unit')),
    window: checkPositiveInteger(at('window'), fields.window ?? 30),
    split: parseSplit(fields.split ?? {}, at('split')),
    model: parseModel(fields.model ?? {}, at('model')),
    training: parseTraining(fields.training ?? {}, at('training')),
    seed: checkSeed(at('seed'), fields.seed ?? 1),
  }
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
  const names = typeof value === 'object' && value !== null ? Object.keys(value) : []
  const kinds = Object.entries(checkOptions(key, value, names)).map(
    ([name, kind]) => [name, checkOneOf(`${key}.${name}`, kind, KINDS)] as const,
  )
  const dates = kinds.filter(([, kind]) => kind === 'date')
  if (dates.length === 1) return Object.fromEntries(kinds)
  throw argumentError('ERR_GRU_VALUE', key, 'one column of kind "date"', String(dates.length))
}

function parseTarget(value: unknown, columns: Job['columns'], key: string): string {
  const numbers = Object.keys(columns).filter((name) => columns[name] === 'number')
  return checkOneOf(key, value, numbers)
}

function parseSplit(value: unknown, key: string): Job['split'] {
  const fields = checkOptions(key, value, ['training', 'validation'])
  const share = { above: 0, below: 1 }
  const training = checkNumber(`${key}.training`, fields.training ?? 0.7, share)
  const validation = checkNumber(`${key}.validation`, fields.validation ?? 0.15, share)
  if (training + validation < 1) return { training, validation }
  const got = String(training + validation)
  throw argumentError('ERR_GRU_VALUE', key, 'a sum below 1, to leave a test part', got)
}

function parseModel(value: unknown, key: string): Job['model'] {
  const fields = checkOptions(key, value, ['hiddenSize', 'numLayers', 'dropout'])
  return {
    hiddenSize: checkLayerSize(`${key}.hiddenSize`, fields.hiddenSize ?? 32),
    numLayers: checkNumLayers(`${key}.numLayers`, fields.numLayers ?? 1),
    dropout: checkDropout(`${key}.dropout`, fields.dropout ?? 0),
  }
}

const TRAINING_KEYS = ['epochs', 'batch', 'learningRate', 'weightDecay', 'clipNorm'] as const

function parseTraining(value: unknown, key: string): Job['training'] {
  const fields = checkOptions(key, value, TRAINING_KEYS)
  const above0 = { above: 0, atMost: MAX_FLOAT32 }
  const from0 = { atLeast: 0, atMost: MAX_FLOAT32 }
  return {
    epochs: checkPositiveInteger(`${key}.epochs`, fields.epochs ?? 30),
    batch: checkPositiveInteger(`${key}.batch`, fields.batch ?? 32),
    learningRate: checkNumber(`${key}.learningRate`, fields.learningRate ?? 1e-3, above0),
    weightDecay: checkNumber(`${key}.weightDecay`, fields.weightDecay ?? 0.01, from0),
    clipNorm: checkNumber(`${key}.clipNorm`, fields.clipNorm ?? 1, above0),
  }
}

const IN_PACKAGE = /^npm:((?:@[^/]+\/)?[^/]+)\/(.+)$/

function resolveCsv(source: string, file: string): string {
  const folder = path.resolve(path.dirname(file))
  const [, name, inside] = IN_PACKAGE.exec(source) ?? []
  if (name === undefined || inside === undefined) return path.resolve(folder, source)
  // Looked up as Node does, from the job's folder upwards and then from this package; not resolved
  // as a module, since packages seldom export their data files.
  const resolvers = [createRequire(path.join(folder, 'job.json')), createRequire(__filename)]
  for (const modules of resolvers.flatMap((resolver) => resolver.resolve.paths(name) ?? [])) {
    const candidate = path.join(modules, name, inside)
    if (fs.existsSync(candidate)) return candidate
  }
  const expected = `a file of an installed package (npm install ${name})`
  throw argumentError('ERR_GRU_FORMAT', `${file}, csv`, expected, describe(source))
}
