/**
 * The place in a record at which a training resumes.
 *
 * @module
 */
import type { RecordEntry } from './record'

/**
 * The entry that a training wrote last before the moment from which it resumes. The values that it names, with those in
 * its columns, tell it from the entries of other trainings.
 */
export type RecordPosition = Pick<RecordEntry, 'kind' | 'step' | 'epoch' | 'values'>

/** An entry as its file has it: texts by the names of columns and values. */
export type WrittenEntry = ReadonlyMap<string, string>

/** What an entry of a file is to a position: the entry there, one that was written after it, or another training's. */
export type Place = 'here' | 'later' | 'elsewhere'

/** Compares an entry of a file with a position. */
export function placeOf(entry: WrittenEntry, { kind, step, epoch, values }: RecordPosition): Place {
  const wanted = Object.entries({ kind, step, epoch, ...values })
  if (wanted.every(([name, value]) => entry.get(name) === String(value))) return 'here'
  const isLater = numberIn(entry, 'step') >= step && numberIn(entry, 'epoch') >= epoch
  return isLater ? 'later' : 'elsewhere'
}

/** NaN, which is never later, if there is none. */
function numberIn(entry: WrittenEntry, name: string): number {
  return Number(entry.get(name) ?? NaN)
}
