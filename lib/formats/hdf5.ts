/**
 * Reading HDF5 files: the part of the format that Keras writes, and a little more.
 *
 * Read are superblocks of versions 0, 2 and 3; object headers of both versions; groups by symbol tables and by links in
 * their headers; contiguous, compact and chunked datasets, packed by deflate and shuffle; and attributes. What is not read
 * is refused by its name: dense storage of links or attributes, links by path, external files, virtual datasets, other
 * filters. The format: https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html
 *
 * @module
 */
import { newFloat32Array } from '../arrays'
import { argumentError, type GruError, quote } from '../errors'
import { contentKind, HEAD_BYTES } from './content-kind'
import { convertToFloat32, isConvertible } from './float32'
import { Cursor, Hdf5Bytes } from './hdf5-bytes'
import { isGroup, readLinks } from './hdf5-links'
import {
  checkChecksum,
  MESSAGE,
  type Message,
  messageOfType,
  messagesOfType,
  readMessages,
} from './hdf5-messages'
import { readElements } from './hdf5-storage'
import { type ElementType, readElementType, readSpace, type Space } from './hdf5-types'
import { type Hdf5Attribute, type Hdf5Value, ValueReader } from './hdf5-values'
import { describeShape } from './safetensors-header'
import { FLOAT_DTYPES, isFloatDtype } from './safetensors-reader'

export type { Hdf5Attribute, Hdf5Value } from './hdf5-values'

export type Hdf5Attributes = ReadonlyMap<string, Hdf5Attribute>

/** A group: named groups and datasets. */
export interface Hdf5Group {
  readonly kind: 'group'
  readonly attributes: Hdf5Attributes
  /** In the order of the file, which is that of the names' bytes for Keras's files. */
  readonly members: ReadonlyMap<string, Hdf5Group | Hdf5Dataset>
}

/**
 * Reads the tree of a file. Values of datasets are read on request.
 *
 * @param bytes - the whole file, which must not change while its datasets are read
 * @param name - what messages call the file
 * @throws GruError ERR_GRU_FORMAT if the file is of another kind, is truncated, contradicts itself or has what is not
 *   read; the message names the file and the place in it
 */
export function readHdf5(bytes: Uint8Array, name: string): Hdf5Group {
  const { file, root } = readSuperblock(bytes, name)
  const tree = new TreeReader(file)
  return tree.group(readMessages(file, root), root, '/', 0)
}

const SIGNATURE = '\x89HDF\r\n\x1a\n'
const FIRST_USER_BLOCK = 512

/** Where the superblock is: at the beginning, or after a block of the user's own of 512, 1024, 2048, ... bytes. */
function findSuperblock(bytes: Uint8Array, name: string): number {
  const signature = Buffer.from(SIGNATURE, 'latin1')
  for (let at = 0; at < bytes.length; at = at === 0 ? FIRST_USER_BLOCK : 2 * at) {
    if (signature.equals(bytes.subarray(at, at + signature.length))) return at
  }
  const got = contentKind(bytes.subarray(0, HEAD_BYTES)) ?? 'a file without its signature'
  throw argumentError('ERR_GRU_FORMAT', name, 'an HDF5 file', got)
}

interface Superblock {
  readonly file: Hdf5Bytes
  /** The address of the root group's header. */
  readonly root: number
}

function readSuperblock(bytes: Uint8Array, name: string): Superblock {
  const start = findSuperblock(bytes, name)
  // Not a Buffer, whose slice() is no copy.
  const rest = new Uint8Array(bytes.buffer, bytes.byteOffset + start, bytes.length - start)
  const all = new Hdf5Bytes(name, rest, 8, 8).structure('superblock', 0, rest.length)
  all.skip(SIGNATURE.length)
  const version = all.u8()
  if (version === 0) return superblock0(all, start)
  if (version === 2 || version === 3) return superblock2(all, start)
  throw all.fault('version 0, 2 or 3', `${version}`)
}

function superblock0(cursor: Cursor, start: number): Superblock {
  cursor.skip(4)
  const file = withSizes(cursor)
  // Sizes of nodes, and flags.
  cursor.skip(9)
  const { addressBytes } = file
  const base = cursor.unsigned(addressBytes)
  cursor.skip(addressBytes)
  checkEnd(cursor, cursor.unsigned(addressBytes), base, start)
  // The root group's entry begins with an offset of a name that it does not have.
  cursor.skip(2 * addressBytes)
  return { file, root: cursor.unsigned(addressBytes) }
}

