/**
 * Values of ONNX tensors in files beside the model's. A model names these files, and it may come from anywhere: no name may
 * lead out of the model's folder.
 *
 * @module
 */
import { promises as fs } from 'node:fs'
import * as path from 'node:path'
import { argumentError, quote } from '../errors'
import { readError } from '../files'
import type { ByteSource } from './byte-source'
import type { StringEntry } from './onnx-messages'
import { withFile } from './open-bytes'

/** Where a tensor's values are. */
export interface ExternalPart {
  /** The path of the model's file. Undefined for bytes in memory. */
  readonly model: string | undefined
  /** What the tensor says of the other file. */
  readonly entries: readonly StringEntry[]
  /** The number of bytes that the tensor needs. */
  readonly size: number
  /** What messages call the tensor. */
  readonly place: string
}

/**
 * Opens the file, calls `use`, and closes the file.
 *
 * @param use - gets the file and where the tensor's bytes begin in it; `size` bytes are there
 * @throws GruError ERR_GRU_FORMAT if the file is not in the model's folder or one below, cannot be read, or is too short
 */
export async function withExternalBytes<T>(
  part: ExternalPart,
  use: (bytes: ByteSource, position: number) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const { place } = part
  const entries = entriesOf(part)
  const location = entries.get('location') ?? ''
  const name = `${place}, external data ${quote(location)}`
  const offset = numberIn(entries, 'offset', name) ?? 0
  checkLength(numberIn(entries, 'length', name), part.size, name)
  checkLocation(location, place)
  if (part.model === undefined) {
    const expected = 'a model whose values are all in its bytes (give its path instead)'
    throw argumentError('ERR_GRU_FORMAT', place, expected, `values in ${quote(location)}`)
  }
  try {
    const file = await fileInFolder(part.model, location, name)
    return await withFile(
      file,
      name,
      (bytes) => use(checkSize(bytes, offset, part.size), offset),
      signal,
    )
  } catch (cause) {
    signal?.throwIfAborted()
    throw readError(name, cause)
  }
}

function entriesOf({ entries, place }: ExternalPart): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  for (const { key, value } of entries) {
    if (values.has(key)) {
      const expected = 'each key of its external data once'
      throw argumentError('ERR_GRU_FORMAT', place, expected, `${quote(key)} twice`)
    }
    values.set(key, value)
  }
  return values
}

function numberIn(
  entries: ReadonlyMap<string, string>,
  key: string,
  place: string,
): number | undefined {
  const text = entries.get(key)
  if (text === undefined) return undefined
  const number = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(number)) return number
  throw argumentError('ERR_GRU_FORMAT', place, `${key} in digits`, quote(text))
}

function checkLength(length: number | undefined, size: number, place: string): void {
  if (length === undefined || length === size) return
  throw argumentError(
    'ERR_GRU_FORMAT',
    place,
    `${size} bytes for its shape`,
    `a length of ${length}`,
  )
}

function checkSize(bytes: ByteSource, offset: number, size: number): ByteSource {
  if (offset + size <= bytes.size) return bytes
  const expected = `${offset + size} bytes or more`
  throw argumentError('ERR_GRU_FORMAT', bytes.name, expected, `a file of ${bytes.size}`)
}

/** Windows has more forms of absolute paths. They are refused everywhere, so that a model works everywhere or nowhere. */
function checkLocation(location: string, place: string): void {
  const isAbsolute = [path.posix, path.win32].some((form) => form.parse(location).root !== '')
  const leaves = location.split(/[\\/]/).includes('..')
  if (location !== '' && !location.includes('\0') && !isAbsolute && !leaves) return
  const expected = "external data in the model's folder, by a relative path without .."
  throw argumentError('ERR_GRU_FORMAT', place, expected, quote(location))
}

/**
 * The path of a file after all symbolic links. It must be in the model's folder, or in the folder that holds the model's
 * file after its own links: a cache of models may consist of links to its files.
 */
async function fileInFolder(model: string, location: string, name: string): Promise<string> {
  const file = await fs.realpath(path.join(path.dirname(model), location))
  const folders = [await fs.realpath(path.dirname(model)), path.dirname(await fs.realpath(model))]
  if (!folders.some((folder) => isWithin(folder, file))) {
    const expected = "a file in the model's folder"
    throw argumentError('ERR_GRU_FORMAT', name, expected, 'a symbolic link that leaves it')
  }
  // Opening a pipe would wait for its other end.
  if ((await fs.stat(file)).isFile()) return file
  throw argumentError('ERR_GRU_FORMAT', name, 'a regular file', 'something else')
}

function isWithin(folder: string, file: string): boolean {
  const relative = path.relative(folder, file)
  return !path.isAbsolute(relative) && relative.split(path.sep)[0] !== '..'
}
