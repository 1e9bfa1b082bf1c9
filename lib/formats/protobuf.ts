/**
 * The wire format of protocol buffers (https://protobuf.dev/programming-guides/encoding): what any message consists of,
 * whatever its fields mean. `protobuf-messages.ts` gives fields their names and types.
 *
 * @module
 */
import { argumentError, type GruError } from '../errors'

/** How a field's value is written. Groups (3 and 4) have been deprecated since 2008 and are refused. */
export const VARINT = 0
export const FIXED64 = 1
export const LENGTH_DELIMITED = 2
export const FIXED32 = 5

/** The form of a field's value: one of the four numbers above. */
export type WireType = typeof VARINT | typeof FIXED64 | typeof LENGTH_DELIMITED | typeof FIXED32

const WIRE_NAMES: Readonly<Record<number, string>> = {
  [VARINT]: 'a varint',
  [FIXED64]: '8 bytes',
  [LENGTH_DELIMITED]: 'bytes with a length',
  3: 'the start of a group',
  4: 'the end of a group',
  [FIXED32]: '4 bytes',
}

/** A whole number of up to 64 bits, as two unsigned halves. */
export interface Varint {
  readonly low: number
  readonly high: number
  /** Where the bytes after it begin. */
  readonly end: number
}

const MAX_VARINT_BYTES = 10

/** The number that begins at `start`; undefined if it does not end before `end`, or has more than 64 bits. */
export function readVarint(bytes: Uint8Array, start: number, end: number): Varint | undefined {
  let low = 0
  let high = 0
  const last = Math.min(end, start + MAX_VARINT_BYTES)
  for (let position = start, shift = 0; position < last; position++, shift += 7) {
    const byte = bytes[position]!
    const bits = byte & 0x7f
    if (shift < 32) low |= bits << shift
    if (shift === 28) high |= bits >> 4
    if (shift > 28) high |= bits << (shift - 32)
    if (byte >= 0x80) continue
    const isTooLarge = shift === 63 && byte > 1
    return isTooLarge ? undefined : { low: low >>> 0, high: high >>> 0, end: position + 1 }
  }
  return undefined
}

/** The unsigned value. It is not exact from 2^53 on. */
export function valueOf({ low, high }: Varint): number {
  return high * 2 ** 32 + low
}

/**
 * The largest number of fields that are read from one file, with those of the messages in it. A field of two bytes may
 * become an object of a hundred.
 */
export const MAX_FIELDS = 2 ** 21

/** The deepest nesting of messages, the limit of protobuf's own libraries. */
export const MAX_DEPTH = 100

/** What the readers of a file's messages share. */
interface Shared {
  readonly bytes: Uint8Array
  readonly name: string
  fields: number
}

/** The number of a field, and the form of its value. */
export interface Tag {
  readonly number: number
  readonly wireType: WireType
}

/**
 * Reads the fields of a message one after another: {@link nextTag}, then exactly one of the other methods. Every fault is a
 * GruError ERR_GRU_FORMAT that names the file and the position in it.
 */
export class ProtobufReader {
  readonly #shared: Shared
  readonly #depth: number
  readonly #end: number
  #position: number
  /** Where the latest tag begins. */
  #tagAt: number

  private constructor(shared: Shared, start: number, end: number, depth: number) {
    this.#shared = shared
    this.#position = start
    this.#tagAt = start
    this.#end = end
    this.#depth = depth
  }

  /** @param name - what messages call the file */
  static of(bytes: Uint8Array, name: string): ProtobufReader {
    return new ProtobufReader({ bytes, name, fields: 0 }, 0, bytes.length, 0)
  }

  /** The tag of the next field; undefined at the end of the message. */
  nextTag(): Tag | undefined {
    if (this.#position === this.#end) return undefined
    this.#tagAt = this.#position
    const { low, high } = this.varint()
    const number = low >>> 3
    const wireType = low & 7
    if (high !== 0 || number === 0) throw this.fault('the number of a field', `${number}`)
    if (!isWireType(wireType)) {
      const got = WIRE_NAMES[wireType] ?? `wire type ${wireType}`
      throw this.fault('a field that is no group', got)
    }
    if (++this.#shared.fields > MAX_FIELDS) {
      throw this.fault(`at most ${MAX_FIELDS} fields`, 'more')
    }
    return { number, wireType }
  }

  varint(): Varint {
    const varint = readVarint(this.#shared.bytes, this.#position, this.#end)
    if (varint === undefined) throw this.#varintFault()
    this.#position = varint.end
    return varint
  }

  /** The bytes of the value in place, without its length. */
  bytes(wireType: WireType): Uint8Array {
    const start = this.#position
    if (wireType === VARINT) return this.#shared.bytes.subarray(start, this.varint().end)
    const count = this.#countOfBytes(wireType)
    return this.#shared.bytes.subarray(this.#position - count, this.#position)
  }

  /** A reader of the message that is the value. */
  message(): ProtobufReader {
    const depth = this.#depth + 1
    if (depth > MAX_DEPTH) throw this.fault(`messages nested up to ${MAX_DEPTH} deep`, 'deeper')
    const count = this.#countOfBytes(LENGTH_DELIMITED)
    return new ProtobufReader(this.#shared, this.#position - count, this.#position, depth)
  }

  skip(wireType: WireType): void {
    if (wireType === VARINT) this.varint()
    else this.#countOfBytes(wireType)
  }

  /** The error for a field that is not what is expected. */
  fault(expected: string, got: string): GruError {
    const place = `${this.#shared.name}, byte ${this.#tagAt}`
    return argumentError('ERR_GRU_FORMAT', place, expected, got)
  }

  /** Passes over the value, and returns the number of its bytes without its length. */
  #countOfBytes(wireType: WireType): number {
    const count = wireType === LENGTH_DELIMITED ? valueOf(this.varint()) : widthOf(wireType)
    const left = this.#end - this.#position
    if (count > left) {
      const rest = this.#depth === 0 ? 'file' : 'message'
      throw this.fault(`a field of ${count} bytes`, `a ${rest} that ends after ${left}`)
    }
    this.#position += count
    return count
  }

  #varintFault(): GruError {
    const left = this.#end - this.#position
    if (left >= MAX_VARINT_BYTES) return this.fault('a number of 64 bits', 'a longer one')
    return this.fault('a whole number', `one that is cut after ${left} bytes`)
  }
}

function isWireType(type: number): type is WireType {
  return type <= LENGTH_DELIMITED || type === FIXED32
}

/** What a value of this form is, in words. */
export function describeWireType(type: WireType): string {
  return WIRE_NAMES[type]!
}

function widthOf(type: WireType): number {
  return type === FIXED64 ? 8 : 4
}

/** A whole number from 0 to 2^53 - 1, or the 64 bits of a bigint: seven bits in each byte, lowest first. */
export function varint(value: number | bigint): Uint8Array {
  return typeof value === 'bigint' ? varintOf64Bits(value) : varintOfSafeInteger(value)
}

function varintOfSafeInteger(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128)
  return Uint8Array.from([...bytes, rest])
}

/** A negative number is written as its two's complement. */
function varintOf64Bits(value: bigint): Uint8Array {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, value)
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) + 128)
  return Uint8Array.from([...bytes, Number(rest)])
}

/** What precedes a field's value. */
export function tag(number: number, wireType: WireType): Uint8Array {
  return varint(number * 8 + wireType)
}
