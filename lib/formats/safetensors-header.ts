/**
 * The header of a safetensors file, and all its possible faults.
 *
 * The format (https://huggingface.co/docs/safetensors) is eight bytes with the header's length, a JSON header,
 * and the tensors' values, all little-endian, like the machines this package runs on.
 *
 * @module
 */
import { argumentError, describe, quote } from '../errors'
import { contentKind } from './content-kind'
import { parseJson } from './json'
import { bitsOf, countOfBytes } from './safetensors-dtypes'
import { decodeUtf8 } from './text-file'

export const LENGTH_BYTES = 8
/** The largest header that the format's own library accepts. */
export const MAX_HEADER_BYTES = 100_000_000
export const METADATA_KEY = '__metadata__'
const OPENING_BRACE = '{'.charCodeAt(0)

/** A tensor's entry in the header. Its bytes are counted from the end of the header. */
export interface Entry {
  readonly name: string
  /** A type of the format. It may be newer than this package. */
  readonly dtype: string
  readonly shape: readonly number[]
  readonly begin: number
  readonly end: number
}

export interface Header {
  readonly metadata: Record<string, string>
  /** In the order of their bytes, which are without gap or overlap. */
  readonly entries: readonly Entry[]
}

/**
 * The header's length from the file's first bytes. It must be possible for a file of `fileBytes`.
 *
 * @param head - the first bytes of the file, as {@link contentKind} takes them
 * @throws GruError ERR_GRU_FORMAT if there is no such header; the message says what the file is, if its bytes show it
 */
export function headerLength(head: Uint8Array, fileBytes: number, name: string): number {
  const length = lengthIn(head)
  if (length === undefined || length > MAX_HEADER_BYTES || head[LENGTH_BYTES] !== OPENING_BRACE) {
    refuseOtherKinds(head, name)
  }
  if (length === undefined) {
    const expected = `at least ${LENGTH_BYTES} bytes`
    throw argumentError('ERR_GRU_FORMAT', name, expected, `a file of ${fileBytes}`)
  }
  if (length > MAX_HEADER_BYTES) {
    const expected = `a safetensors file with a header of at most ${MAX_HEADER_BYTES} bytes`
    throw argumentError('ERR_GRU_FORMAT', name, expected, `one of ${length}`)
  }
  const end = LENGTH_BYTES + Number(length)
  if (end > fileBytes) {
    const expected = `${end} bytes or more for its header of ${length}`
    throw argumentError('ERR_GRU_FORMAT', name, expected, `a file of ${fileBytes}`)
  }
  return Number(length)
}

function refuseOtherKinds(head: Uint8Array, name: string): void {
  const got = contentKind(head)
  if (got === undefined) return
  const expected = 'a safetensors file, the one kind that this version reads'
  throw argumentError('ERR_GRU_FORMAT', name, expected, got)
}

function lengthIn(head: Uint8Array): bigint | undefined {
  if (head.length < LENGTH_BYTES) return undefined
  return new DataView(head.buffer, head.byteOffset).getBigUint64(0, true)
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
  checkSize(dtype, shape, end - begin, place)
  return { name: tensor, dtype, shape, begin, end }
}

function parseDtype(value: unknown, place: string): string {
  if (typeof value === 'string') return value
  throw argumentError('ERR_GRU_FORMAT', place, 'a dtype that is a string', describe(value))
}

function checkSize(dtype: string, shape: readonly number[], got: number, place: string): void {
  const bits = bitsOf(dtype)
  // The format may get new types. A tensor of an unknown type is accepted unless it is read.
  if (bits === undefined) return
  const bytes = countOfBytes(shape, bits)
  if (bytes === Infinity) {
    const expected = `a shape of at most ${Number.MAX_SAFE_INTEGER} bits`
    throw argumentError('ERR_GRU_FORMAT', place, expected, describeShape(shape))
  }
  if (bytes !== got) {
    const expected = `${bytes} bytes for ${dtype} ${describeShape(shape)}`
    throw argumentError('ERR_GRU_FORMAT', place, expected, `data_offsets of ${got}`)
  }
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
