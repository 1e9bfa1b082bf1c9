/**
 * Where the bytes of an HDF5 dataset are, and how they are packed.
 *
 * @module
 */
import { inflateSync } from 'node:zlib'
import type { Cursor, Hdf5Bytes } from './hdf5-bytes'
import { leavesOf } from './hdf5-links'
import { MESSAGE, type Message, messageOfType } from './hdf5-messages'
import type { ElementType, Space } from './hdf5-types'

const COMPACT = 0
const CONTIGUOUS = 1
const CHUNKED = 2

/**
 * Reads the bytes of a dataset's elements, row-major.
 *
 * @param file - afresh, so that what is read counts for this dataset alone
 * @returns memory of its own
 */
export function readElements(
  file: Hdf5Bytes,
  messages: readonly Message[],
  type: ElementType,
  space: Space,
): Uint8Array {
  const layout = messageOfType(messages, MESSAGE.layout)!.fromStart(file)
  const bytes = space.count * type.bytes
  if (bytes === 0) return new Uint8Array(0)
  if (messageOfType(messages, MESSAGE.externalFiles) !== undefined) {
    throw layout.fault('values in the file', 'values in external files')
  }
  const version = layout.u8()
  const kind = layout.u8()
  if (version === 3 || version === 4) {
    if (kind === COMPACT) return take(layout, layout.u16(), bytes).slice()
    if (kind === CONTIGUOUS) return readContiguous(layout, bytes)
    if (kind === CHUNKED && version === 3) return readChunked(layout, messages, type, space)
  }
  const expected = 'a compact or contiguous layout, or chunks in a B-tree of version 1'
  throw layout.fault(expected, `version ${version}, ${nameOf(kind)}`)
}

function nameOf(kind: number): string {
  return ['compact', 'contiguous', 'chunked', 'virtual'][kind] ?? `class ${kind}`
}

function take(layout: Cursor, stored: number, bytes: number): Uint8Array {
  checkSize(layout, stored, bytes)
  return layout.take(bytes)
}

function checkSize(layout: Cursor, stored: number, bytes: number): void {
  if (stored !== bytes) throw layout.fault(`${bytes} bytes for its shape and type`, `${stored}`)
}

function readContiguous(layout: Cursor, bytes: number): Uint8Array {
  const { file } = layout
  const address = layout.address()
  if (file.isNowhere(address)) throw notWritten(layout)
  checkSize(layout, layout.length(), bytes)
  return file.structure('values', address, bytes).bytes.slice()
}

/** What a fill value would stand for is of no use as weights, and could be of any size. */
function notWritten(layout: Cursor): Error {
  return layout.fault('values', 'a dataset that was not, or not completely, written')
}

const CHUNK_NODE = 1

/** How a dataset is cut. All sizes are in elements and by dimension, except `bytes`. */
interface Chunking {
  readonly shape: readonly number[]
  readonly chunkShape: readonly number[]
  readonly elementBytes: number
  /** The bytes of a whole chunk; those at the end of a dimension are whole too. */
  readonly bytes: number
}

function readChunked(
  layout: Cursor,
  messages: readonly Message[],
  type: ElementType,
  { shape }: Space,
): Uint8Array {
  const rank = layout.u8() - 1
  if (rank !== shape.length) throw layout.fault(`chunks of ${shape.length} dimensions`, `${rank}`)
  const tree = layout.address()
  if (layout.file.isNowhere(tree)) throw notWritten(layout)
  const chunkShape = shape.map(() => layout.u32())
  checkSize(layout, layout.u32(), type.bytes)
  const bytes = chunkShape.reduce((product, size) => product * size, type.bytes)
  if (bytes < 1 || bytes >= 2 ** 32) {
    throw layout.fault('chunks of 1 to 4294967295 bytes', `${chunkShape.join(' * ')} elements`)
  }
  const filters = readFilters(messageOfType(messages, MESSAGE.filters)?.fromStart(layout.file))
  return new ChunkReader(
    { shape, chunkShape, elementBytes: type.bytes, bytes },
    filters,
    layout,
  ).read(tree)
}

/** A chunk as it is stored. */
interface Chunk {
  readonly place: Cursor
  readonly address: number
  readonly storedBytes: number
  /** A bit for each filter that was left out. */
  readonly omitted: number
  readonly offset: readonly number[]
}

/** DEFLATE makes at most 1032 bytes of one. */
const LARGEST_RATIO = 1032

class ChunkReader {
  readonly #chunking: Chunking
  readonly #filters: readonly Filter[]
  readonly #layout: Cursor

  constructor(chunking: Chunking, filters: readonly Filter[], layout: Cursor) {
    this.#chunking = chunking
    this.#filters = filters
    this.#layout = layout
  }

  read(tree: number): Uint8Array {
    const { file } = this.#layout
    const { shape, elementBytes } = this.#chunking
    const keyBytes = 8 + 8 * (shape.length + 1)
    const leaves = leavesOf(file, tree, CHUNK_NODE, keyBytes)
    const chunks = leaves.map(({ key, address }) => this.#chunkOf(key, address))
    this.#checkAllAreThere(chunks)
    // Every chunk was checked to have enough bytes in the file for what it must hold.
    const result = new Uint8Array(shape.reduce((product, size) => product * size, elementBytes))
    for (const chunk of chunks) this.#place(this.#unpacked(file, chunk), chunk.offset, result)
    return result
  }

  #chunkOf(key: Cursor, address: number): Chunk {
    const { shape, chunkShape, bytes } = this.#chunking
    const [storedBytes, omitted] = [key.u32(), key.u32()]
    const offset = shape.map(() => key.unsigned(8))
    const isIn = offset.every((at, i) => at < shape[i]! && at % chunkShape[i]! === 0)
    if (!isIn) throw key.fault('the offset of a chunk', `[${offset.join(', ')}]`)
    if (bytes > LARGEST_RATIO * storedBytes) {
      throw key.fault(`a chunk that can become ${bytes} bytes`, `one of ${storedBytes}`)
    }
    return { place: key, address, storedBytes, omitted, offset }
  }

