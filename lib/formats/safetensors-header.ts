/**
 * The header of a safetensors file, and all the ways in which it can be wrong.
 *
 * @module
 */
import { argumentError, describe, quote } from '../errors'
import { parseJson } from './json'
import { decodeUtf8 } from './text-file'

export interface ArrayOfDtype {
  F64: Float64Array
  F32: Float32Array
  I64: BigInt64Array
  I32: Int32Array
  U8: Uint8Array
}

/** The element types that this package reads and writes, by their names in the format. */
export type Dtype = keyof ArrayOfDtype

// In the order in which the format's own library lays out tensors: widest elements first, so that
// every tensor is aligned.
export const ARRAY_CONSTRUCTORS = {
  I64: BigInt64Array,
  F64: Float64Array,
  F32: Float32Array,
  I32: Int32Array,
  U8: Uint8Array,
} as const
export const DTYPES = Object.keys(ARRAY_CONSTRUCTORS) as readonly Dtype[]

export const LENGTH_BYTES = 8
/** The largest header that the format's own library reads. */
export const MAX_HEADER_BYTES = 100_000_000
export const METADATA_KEY = '__metadata__'
const OPENING_BRACE = '{'.charCodeAt(0)

/** A tensor's entry in the header; the bytes count from the end of the header. */
export interface Entry {
  readonly name: string
  readonly dtype: Dtype
  readonly shape: readonly number[]
  readonly begin: number
  readonly end: number
}

export interface Header {
  readonly metadata: Record<string, string>
  /** In the order of their bytes, which they cover without gap or overlap. */
  readonly entries: readonly Entry[]
}

/**
 * The header's length from the file's first bytes, where a file of `fileBytes` can have such a
 * header.
 */
export function headerLength(prefix: Uint8Array, fileBytes: number, name: string): number {
  if (fileBytes < LENGTH_BYTES) {
    const expected = `at least ${LENGTH_BYTES} bytes`
    throw argumentError('ERR_GRU_FORMAT', name, expected, `a file of ${fileBytes}`)
  }
  const view = new DataView(prefix.buffer, prefix.byteOffset, LENGTH_BYTES)
  const length = view.getBigUint64(0, true)
  if (length > MAX_HEADER_BYTES) {
    const expected = `a header of at most ${MAX_HEADER_BYTES} bytes`
    throw argumentError('ERR_GRU_FORMAT', name, expected, `one of ${length}`)
  }
  const end = LENGTH_BYTES + Number(length)
  if (end > fileBytes) {
    const expected = `${end} bytes or more for its header of ${length}`
    throw argumentError('ERR_GRU_FORMAT', name, expected, `a file of ${fileBytes}`)
  }
  return Number(length)
}

export function parseHeader(bytes: Uint8Array, dataBytes: number, name: string): Header {
  const fields = parseFields(bytes, name)
  const metadata = parseMetadata(fields[METADATA_KEY], name)
  const entries: Entry[] = []
  for (const [tensor, info] of Object.entries(fields)) {
    if (tensor !== METADATA_KEY) entries.push(parseEntry(tensor, info, dataBytes, name))
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end)
  checkCoverage(entries, dataBytes, name)
  return { metadata, entries }
}

type Fields = Readonly<Record<string, unknown>>

function parseFields(bytes: Uint8Array, name: string): Fields {
  const header = `${name}, header`
  if (bytes[0] !== OPENING_BRACE) {
    const got = bytes.length === 0 ? 'nothing' : `the byte ${bytes[0]}`
    throw argumentError('ERR_GRU_FORMAT', header, 'JSON that begins with {', got)
  }
  const { buffer, byteOffset, length } = bytes
  return parseJson(decodeUtf8(Buffer.from(buffer, byteOffset, length), header), header) as Fields
}

