/**
 * Values in HDF5 files: those of attributes, and those of datasets that are no weights.
 *
 * @module
 */
import type { Cursor, Hdf5Bytes } from './hdf5-bytes'
import { type ElementType, readElementType, readSpace } from './hdf5-types'

/** A number (of 64 bits: a bigint), or a text. */
export type Hdf5Value = number | bigint | string

/** An attribute of a group or dataset. */
export interface Hdf5Attribute {
  /** `F32`, `I64`, `STRING`, ...: {@link ElementType} */
  readonly dtype: string
  /** Sizes, row-major; empty for one value. */
  readonly shape: readonly number[]
  /** Row-major; undefined if the values are of a type that is not read. */
  readonly values: readonly Hdf5Value[] | undefined
}

/** Reads values of numbers and texts. */
export class ValueReader {
  readonly #file: Hdf5Bytes
  readonly #collections = new Map<number, ReadonlyMap<number, TextPlace>>()

  constructor(file: Hdf5Bytes) {
    this.#file = file
  }

  /** Reads an attribute message. */
  readAttribute(message: Cursor): [name: string, attribute: Hdf5Attribute] {
    const version = message.u8()
    if (version < 1 || version > 3) throw message.fault('version 1, 2 or 3', `${version}`)
    const flags = message.u8()
    const isShared = version > 1 && (flags & 3) !== 0
    if (isShared) throw message.fault('a type and shape', 'a reference to another object')
    const sizes = { name: message.u16(), type: message.u16(), space: message.u16() }
    if (version === 3) message.skip(1)
    const alignment = version === 1 ? 8 : 1
    const name = message.text(sizes.name)
    message.skip(paddingOf(sizes.name, alignment))
    const type = readElementType(message.part('type', sizes.type))
    message.skip(paddingOf(sizes.type, alignment))
    const { shape, count } = readSpace(message.part('shape', sizes.space))
    message.skip(paddingOf(sizes.space, alignment))
    return [name, { dtype: type.dtype, shape, values: this.read(message, type, count) }]
  }

  /** Reads `count` values; undefined if their type is not read. */
  read(cursor: Cursor, type: ElementType, count: number): Hdf5Value[] | undefined {
    if (count * type.bytes > cursor.left) {
      throw cursor.fault(`${count} values of ${type.bytes} bytes`, `${cursor.left} bytes`)
    }
    const readOne = this.#readerOf(type)
    return readOne && Array.from({ length: count }, () => readOne(cursor))
  }

  #readerOf(type: ElementType): ((cursor: Cursor) => Hdf5Value) | undefined {
    const { dtype, bytes, text, isBigEndian } = type
    if (text === 'elsewhere') return (cursor) => this.#textElsewhere(cursor)
    if (text === 'zeros') return (cursor) => cursor.text(bytes)
    if (text === 'spaces') return (cursor) => cursor.text(bytes).replace(/ +$/, '')
    const readNumber = NUMBERS.get(dtype)
    return readNumber && ((cursor) => readNumber(viewOf(cursor.take(bytes)), !isBigEndian))
  }

  /** Follows a string's length, and its place in a global heap. */
  #textElsewhere(cursor: Cursor): string {
    const length = cursor.u32()
    const address = cursor.address()
    const index = cursor.u32()
    if (length === 0) return ''
    const place = this.#collectionAt(address).get(index)
    if (place === undefined || place.bytes < length) {
      const got = place === undefined ? 'none' : `one of ${place.bytes}`
      throw cursor.fault(`object ${index} of ${length} bytes in the heap at byte ${address}`, got)
    }
    return this.#file.structure('string', place.begin, length).text(length)
  }

  #collectionAt(address: number): ReadonlyMap<number, TextPlace> {
    const known = this.#collections.get(address)
    if (known !== undefined) return known
    const read = readCollection(this.#file, address)
    this.#collections.set(address, read)
    return read
  }
}

function paddingOf(bytes: number, alignment: number): number {
  return (alignment - (bytes % alignment)) % alignment
}

function viewOf({ buffer, byteOffset, length }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, length)
}

type ReadNumber = (view: DataView, littleEndian: boolean) => number | bigint

const NUMBERS: ReadonlyMap<string, ReadNumber> = new Map<string, ReadNumber>([
  ['I8', (view) => view.getInt8(0)],
  ['U8', (view) => view.getUint8(0)],
  ['I16', (view, little) => view.getInt16(0, little)],
  ['U16', (view, little) => view.getUint16(0, little)],
  ['I32', (view, little) => view.getInt32(0, little)],
  ['U32', (view, little) => view.getUint32(0, little)],
  ['I64', (view, little) => view.getBigInt64(0, little)],
  ['U64', (view, little) => view.getBigUint64(0, little)],
  ['F32', (view, little) => view.getFloat32(0, little)],
  ['F64', (view, little) => view.getFloat64(0, little)],
])

/** Where an object of a global heap is. */
interface TextPlace {
  readonly begin: number
  readonly bytes: number
}

const FREE_SPACE = 0

/** The objects of a collection of the global heap, by their numbers. */
function readCollection(file: Hdf5Bytes, address: number): ReadonlyMap<number, TextPlace> {
  const head = file.structure('global heap', address, 8 + file.lengthBytes)
  head.expect('GCOL')
  const version = head.u8()
  if (version !== 1) throw head.fault('version 1', `${version}`)
  head.skip(3)
  const size = head.length()
  const objects = file.structure('global heap', address, size)
  objects.skip(head.position)
  const places = new Map<number, TextPlace>()
  while (objects.left >= 8 + file.lengthBytes) {
    const index = objects.u16()
    objects.skip(6)
    const bytes = objects.length()
    if (index === FREE_SPACE) break
    places.set(index, { begin: address + objects.position, bytes })
    objects.skip(bytes)
    objects.align(8)
  }
  return places
}
