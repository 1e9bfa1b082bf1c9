/**
 * Numbers in protocol buffers, one or many. Many may be packed into one field, or have a field each, or both; readers
 * must accept all forms, and writers use the one that the message's definition names.
 *
 * @module
 */
import { bytesOf } from './byte-source'
import {
  describeWireType,
  FIXED32,
  FIXED64,
  LENGTH_DELIMITED,
  type ProtobufReader,
  readVarint,
  tag,
  VARINT,
  varint,
  type Varint,
  type WireType,
} from './protobuf'
import type { Codec, Field, Gathering } from './protobuf-messages'

/** A signed integer. */
export const INT64: Codec<bigint> = {
  wireType: VARINT,
  read: (reader) => {
    const { low, high } = reader.varint()
    return BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low))
  },
  write: varint,
}

/** A signed integer that must be one of JavaScript's safe integers. */
export const INTEGER: Codec<number> = {
  wireType: VARINT,
  read: (reader) => {
    const { low, high } = reader.varint()
    const value = (high | 0) * 2 ** 32 + low
    if (Number.isSafeInteger(value)) return value
    throw reader.fault('a number between -2^53 and 2^53', `one of ${value}`)
  },
  write: (value) => varint(BigInt(value)),
}

export const FLOAT: Codec<number> = {
  wireType: FIXED32,
  read: (reader) => {
    const { buffer, byteOffset, length } = reader.bytes(FIXED32)
    return new DataView(buffer, byteOffset, length).getFloat32(0, true)
  },
  write: (value) => bytesOf(Float32Array.of(value)),
}

/** How the numbers of an array type are read and written. */
export interface NumberKind<A> {
  /** The form of a number that has a field of its own. */
  readonly wireType: WireType
  /** How many numbers a packed field has; undefined if it ends within one. */
  count(part: Uint8Array): number | undefined
  /** The numbers of several packed fields together: `length` in all. */
  read(parts: readonly Uint8Array[], length: number): A
  /** The bytes of all numbers. */
  pack(values: A): Uint8Array
  /** The bytes of each number. */
  write(values: A): readonly Uint8Array[]
}

type FixedArray = Float32Array | Float64Array

function fixedKind<A extends FixedArray>(
  wireType: WireType,
  make: (length: number) => A,
): NumberKind<A> {
  const width = make(0).BYTES_PER_ELEMENT
  return {
    wireType,
    count: ({ length }) => (length % width === 0 ? length / width : undefined),
    read: (parts, length) => {
      const values = make(length)
      const bytes = bytesOf(values as ArrayBufferView)
      let done = 0
      for (const part of parts) {
        bytes.set(part, done)
        done += part.length
      }
      return values
    },
    pack: (values) => bytesOf(values as ArrayBufferView),
    write: (values) => {
      const bytes = bytesOf(values as ArrayBufferView)
      return Array.from(values, (_, i) => bytes.subarray(i * width, (i + 1) * width))
    },
  }
}

export const FLOATS = fixedKind(FIXED32, (length) => new Float32Array(length))
export const DOUBLES = fixedKind(FIXED64, (length) => new Float64Array(length))

type IntegerArray = Int32Array | BigInt64Array | BigUint64Array

/** @param store - puts an integer into an array's memory, which it gets as words of 32 bits */
function varintKind<A extends IntegerArray>(
  make: (length: number) => A,
  store: (words: Uint32Array, index: number, value: Varint) => void,
): NumberKind<A> {
  const write = (values: A): Uint8Array[] =>
    Array.from<number | bigint, Uint8Array>(values, (value) => varint(BigInt(value)))
  return {
    wireType: VARINT,
    count: countOfVarints,
    read: (parts, length) => {
      const values = make(length)
      const words = new Uint32Array(values.buffer)
      let index = 0
      for (const part of parts) {
        for (const value of varintsOf(part)) store(words, index++, value!)
      }
      return values
    },
    pack: (values) => Buffer.concat(write(values)),
    write,
  }
}

/** The numbers, one after another; undefined, as the last, in place of one that is cut or too long. */
function* varintsOf(bytes: Uint8Array): Generator<Varint | undefined> {
  for (let position = 0; position < bytes.length;) {
    const value = readVarint(bytes, position, bytes.length)
    yield value
    if (value === undefined) return
    position = value.end
  }
}

function countOfVarints(bytes: Uint8Array): number | undefined {
  let count = 0
  for (const value of varintsOf(bytes)) {
    if (value === undefined) return undefined
    count++
  }
  return count
}

function storeLow(words: Uint32Array, index: number, { low }: Varint): void {
  words[index] = low
}

function storeBoth(words: Uint32Array, index: number, { low, high }: Varint): void {
  words[2 * index] = low
  words[2 * index + 1] = high
}

export const INT32S = varintKind((length) => new Int32Array(length), storeLow)
export const INT64S = varintKind((length) => new BigInt64Array(length), storeBoth)
export const UINT64S = varintKind((length) => new BigUint64Array(length), storeBoth)

type NumberArray = FixedArray | IntegerArray

/** Any number of numbers, written into one field. */
export function packed<A extends NumberArray>(number: number, kind: NumberKind<A>): Field<A> {
  return {
    ...numbers(number, kind),
    write: (values, pieces) => {
      if (values.length === 0) return
      const bytes = kind.pack(values)
      pieces.add(tag(number, LENGTH_DELIMITED), varint(bytes.length), bytes)
    },
  }
}

/** Any number of numbers, written into a field each. */
export function unpacked<A extends NumberArray>(number: number, kind: NumberKind<A>): Field<A> {
  return {
    ...numbers(number, kind),
    write: (values, pieces) => {
      for (const bytes of kind.write(values)) pieces.add(tag(number, kind.wireType), bytes)
    },
  }
}

function numbers<A extends NumberArray>(
  number: number,
  kind: NumberKind<A>,
): Pick<Field<A>, 'number' | 'absent' | 'gather'> {
  return { number, absent: kind.read([], 0), gather: () => new NumbersGathering(kind) }
}

class NumbersGathering<A> implements Gathering<A> {
  readonly #kind: NumberKind<A>
  readonly #parts: Uint8Array[] = []
  #length = 0

  constructor(kind: NumberKind<A>) {
    this.#kind = kind
  }

  add(reader: ProtobufReader, wireType: WireType): void {
    const { wireType: own } = this.#kind
    if (wireType !== own && wireType !== LENGTH_DELIMITED) {
      throw reader.fault(describeWireType(own), describeWireType(wireType))
    }
    const part = reader.bytes(wireType)
    const count = this.#kind.count(part)
    if (count === undefined) throw reader.fault('whole numbers of up to 64 bits', 'others')
    this.#parts.push(part)
    this.#length += count
  }

  value(): A {
    return this.#kind.read(this.#parts, this.#length)
  }
}