function parseMetadata(value: unknown, name: string): Record<string, string> {
  if (value === undefined) return {}
  const place = `${name}, ${METADATA_KEY}`
  if (!isFields(value)) {
    throw argumentError('ERR_GRU_FORMAT', place, 'an object of strings', describe(value))
  }
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') {
      throw argumentError('ERR_GRU_FORMAT', `${place}, ${quote(key)}`, 'a string', describe(text))
    }
  }
  return value as Record<string, string>
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parseEntry(tensor: string, info: unknown, dataBytes: number, name: string): Entry {
  const place = `${name}, tensor ${quote(tensor)}`
  if (!isFields(info)) throw argumentError('ERR_GRU_FORMAT', place, 'an object', describe(info))
  const dtype = parseDtype(info['dtype'], place)
  const shape = parseShape(info['shape'], place)
  const [begin, end] = parseOffsets(info['data_offsets'], dataBytes, place)
  const bytes = countOfBytes(shape, dtype)
  if (!Number.isSafeInteger(bytes)) {
    const expected = `a shape of at most ${Number.MAX_SAFE_INTEGER} bytes`
    throw argumentError('ERR_GRU_FORMAT', place, expected, describeShape(shape))
  }
  if (bytes !== end - begin) {
    const expected = `${bytes} bytes for ${dtype} ${describeShape(shape)}`
    throw argumentError('ERR_GRU_FORMAT', place, expected, `data_offsets of ${end - begin}`)
  }
  return { name: tensor, dtype, shape, begin, end }
}

function parseDtype(value: unknown, place: string): Dtype {
  if (DTYPES.includes(value as Dtype)) return value as Dtype
  const expected = `a dtype among ${DTYPES.join(', ')}`
  throw argumentError('ERR_GRU_FORMAT', place, expected, describe(value))
}

function parseShape(value: unknown, place: string): readonly number[] {
  if (Array.isArray(value) && value.every(isCount)) return value
  const bad: unknown = Array.isArray(value) ? value.find((size) => !isCount(size)) : value
  throw argumentError('ERR_GRU_FORMAT', place, 'a shape of non-negative integers', describe(bad))
}

function parseOffsets(value: unknown, dataBytes: number, place: string): [number, number] {
  if (!Array.isArray(value) || value.length !== 2 || !value.every(isCount)) {
    const got = Array.isArray(value)
      ? `[${value.slice(0, 3).map(describe).join(', ')}]`
      : describe(value)
    throw argumentError('ERR_GRU_FORMAT', place, 'data_offsets of two non-negative integers', got)
  }
  const [begin, end] = value as [number, number]
  if (begin > end || end > dataBytes) {
    const expected = `data_offsets in order within ${dataBytes} bytes of data`
    throw argumentError('ERR_GRU_FORMAT', place, expected, `[${begin}, ${end}]`)
  }
  return [begin, end]
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/**
 * The bytes of a tensor; beyond the safe integers where some partial product is, as the format's
 * library counts.
 */
export function countOfBytes(shape: readonly number[], dtype: Dtype): number {
  let bytes: number = ARRAY_CONSTRUCTORS[dtype].BYTES_PER_ELEMENT
  for (const size of shape) {
    bytes *= size
    if (!Number.isSafeInteger(bytes)) return Infinity
  }
  return bytes
}

export function describeShape(shape: readonly number[]): string {
  return `[${shape.slice(0, 8).join(', ')}${shape.length > 8 ? ', ...' : ''}]`
}

function checkCoverage(entries: readonly Entry[], dataBytes: number, name: string): void {
  let end = 0
  for (const entry of entries) {
    if (entry.begin !== end) {
      const fact = entry.begin < end ? 'an overlap' : 'a hole'
      const place = `${name}, tensor ${quote(entry.name)}`
      const got = `${entry.begin} (${fact})`
      throw argumentError('ERR_GRU_FORMAT', place, `its bytes to begin at ${end}`, got)
    }
    end = entry.end
  }
  if (end !== dataBytes) {
    throw argumentError('ERR_GRU_FORMAT', name, `${end} bytes of data`, `${dataBytes}`)
  }
}
