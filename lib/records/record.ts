/**
 * The entries of training records, and what all kinds of records share.
 *
 * @module
 */
import { argumentError, describe, quote } from '../errors'
import { checkInteger, checkNumber, checkOneOf, checkOptions } from '../validate'

/** The results of a step or an epoch of a training. */
export interface RecordEntry {
  /** Whether the entry describes one update, or an epoch that has ended. */
  readonly kind: 'step' | 'epoch'
  /** The time, in milliseconds since 1970: `Date.now()`. */
  readonly time: number
  /** The number of updates since the beginning of the training. */
  readonly step: number
  /** The number of its epoch, from 1. */
  readonly epoch: number
  /**
   * Losses, rates and so on, by name. NaN and infinities are allowed. A name is any text without control characters,
   * but not `time`, `kind`, `step` or `epoch`. A name with undefined is an empty column in this entry.
   */
  readonly values: Readonly<Record<string, number | undefined>>
}

/** A training record, which gets one entry after another. */
export interface TrainingRecord {
  /**
   * Appends an entry. When the promise resolves, the system has taken the whole entry, so that it survives the process.
   * Entries are written in the order of the calls, even if a call does not wait for the one before.
   *
   * @throws GruError ERR_GRU_TYPE, ERR_GRU_VALUE for a wrong entry; ERR_GRU_FORMAT if the file cannot be written, which
   *   then has no part of the entry, or if the entry does not fit the file; ERR_GRU_DISPOSED after `close`
   */
  write(entry: RecordEntry): Promise<void>
  /**
   * Ends the record after all entries are written, and writes them to the disk. A second call has no further effect.
   *
   * @throws GruError ERR_GRU_FORMAT if that fails; the file is closed nevertheless
   */
  close(): Promise<void>
}

/** The columns that every entry has, in their order. */
export const COMMON_COLUMNS = ['time', 'kind', 'step', 'epoch'] as const

const ENTRY_KEYS = [...COMMON_COLUMNS, 'values'] as const
const LAST_TIME = 8.64e15

/** An entry that has been checked. */
export interface CheckedEntry extends Omit<RecordEntry, 'values'> {
  readonly values: ReadonlyMap<string, number | undefined>
}

/** One kind of record, without checks. Its `write` and `close` are those of {@link TrainingRecord}. */
export interface RecordWriter {
  readonly write: (entry: CheckedEntry) => Promise<void>
  readonly close: () => Promise<void>
}

/** Checks an entry, and copies it. */
export function checkEntry(value: unknown): CheckedEntry {
  const given = checkOptions('entry', value, ENTRY_KEYS)
  return {
    kind: checkOneOf('entry.kind', given.kind, ['step', 'epoch']),
    time: checkNumber('entry.time', given.time, { atLeast: 0, atMost: LAST_TIME }),
    step: checkInteger('entry.step', given.step, 0, Number.MAX_SAFE_INTEGER),
    epoch: checkInteger('entry.epoch', given.epoch, 0, Number.MAX_SAFE_INTEGER),
    values: checkValues('entry.values', given.values),
  }
}

function checkValues(argument: string, value: unknown): ReadonlyMap<string, number | undefined> {
  const names = typeof value === 'object' && value !== null ? Object.keys(value) : []
  const values = new Map<string, number | undefined>()
  for (const [name, number] of Object.entries(checkOptions(argument, value, names))) {
    checkValueName(argument, name)
    if (number !== undefined && typeof number !== 'number') {
      const place = `${argument}[${quote(name)}]`
      throw argumentError('ERR_GRU_TYPE', place, 'a number or undefined', describe(number))
    }
    values.set(name, number)
  }
  return values
}

const CONTROL_OR_LONE_SURROGATE = /[\p{Cc}\p{Cs}]/u

/** Checks the text of a name, or of a part of one. */
export function checkNameText(argument: string, name: string): void {
  if (name !== '' && !CONTROL_OR_LONE_SURROGATE.test(name)) return
  const expected = 'names that are well-formed texts without control characters'
  throw argumentError('ERR_GRU_VALUE', argument, expected, quote(name))
}

/** Checks what a value of an entry is to be called. */
export function checkValueName(argument: string, name: string): void {
  checkNameText(argument, name)
  if ((COMMON_COLUMNS as readonly string[]).includes(name)) {
    const expected = `names other than ${COMMON_COLUMNS.join(', ')}`
    throw argumentError('ERR_GRU_VALUE', argument, expected, quote(name))
  }
}