function superblock2(cursor: Cursor, start: number): Superblock {
  const file = withSizes(cursor)
  const { addressBytes } = file
  cursor.skip(1)
  const base = cursor.unsigned(addressBytes)
  cursor.skip(addressBytes)
  checkEnd(cursor, cursor.unsigned(addressBytes), base, start)
  const root = cursor.unsigned(addressBytes)
  checkChecksum(file.structure('superblock', 0, cursor.position + 4))
  return { file, root }
}

/** Reads the bytes of an address and of a length. */
function withSizes(cursor: Cursor): Hdf5Bytes {
  const [addressBytes, lengthBytes] = [cursor.u8(), cursor.u8()]
  for (const size of [addressBytes, lengthBytes]) {
    if (![2, 4, 8].includes(size)) throw cursor.fault('sizes of 2, 4 or 8 bytes', `${size}`)
  }
  return new Hdf5Bytes(cursor.file.name, cursor.bytes, addressBytes, lengthBytes)
}

/** The superblock says where the file ends, from the base address of its writer. */
function checkEnd(cursor: Cursor, end: number, base: number, start: number): void {
  const expected = start + end - base
  const got = start + cursor.bytes.length
  if (got >= expected) return
  const { name } = cursor.file
  throw argumentError(
    'ERR_GRU_FORMAT',
    name,
    `${expected} bytes, as its superblock says`,
    `a file cut at ${got}`,
  )
}

/** Groups within groups; more would be a loop by another name. */
const MAX_DEPTH = 200

class TreeReader {
  readonly #file: Hdf5Bytes
  readonly #values: ValueReader
  readonly #groups = new Set<number>()
  readonly #datasets = new Map<number, Hdf5Dataset>()

  constructor(file: Hdf5Bytes) {
    this.#file = file
    this.#values = new ValueReader(file)
  }

  /** A group may have one place only: then the tree has no loop, and a walk through it ends. */
  group(messages: readonly Message[], address: number, path: string, depth: number): Hdf5Group {
    const place = placeOf(path)
    if (this.#groups.has(address)) {
      throw this.#file.fault(place, 'a group with one place', 'one with several, or within itself')
    }
    this.#groups.add(address)
    if (depth > MAX_DEPTH)
      throw this.#file.fault(place, `at most ${MAX_DEPTH} groups in groups`, 'more')
    const members = new Map<string, Hdf5Group | Hdf5Dataset>()
    const attributes = this.#attributesOf(messages)
    for (const [name, at] of readLinks(this.#file, messages)) {
      const member = this.#member(at, `${path}${path === '/' ? '' : '/'}${name}`, depth + 1)
      members.set(name, member)
    }
    return { kind: 'group', attributes, members }
  }

  #member(address: number, path: string, depth: number): Hdf5Group | Hdf5Dataset {
    const known = this.#datasets.get(address)
    if (known !== undefined) return known
    const messages = readMessages(this.#file, address)
    if (isGroup(messages)) return this.group(messages, address, path, depth)
    const dataset = this.#dataset(messages, path)
    this.#datasets.set(address, dataset)
    return dataset
  }

  #dataset(messages: readonly Message[], path: string): Hdf5Dataset {
    const type = messageOfType(messages, MESSAGE.elementType)
    const space = messageOfType(messages, MESSAGE.space)
    const layout = messageOfType(messages, MESSAGE.layout)
    if (type === undefined || space === undefined || layout === undefined) {
      throw this.#file.fault(placeOf(path), 'a group or a dataset', 'neither')
    }
    const attributes = this.#attributesOf(messages)
    const elementType = withBfloat16(readElementType(type), attributes)
    return new Hdf5Dataset(this.#file, path, attributes, elementType, readSpace(space), messages)
  }

  #attributesOf(messages: readonly Message[]): Hdf5Attributes {
    const info = messageOfType(messages, MESSAGE.attributeInfo)
    if (info !== undefined) checkIsCompact(info)
    return new Map(
      messagesOfType(messages, MESSAGE.attribute).map((message) =>
        this.#values.readAttribute(message),
      ),
    )
  }
}

