/**
 * What a training record is told, and what all kinds of records have in common.
 *
 * @module
 */
import { argumentError, describe, quote } from '../errors'
import { checkInteger, checkNumber, checkOneOf, checkOptions } from '../validate'

/** What a step or an epoch of a training came to. */
export interface RecordEntry {
  /** Whether it tells of one update, or of an epoch that has ended. */
  readonly kind: 'step' | 'epoch'
  /** When it was, in milliseconds since 1970: `Date.now()`. */
  readonly time: number
  /** Updates made so far, from the beginning of the training. */
  readonly step: number
  /** The epoch that it belongs to, from 1. */
  readonly epoch: number
  /**
   * Losses, rates and the like, by name. NaN and infinities are values too. A name is any text without control
   * characters, but not `time`, `kind`, `step` or `epoch`. A name without a value is a column that is empty here.
   */
  readonly values: Readonly<Record<string, number | undefined>>
}

/** Where a training is written down, entry by entry. */
export interface TrainingRecord {
  /**
   * Appends an entry. When the promise resolves, the system has all of it, so that it survives the process. Entries
   * come one after another in the order of the calls, also where a call does not wait for the one before.
   *
   * @throws GruError ERR_GRU_TYPE, ERR_GRU_VALUE for a wrong entry; ERR_GRU_FORMAT where the file cannot be written,
   *   which then holds no part of the entry, or where the entry does not fit it; ERR_GRU_DISPOSED after `close`
   */
  write(entry: RecordEntry): Promise<void>
  /**
   * Ends the record when all entries are written, and brings them to the disk. A second call does nothing more.
   *
   * @throws GruError ERR_GRU_FORMAT where that fails; the file is closed all the same
   */
  close(): Promise<void>
}

/** The columns that every entry has, in their order. */
export const COMMON_COLUMNS = ['time', 'kind', 'step', 'epoch'] as const

const ENTRY_KEYS = [...COMMON_COLUMNS, 'values'] as const
const LAST_TIME = 8.64e15

/** An entry whose parts are what they should be. */
export interface CheckedEntry extends Omit<RecordEntry, 'values'> {
  readonly values: ReadonlyMap<string, number | undefined>
}

/** One kind of record, behind the checks. Its `write` and `close` are those of {@link TrainingRecord}. */
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

/** Checks what a value of an entry is to be called. */
export function checkValueName(argument: string, name: string): void {
  if (name === '' || CONTROL_OR_LONE_SURROGATE.test(name)) {
    const expected = 'names that are well-formed texts without control characters'
    throw argumentError('ERR_GRU_VALUE', argument, expected, quote(name))
  }
  if ((COMMON_COLUMNS as readonly string[]).includes(name)) {
    const expected = `names other than ${COMMON_COLUMNS.join(', ')}`
    throw argumentError('ERR_GRU_VALUE', argument, expected, quote(name))
  }
}