  #checkAllAreThere(chunks: readonly Chunk[]): void {
    const { shape, chunkShape } = this.#chunking
    const expected = shape.reduce(
      (product, size, i) => product * Math.ceil(size / chunkShape[i]!),
      1,
    )
    const distinct = new Set(chunks.map(({ offset }) => offset.join())).size
    if (distinct !== chunks.length) throw this.#layout.fault('each chunk once', 'a chunk twice')
    if (distinct !== expected) throw notWritten(this.#layout)
    const stored = chunks.reduce((sum, { storedBytes }) => sum + storedBytes, 0)
    const { size } = this.#layout.file
    if (stored > size) throw this.#layout.fault(`chunks of at most ${size} bytes`, `${stored}`)
  }

  #unpacked(file: Hdf5Bytes, chunk: Chunk): Uint8Array {
    let bytes = file.structure('chunk', chunk.address, chunk.storedBytes).bytes
    for (let i = this.#filters.length - 1; i >= 0; i--) {
      const isOmitted = ((chunk.omitted >>> i) & 1) === 1
      if (!isOmitted) bytes = this.#filters[i]!(bytes, this.#chunking, chunk.place)
    }
    checkSize(chunk.place, bytes.length, this.#chunking.bytes)
    return bytes
  }

  /** Copies a chunk's rows (elements along the last dimension) to where they belong, without what is past the end. */
  #place(chunk: Uint8Array, offset: readonly number[], result: Uint8Array): void {
    const { shape, chunkShape, elementBytes } = this.#chunking
    const last = shape.length - 1
    const sizes = chunkShape.map((size, i) => Math.min(size, shape[i]! - offset[i]!))
    const rowBytes = (sizes[last] ?? 1) * elementBytes
    const rows = sizes.slice(0, last).reduce((product, size) => product * size, 1)
    for (let row = 0; row < rows; row++) {
      let [rest, from, to] = [row, 0, offset[last] ?? 0]
      let [fromStride, toStride] = [chunkShape[last] ?? 1, shape[last] ?? 1]
      for (let i = last - 1; i >= 0; i--) {
        const index = rest % sizes[i]!
        rest = Math.floor(rest / sizes[i]!)
        from += index * fromStride
        to += (offset[i]! + index) * toStride
        fromStride *= chunkShape[i]!
        toStride *= shape[i]!
      }
      const begin = from * elementBytes
      result.set(chunk.subarray(begin, begin + rowBytes), to * elementBytes)
    }
  }
}

/** Takes back what a filter did to a chunk. */
type Filter = (bytes: Uint8Array, chunking: Chunking, place: Cursor) => Uint8Array

const FILTERS: ReadonlyMap<number, Filter> = new Map([
  [1, inflate],
  [2, unshuffle],
])
const FILTER_NAMES: ReadonlyMap<number, string> = new Map([
  [3, 'fletcher32'],
  [4, 'szip'],
  [5, 'nbit'],
  [6, 'scaleoffset'],
  [32000, 'lzf'],
  [32001, 'blosc'],
  [32004, 'lz4'],
  [32015, 'zstd'],
])
/** Filters with larger numbers have a name in messages of version 2. */
const FIRST_NAMED = 256

function readFilters(message: Cursor | undefined): readonly Filter[] {
  if (message === undefined) return []
  const version = message.u8()
  if (version !== 1 && version !== 2) throw message.fault('version 1 or 2', `${version}`)
  const count = message.u8()
  if (version === 1) message.skip(6)
  return Array.from({ length: count }, () => readFilter(message, version))
}

function readFilter(message: Cursor, version: number): Filter {
  const id = message.u16()
  const nameBytes = version === 1 || id >= FIRST_NAMED ? message.u16() : 0
  message.skip(2)
  const values = message.u16()
  message.skip(nameBytes)
  message.skip(4 * values)
  if (version === 1 && values % 2 === 1) message.skip(4)
  const filter = FILTERS.get(id)
  if (filter !== undefined) return filter
  throw message.fault('the filters deflate and shuffle', FILTER_NAMES.get(id) ?? `filter ${id}`)
}

function inflate(bytes: Uint8Array, chunking: Chunking, place: Cursor): Uint8Array {
  try {
    return inflateSync(bytes, { maxOutputLength: chunking.bytes })
  } catch (cause) {
    const expected = `a chunk of ${chunking.bytes} bytes, compressed by deflate`
    throw place.fault(expected, (cause as Error).message, { cause })
  }
}

/** The first bytes of all elements come first, then the second ones. */
function unshuffle(bytes: Uint8Array, { elementBytes }: Chunking): Uint8Array {
  const count = Math.floor(bytes.length / elementBytes)
  const result = new Uint8Array(bytes.length)
  result.set(bytes.subarray(count * elementBytes), count * elementBytes)
  for (let byte = 0; byte < elementBytes; byte++) {
    for (let i = 0; i < count; i++) result[i * elementBytes + byte] = bytes[byte * count + i]!
  }
  return result
}
