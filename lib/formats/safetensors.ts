/**
 * The safetensors file format (https://huggingface.co/docs/safetensors): eight bytes with the
 * header's length, a JSON header, and the tensors' values, all little-endian, like the machines
 * this package runs on.
 *
 * @module
 */
import * as fs from 'node:fs/promises'
import { argumentError, describe, GruError, quote } from '../errors'
import { replaceFile } from '../replace-file'
import { checkPath } from '../validate'
import {
  ARRAY_CONSTRUCTORS,
  type ArrayOfDtype,
  countOfBytes,
  describeShape,
  type Dtype,
  DTYPES,
  type Entry,
  headerLength,
  isCount,
  LENGTH_BYTES,
  MAX_HEADER_BYTES,
  METADATA_KEY,
  parseHeader,
} from './safetensors-header'

export type { Dtype }

/** A named array of a file: its element type, its shape (row-major), and its values. */
export type Tensor = {
  [D in Dtype]: {
    readonly dtype: D
    readonly shape: readonly number[]
    readonly data: ArrayOfDtype[D]
  }
}[Dtype]

/** What a file holds: named tensors, and free text by keys. */
export interface Safetensors {
  readonly metadata: Readonly<Record<string, string>>
  readonly tensors: ReadonlyMap<string, Tensor>
}

const HEADER_ALIGNMENT = 8

/**
 * Reads a file. Each tensor gets an array of its own.
 *
 * @param path - the path of the file
 * @throws GruError ERR_GRU_FORMAT where the file cannot be read (with the system's error as cause),
 *   is cut short, or contradicts itself; the message names the file and what is wrong with it
 */
export async function readSafetensors(path: string): Promise<Safetensors> {
  checkPath('path', path)
  try {
    const handle = await fs.open(path, 'r')
    try {
      return await readFrom(handle, path)
    } finally {
      await handle.close()
    }
  } catch (cause) {
    if (cause instanceof GruError) throw cause
    throw argumentError(
      'ERR_GRU_FORMAT',
      path,
      'a file that can be read',
      (cause as Error).message,
      { cause },
    )
  }
}

/** Tensor by tensor, since a file may be larger than one buffer can be. */
async function readFrom(handle: fs.FileHandle, name: string): Promise<Safetensors> {
  const status = await handle.stat()
  if (!status.isFile()) {
    throw argumentError('ERR_GRU_FORMAT', name, 'a regular file', 'something else')
  }
  const prefix = new Uint8Array(Math.min(LENGTH_BYTES, status.size))
  await readFully(handle, prefix, 0, name)
  const dataStart = LENGTH_BYTES + headerLength(prefix, status.size, name)
  const json = new Uint8Array(dataStart - LENGTH_BYTES)
  await readFully(handle, json, LENGTH_BYTES, name)
  const { metadata, entries } = parseHeader(json, status.size - dataStart, name)
  const tensors = new Map<string, Tensor>()
  for (const entry of entries) {
    const tensor = emptyTensor(entry)
    await readFully(handle, bytesOf(tensor), dataStart + entry.begin, name)
    tensors.set(entry.name, tensor)
  }
  return { metadata, tensors }
}

const MAX_READ_BYTES = 2 ** 30

async function readFully(
  handle: fs.FileHandle,
  bytes: Uint8Array,
  position: number,
  name: string,
): Promise<void> {
  let done = 0
  while (done < bytes.length) {
    const length = Math.min(bytes.length - done, MAX_READ_BYTES)
    const { bytesRead } = await handle.read(bytes, done, length, position + done)
    if (bytesRead === 0) {
      const expected = `${position + bytes.length} bytes`
      throw argumentError('ERR_GRU_FORMAT', name, expected, `a file cut at ${position + done}`)
    }
    done += bytesRead
  }
}

/**
 * Reads the bytes of a file. Each tensor gets an array of its own.
 *
 * @param buffer - the whole file
 * @param name - the file's name, for messages
 * @throws GruError ERR_GRU_FORMAT as {@link readSafetensors}
 */
export function parseSafetensors(buffer: Uint8Array, name: string): Safetensors {
  const dataStart = LENGTH_BYTES + headerLength(buffer, buffer.length, name)
  const data = buffer.subarray(dataStart)
  const header = parseHeader(buffer.subarray(LENGTH_BYTES, dataStart), data.length, name)
  const tensors = new Map<string, Tensor>()
  for (const entry of header.entries) {
    const tensor = emptyTensor(entry)
    bytesOf(tensor).set(data.subarray(entry.begin, entry.end))
    tensors.set(entry.name, tensor)
  }
  return { metadata: header.metadata, tensors }
}

