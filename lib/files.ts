/**
 * What reading and writing files have in common: their errors, and which files are written to.
 *
 * @module
 */
import type { Stats } from 'node:fs'
import * as fs from 'node:fs/promises'
import { argumentError, GruError } from './errors'

/** The error for a file that cannot be read, with the system's error as its cause; a GruError stays as it is. */
export function readError(file: string, cause: unknown): GruError {
  return systemError(file, 'a file that can be read', cause)
}

/** The error for a file that cannot be written, as {@link readError}. */
export function writeError(file: string, cause: unknown): GruError {
  return systemError(file, WRITABLE, cause)
}

/** The error for a place in which no file can be written; `got` says what it is. */
export function placeError(file: string, got: string): GruError {
  return argumentError('ERR_GRU_FORMAT', file, WRITABLE, got)
}

const WRITABLE = 'a file that can be written'

function systemError(file: string, expected: string, cause: unknown): GruError {
  if (cause instanceof GruError) return cause
  return argumentError('ERR_GRU_FORMAT', file, expected, (cause as Error).message, { cause })
}

/**
 * The status of a file that is to be written; undefined where there is none yet.
 *
 * @param place - where it lies
 * @param file - what messages call it
 * @throws GruError ERR_GRU_FORMAT where something else lies there, such as a folder, a pipe or a device; the system's
 *   own error where it cannot be looked at
 */
export async function statusOfFile(place: string, file = place): Promise<Stats | undefined> {
  const status = await unlessMissing(fs.stat(place))
  if (status === undefined || status.isFile()) return status
  throw argumentError('ERR_GRU_FORMAT', file, 'a regular file or none', 'something else')
}

/** What a call of the file system gives; undefined where there is no such file. */
export async function unlessMissing<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
