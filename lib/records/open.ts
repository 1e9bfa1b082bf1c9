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
import { checkEntry, type RecordWriter, type TrainingRecord } from './record'
import { openTensorBoard } from './tensorboard'

/**
 * A record of JSON lines, one object for each entry. NaN and infinities are texts in it, since JSON does not have them.
 */
export interface JsonLinesOptions {
  readonly kind: 'jsonLines'
  /** The path of the file. If it exists, entries are added to it. */
  readonly path: string
}

/** A record as a table. The first entry names all its columns. */
export interface CsvOptions {
  readonly kind: 'csv'
  /** The path of the file. If it exists, entries are added to it. */
  readonly path: string
}

/** A record for TensorBoard: scalars with the tags `step/NAME` and `epoch/NAME`, against the number of updates. */
export interface TensorBoardOptions {
  readonly kind: 'tensorBoard'
  /** The path of the folder, in which a new event file is made. */
  readonly path: string
}

/** Where and how a training is recorded. */
export type RecordOptions = JsonLinesOptions | CsvOptions | TensorBoardOptions

type Kind = RecordOptions['kind']

const OPENERS: { readonly [K in Kind]: (path: string) => Promise<RecordWriter> } = {
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
 * the end, from a process that ended early, is removed. A file is never rewritten. A file that is not such a record is
 * not changed. If a process is killed, at most the entry that it was writing is lost.
 *
 * @throws GruError ERR_GRU_TYPE, ERR_GRU_VALUE for wrong options; ERR_GRU_FORMAT if a file or folder cannot be written
 *   or is something else. No record is open then.
 */
export async function openRecords(records: readonly RecordOptions[]): Promise<TrainingRecord> {
  const checked = checkRecords('records', records)
  const opened: RecordWriter[] = []
  try {
    for (const { kind, path } of checked) opened.push(await OPENERS[kind](path))
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
