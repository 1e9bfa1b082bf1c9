/**
 * Opening training records.
 *
 * @module
 */
import * as path from 'node:path'
import { argumentError, describe, quote } from '../errors'
import { checkOneOf, checkOptions, checkPath } from '../validate'
import { openCsv } from './csv'
import { openJsonLines } from './json-lines'
import type { RecordPosition } from './position'
import { checkEntry, type RecordWriter, type TrainingRecord } from './record'
import { openTensorBoard } from './tensorboard'

/**
 * A record of JSON lines, one object for each entry. NaN and infinities are texts in it, since JSON does not have them.
 */
export interface JsonLinesOptions {
  readonly kind: 'jsonLines'
  /**
   * The path of the file. If it exists, entries are added to it. A `fit` with `resume` first removes the entries of the
   * same training that it will write again.
   */
  readonly path: string
}

/** A record as a table. The first entry names all its columns. */
export interface CsvOptions {
  readonly kind: 'csv'
  /**
   * The path of the file. If it exists, entries are added to it. A `fit` with `resume` first removes the entries of the
   * same training that it will write again.
   */
  readonly path: string
}

/** A record for TensorBoard: scalars with the tags `step/NAME` and `epoch/NAME`, against the number of updates. */
export interface TensorBoardOptions {
  readonly kind: 'tensorBoard'
  /**
   * The path of the folder, in which a new event file is made. With `resume` of `fit` it tells TensorBoard which steps of
   * the files before it replaces.
   */
  readonly path: string
}

/** Where and how a training is recorded. */
export type RecordOptions = JsonLinesOptions | CsvOptions | TensorBoardOptions

type Kind = RecordOptions['kind']

type OpenRecord = (path: string, position: RecordPosition | undefined) => Promise<RecordWriter>

const OPENERS: { readonly [K in Kind]: OpenRecord } = {
  jsonLines: openJsonLines,
  csv: openCsv,
  tensorBoard: openTensorBoard,
}
const KINDS = Object.keys(OPENERS) as readonly Kind[]

/** Checks the options of records. Each must have a different path. */
export function checkRecords(argument: string, value: unknown): readonly RecordOptions[] {
  if (!Array.isArray(value)) {
    throw argumentError('ERR_GRU_TYPE', argument, 'an Array of records', describe(value))
  }
  const places = new Set<string>()
  return Array.from(value as readonly unknown[], (options, index) => {
    const name = `${argument}[${index}]`
    const given = checkOptions(name, options, ['kind', 'path'])
    const kind = checkOneOf(`${name}.kind`, given.kind, KINDS)
    const place = checkPath(`${name}.path`, given.path)
    if (places.has(path.resolve(place))) {
      const expected = 'a place of its own'
      throw argumentError('ERR_GRU_VALUE', `${name}.path`, expected, `${quote(place)} again`)
    }
    places.add(path.resolve(place))
    return { kind, path: place }
  })
}

/**
 * Opens training records. Each of them gets every entry. Entries are added to existing files; an incomplete entry at
 * the end, from a process that ended early, is removed. Other entries are never changed. A file that is not such a record
 * is not changed. If a process is killed, at most the entry that it was writing is lost.
 *
 * @throws GruError ERR_GRU_TYPE, ERR_GRU_VALUE for wrong options; ERR_GRU_FORMAT if a file or folder cannot be written
 *   or is something else. No record is open then.
 */
export async function openRecords(records: readonly RecordOptions[]): Promise<TrainingRecord> {
  return openAt(checkRecords('records', records), undefined)
}

/**
 * Opens training records of a training that resumes, as {@link openRecords}.
 *
 * A file of lines that ends with the entry at the position and later ones loses the later ones, since the training writes
 * them again. Any other file keeps all its entries.
 *
 * @param records - checked
 * @param position - undefined for a training that begins
 */
export async function openAt(
  records: readonly RecordOptions[],
  position: RecordPosition | undefined,
): Promise<TrainingRecord> {
  const opened: RecordWriter[] = []
  try {
    for (const { kind, path } of records) opened.push(await OPENERS[kind](path, position))
  } catch (error) {
    await Promise.allSettled(opened.map((record) => record.close()))
    throw error
  }
  return {
    write: async (entry) => {
      const checked = checkEntry(entry)
      await all(opened.map((record) => record.write(checked)))
    },
    close: () => all(opened.map((record) => record.close())),
  }
}

/** Waits for all promises, and only then throws the first error, so that nothing still runs after the call. */
async function all(promises: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(promises)) {
    if (result.status === 'rejected') throw result.reason
  }
}
