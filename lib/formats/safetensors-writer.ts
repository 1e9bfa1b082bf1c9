/**
 * Writing safetensors files.
 *
 * @module
 */
import { argumentError, describe, quote } from '../errors'
import { replaceFile } from '../replace-file'
import { checkPath } from '../validate'
import { bytesOf } from './byte-source'
import {
  ARRAY_CONSTRUCTORS,
  countOfBytes,
  type Dtype,
  DTYPES,
  type Tensor,
} from './safetensors-dtypes'
import {
  describeShape,
  isCount,
  LENGTH_BYTES,
  MAX_HEADER_BYTES,
  METADATA_KEY,
} from './safetensors-header'

/** The content of a file: named tensors, and metadata: texts by keys. */
export interface Safetensors {
  readonly metadata: Readonly<Record<string, string>>
  readonly tensors: ReadonlyMap<string, Tensor>
}

const HEADER_ALIGNMENT = 8

/** What the header of a file says of a tensor. */
export interface TensorForm {
  readonly dtype: Dtype
  readonly shape: readonly number[]
}

/** How a file is laid out. */
export interface SafetensorsLayout {
  /** The bytes of the file before the first tensor. */
  readonly header: Uint8Array
  /** In the order of their bytes. */
  readonly names: readonly string[]
  /** Where each tensor's bytes begin in the file. Those of F32 begin at multiples of 4. */
  readonly positions: ReadonlyMap<string, number>
  /** The bytes of the file. */
  readonly size: number
}

/**
 * Lays out a file.
 *
 * @throws GruError ERR_GRU_VALUE if a name or a text cannot be written, or the header is too long
 */
export function layOutSafetensors(
  metadata: Readonly<Record<string, string>>,
  tensors: ReadonlyMap<string, TensorForm>,
): SafetensorsLayout {
  const members = metadataMembers(metadata)
  const begins = new Map<string, number>()
  let end = 0
  for (const [name, { dtype, shape }] of [...tensors].sort(byDtypeThenName)) {
    begins.set(name, end)
    const begin = end
    end += countOfBytes(shape, 8 * ARRAY_CONSTRUCTORS[dtype].BYTES_PER_ELEMENT)
    const info = JSON.stringify({ dtype, shape, data_offsets: [begin, end] })
    members.push(`${jsonString(name)}:${info}`)
  }
  const header = headerBytes(`{${members.join(',')}}`)
  const positions = new Map([...begins].map(([name, begin]) => [name, header.length + begin]))
  return { header, names: [...begins.keys()], positions, size: header.length + end }
}

/** The file in parts: its header, then the memory of each tensor. */
function piecesOf({ metadata, tensors }: Safetensors): readonly Uint8Array[] {
  for (const [name, tensor] of tensors) checkTensor(name, tensor)
  const { header, names } = layOutSafetensors(metadata, tensors)
  return [header, ...names.map((name) => bytesOf(tensors.get(name)!.data))]
}

function metadataMembers(metadata: Readonly<Record<string, string>>): string[] {
  const pairs = Object.entries(metadata)
  if (pairs.length === 0) return []
  const members = pairs.map(([key, text]) => `${jsonString(key)}:${jsonString(text)}`)
  return [`${jsonString(METADATA_KEY)}:{${members.join(',')}}`]
}

/** The header's length and text. Spaces at its end align the values after it. */
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

type NamedTensor = readonly [name: string, tensor: TensorForm]

/** Compares names by their UTF-8 bytes. JavaScript's `<` gives another order. */
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
  if (
    !shape.every(isCount) ||
    countOfBytes(shape, 8 * constructor.BYTES_PER_ELEMENT) !== data.byteLength
  ) {
    const expected = `values for the shape ${describeShape(shape)}`
    throw argumentError('ERR_GRU_SHAPE', place, expected, `${data.length}`)
  }
}

/** A text as JSON in UTF-8, which cannot represent half of a surrogate pair. */
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
 * Writes a file, tensor by tensor, from the arrays' own memory. An old file of that name is replaced only when the new
 * one is completely on the disk. Two calls with the same content and the same order of metadata write the same bytes.
 *
 * @param path - the path of the file; symbolic links are followed, as {@link replaceFile} says
 * @param content - must not change before the promise settles
 * @throws GruError ERR_GRU_SHAPE if the number of a tensor's values does not match its shape, ERR_GRU_TYPE if they are
 *   not of its dtype, ERR_GRU_VALUE if a name or a text cannot be written, ERR_GRU_FORMAT if the file cannot be written
 */
export async function writeSafetensors(path: string, content: Safetensors): Promise<void> {
  checkPath('path', path)
  await replaceFile(path, piecesOf(content))
}
