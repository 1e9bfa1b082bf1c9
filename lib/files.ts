/**
 * Shared by the reading and writing of files: their errors, and which files may be written.
 *
 * @module
 */
import type { Stats } from 'node:fs'
import { promises as fs } from 'node:fs'
import * as path from 'node:path'
import { argumentError, GruError } from './errors'

/** The error for a file that cannot be read, with the system's error as its cause. A GruError is returned unchanged. */
export function readError(file: string, cause: unknown): GruError {
  return systemError(file, 'a file that can be read', cause)
}

/** The error for a file that cannot be written, as {@link readError}. */
export function writeError(file: string, cause: unknown): GruError {
  return systemError(file, WRITABLE, cause)
}

/** The error for a path at which no file can be written; `got` says what is there. */
export function placeError(file: string, got: string): GruError {
  return argumentError('ERR_GRU_FORMAT', file, WRITABLE, got)
}

const WRITABLE = 'a file that can be written'

function systemError(file: string, expected: string, cause: unknown): GruError {
  if (cause instanceof GruError) return cause
  return argumentError('ERR_GRU_FORMAT', file, expected, systemWords(cause), { cause })
}

/** What the system says, without the name of the call and its paths: they would stand in the message twice. */
function systemWords(cause: unknown): string {
  const { message, syscall } = cause as NodeJS.ErrnoException
  const end = syscall === undefined ? -1 : message.indexOf(`, ${syscall}`)
  return end < 0 ? message : message.slice(0, end)
}

/**
 * Makes a folder, and those above it that are missing.
 *
 * @returns whether it was made: false if it was there
 * @throws GruError ERR_GRU_FORMAT if it cannot be made, with the system's error as cause
 */
export async function makeFolder(folder: string): Promise<boolean> {
  try {
    return await makeMissing(path.resolve(folder))
  } catch (cause) {
    throw systemError(folder, 'a folder that can be made', cause)
  }
}

/** Not mkdir's own recursion: where a folder's parent is there and takes no entries, as /proc, that of Node 20 never ends. */
async function makeMissing(folder: string): Promise<boolean> {
  try {
    await fs.mkdir(folder)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // A folder that exists may be refused for other reasons too, such as a file system that is read-only.
    if (code !== 'ENOENT' && (await isFolder(folder))) return false
    const parent = path.dirname(folder)
    if (code !== 'ENOENT' || (await isFolder(parent))) throw error
    await makeMissing(parent)
  }
  return makeMissing(folder)
}

async function isFolder(place: string): Promise<boolean> {
  const status = await fs.stat(place).catch(() => undefined)
  return status?.isDirectory() === true
}

/**
 * The status of a file that will be written; undefined if it does not exist yet.
 *
 * @param place - its path
 * @param file - its name in messages
 * @throws GruError ERR_GRU_FORMAT if something else is there, such as a folder, a pipe or a device; the system's own
 *   error if the path cannot be examined
 */
export async function statusOfFile(place: string, file = place): Promise<Stats | undefined> {
  const status = await unlessMissing(fs.stat(place))
  if (status === undefined || status.isFile()) return status
  throw argumentError('ERR_GRU_FORMAT', file, 'a regular file or none', 'something else')
}

/** The result of a call of the file system; undefined if the file does not exist. */
export async function unlessMissing<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