function placeOf(path: string): string {
  return `object ${quote(path)}`
}

function checkIsCompact(info: Cursor): void {
  const version = info.u8()
  if (version !== 0) throw info.fault('version 0', `${version}`)
  const isOrdered = (info.u8() & 1) === 1
  if (isOrdered) info.skip(2)
  if (info.file.isNowhere(info.address())) return
  throw info.fault("attributes in the object's header", 'dense storage (a fractal heap)')
}

/** Keras writes bfloat16 as two opaque bytes, and what they are as an attribute. */
function withBfloat16(type: ElementType, attributes: Hdf5Attributes): ElementType {
  const isBfloat16 = attributes.get('dtype')?.values?.[0] === 'bfloat16'
  return isBfloat16 && type.dtype === 'OPAQUE' && type.bytes === 2
    ? { ...type, dtype: 'BF16' }
    : type
}

/** An array of a file. */
export class Hdf5Dataset {
  readonly kind = 'dataset'
  readonly attributes: Hdf5Attributes
  /**
   * `F16`, `BF16`, `F32`, `F64`, `I8`, `U8`, ..., `I64`, `U64`, `STRING`, or the name of a type that is not read.
   * Enumerations and booleans are integers.
   */
  readonly dtype: string
  /** Sizes, row-major; empty for one value. */
  readonly shape: readonly number[]
  readonly #file: Hdf5Bytes
  readonly #path: string
  readonly #type: ElementType
  readonly #space: Space
  readonly #messages: readonly Message[]

  /** {@link readHdf5} makes the datasets of a file. */
  constructor(
    file: Hdf5Bytes,
    path: string,
    attributes: Hdf5Attributes,
    type: ElementType,
    space: Space,
    messages: readonly Message[],
  ) {
    this.attributes = attributes
    this.dtype = type.dtype
    this.shape = space.shape
    this.#file = file
    this.#path = path
    this.#type = type
    this.#space = space
    this.#messages = messages
  }

  /**
   * Reads floating-point numbers as float32, row-major. F16 and BF16 are exact; F64 is rounded to the nearest float32,
   * ties to even.
   *
   * @throws GruError ERR_GRU_FORMAT if the values are not of {@link FLOAT_DTYPES}, are not in the file or cannot be
   *   unpacked, or a finite F64 has no finite float32
   */
  readFloat32(): Float32Array {
    const { dtype } = this
    const { count } = this.#space
    if (!isFloatDtype(dtype)) throw this.#dtypeError(FLOAT_DTYPES.join(', '))
    const elements = this.#readElements()
    if (this.#type.isBigEndian) swapBytes(elements, this.#type.bytes)
    if (!isConvertible(dtype)) return new Float32Array(elements.buffer, 0, count)
    const values = newFloat32Array(this.#place(), describeShape(this.shape), count)
    const overflow = convertToFloat32(dtype, elements, values)
    if (overflow === -1) return values
    const got = String(new Float64Array(elements.buffer)[overflow])
    const place = `${placeOf(this.#path)}, value ${overflow}`
    throw this.#file.fault(place, 'a number that float32 can hold', got)
  }

  /**
   * Reads integers (of 64 bits as bigints), texts, F32 and F64 as they are.
   *
   * @throws GruError ERR_GRU_FORMAT if they are of another type, are not in the file or cannot be unpacked
   */
  readValues(): readonly Hdf5Value[] {
    const file = this.#file.afresh()
    const elements = new Cursor(file, placeOf(this.#path), this.#readElements())
    const values = new ValueReader(file).read(elements, this.#type, this.#space.count)
    if (values === undefined) throw this.#dtypeError('integers, STRING, F32, F64')
    return values
  }

  #readElements(): Uint8Array {
    return readElements(this.#file.afresh(), this.#messages, this.#type, this.#space)
  }

  #dtypeError(dtypes: string): GruError {
    return this.#file.fault(placeOf(this.#path), `a type among ${dtypes}`, quote(this.dtype))
  }

  #place(): string {
    return `${this.#file.name}, ${placeOf(this.#path)}`
  }
}

/** Reverses the bytes of each element, in place. */
function swapBytes(bytes: Uint8Array, width: number): void {
  for (let begin = 0; begin < bytes.length; begin += width) {
    bytes.subarray(begin, begin + width).reverse()
  }
}
