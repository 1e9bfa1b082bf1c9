/**
 * Opens what callers give as a file: its path, or its bytes.
 *
 * @module
 */
import { promises as fs } from 'node:fs'
import { types } from 'node:util'
import { argumentError, describe } from '../errors'
import { readError } from '../files'
import { checkPath } from '../validate'
import { type ByteSource, FileBytes, MemoryBytes } from './byte-source'

/** A file: its path, or its bytes in memory, which must not change before the call that reads them has ended. */
export type FileSource = string | Uint8Array

/** What messages call bytes in memory. */
const BYTES = 'bytes'

/** Checks that a value can be the source of a file. */
export function checkSource(argument: string, value: unknown): FileSource {
  if (types.isUint8Array(value)) return value
  if (typeof value === 'string') return checkPath(argument, value)
  const expected = 'the path of a file, or a Uint8Array'
  throw argumentError('ERR_GRU_TYPE', argument, expected, describe(value))
}

/**
 * Opens a file, calls `use`, and closes the file.
 *
 * @param source - the path of the file, or its bytes
 * @param signal - stops it between two reads
 * @returns what `use` returns
 * @throws GruError ERR_GRU_FORMAT if the file cannot be read, with the system's error as cause. The signal's reason if it
 *   was aborted
 */
export async function withBytes<T>(
  source: FileSource,
  use: (bytes: ByteSource) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const given = checkSource('path', source)
  if (typeof given !== 'string') return use(new MemoryBytes(given, BYTES, signal))
  try {
    return await withFile(given, given, use, signal)
  } catch (cause) {
    signal?.throwIfAborted()
    throw readError(given, cause)
  }
}

/**
 * Opens a file, calls `use`, and closes the file.
 *
 * @param name - what messages call it
 * @throws the system's error if it cannot be opened or read
 */
export async function withFile<T>(
  path: string,
  name: string,
  use: (bytes: ByteSource) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const handle = await fs.open(path, 'r')
  try {
    const status = await handle.stat()
    if (!status.isFile()) {
      throw argumentError('ERR_GRU_FORMAT', name, 'a regular file', 'something else')
    }
    return await use(new FileBytes(handle, name, status.size, signal))
  } finally {
    await handle.close()
  }
}