function emptyTensor({ dtype, shape, begin, end }: Entry): Tensor {
  const constructor = ARRAY_CONSTRUCTORS[dtype]
  const data = new constructor((end - begin) / constructor.BYTES_PER_ELEMENT)
  return { dtype, shape, data } as Tensor
}

function bytesOf({ data }: Tensor): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}

/**
 * The bytes of a file. Two calls with the same content in the same order of metadata give the same
 * bytes.
 *
 * @throws GruError ERR_GRU_SHAPE where a tensor's values do not fill its shape, ERR_GRU_TYPE where
 *   they are not of its dtype, ERR_GRU_VALUE where a name or a text cannot be written
 */
export function serializeSafetensors(content: Safetensors): Uint8Array {
  return Buffer.concat(piecesOf(content))
}

/** The file in pieces: its header, then the memory of each tensor. */
function piecesOf(content: Safetensors): readonly Uint8Array[] {
  const tensors = [...content.tensors].sort(byDtypeThenName)
  const members = metadataMembers(content.metadata)
  let end = 0
  for (const [name, tensor] of tensors) {
    checkTensor(name, tensor)
    const { dtype, shape } = tensor
    const begin = end
    end += tensor.data.byteLength
    const info = JSON.stringify({ dtype, shape, data_offsets: [begin, end] })
    members.push(`${jsonString(name)}:${info}`)
  }
  return [headerBytes(`{${members.join(',')}}`), ...tensors.map(([, tensor]) => bytesOf(tensor))]
}

function metadataMembers(metadata: Readonly<Record<string, string>>): string[] {
  const pairs = Object.entries(metadata)
  if (pairs.length === 0) return []
  const members = pairs.map(([key, text]) => `${jsonString(key)}:${jsonString(text)}`)
  return [`${jsonString(METADATA_KEY)}:{${members.join(',')}}`]
}

/** The header's length and its text, which spaces fill up so that the values after it are aligned. */
function headerBytes(json: string): Uint8Array {
  const jsonBytes = Buffer.byteLength(json)
  const length = Math.ceil(jsonBytes / HEADER_ALIGNMENT) * HEADER_ALIGNMENT
  if (length > MAX_HEADER_BYTES) {
    const expected = `names and metadata of at most ${MAX_HEADER_BYTES} bytes`
    throw argumentError('ERR_GRU_VALUE', 'content', expected, `${length}`)
  }
  const bytes = Buffer.alloc(LENGTH_BYTES + length, ' ')
  bytes.writeBigUInt64LE(BigInt(length))
  bytes.write(json, LENGTH_BYTES)
  return bytes
}

type NamedTensor = readonly [name: string, tensor: Tensor]

/** By name in the order of their UTF-8 bytes, which is not the order of JavaScript's `<`. */
function byDtypeThenName([nameA, a]: NamedTensor, [nameB, b]: NamedTensor): number {
  const order = DTYPES.indexOf(a.dtype) - DTYPES.indexOf(b.dtype)
  return order === 0 ? Buffer.compare(Buffer.from(nameA), Buffer.from(nameB)) : order
}

function checkTensor(name: string, { dtype, shape, data }: Tensor): void {
  const place = `tensors, ${quote(name)}`
  if (name === METADATA_KEY) {
    throw argumentError('ERR_GRU_VALUE', 'tensors', 'names of tensors', quote(name))
  }
  const constructor = ARRAY_CONSTRUCTORS[dtype]
  if (data[Symbol.toStringTag] !== constructor.name) {
    const expected = `values of type ${constructor.name}`
    throw argumentError('ERR_GRU_TYPE', place, expected, describe(data))
  }
  if (!shape.every(isCount) || countOfBytes(shape, dtype) !== data.byteLength) {
    const expected = `values for the shape ${describeShape(shape)}`
    throw argumentError('ERR_GRU_SHAPE', place, expected, `${data.length}`)
  }
}

/** A text as JSON in UTF-8, which has no form for half of a surrogate pair. */
function jsonString(text: string): string {
  if (Buffer.from(text).toString() === text) return JSON.stringify(text)
  throw argumentError(
    'ERR_GRU_VALUE',
    quote(text),
    'text that is valid Unicode',
    'a lone surrogate',
  )
}

/**
 * Writes a file. An old file of that name is replaced only when the new one is whole on the disk;
 * the content is copied before the promise is returned.
 *
 * @param path - the path of the file
 * @throws GruError as {@link serializeSafetensors}, and ERR_GRU_FORMAT where the file cannot be
 *   written
 */
export async function writeSafetensors(path: string, content: Safetensors): Promise<void> {
  checkPath('path', path)
  await replaceFile(
    path,
    piecesOf(content).map((piece) => piece.slice()),
  )
}
