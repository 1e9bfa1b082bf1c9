/**
 * The bytes of an HDF5 file and the numbers in them.
 *
 * @module
 */
import { argumentError, type GruError, quote } from '../errors'

/** How often all structures together may have the bytes of the file: a string is in its collection and in itself. */
const MAX_READINGS = 2

/**
 * The bytes of a file from its superblock on, from where all its addresses count.
 *
 * Structures of a valid file do not overlap. Those of a damaged one may, so that a few bytes mean any number of
 * structures. So all that is read is counted, and more than a multiple of the file's bytes is refused.
 */
export class Hdf5Bytes {
  /** What messages call the file. */
  readonly name: string
  readonly size: number
  /** The bytes of an address in the file. */
  readonly addressBytes: number
  /** The bytes of a length in the file. */
  readonly lengthBytes: number
  readonly #bytes: Uint8Array
  #left: number

  constructor(name: string, bytes: Uint8Array, addressBytes: number, lengthBytes: number) {
    this.name = name
    this.size = bytes.length
    this.addressBytes = addressBytes
    this.lengthBytes = lengthBytes
    this.#bytes = bytes
    this.#left = MAX_READINGS * bytes.length
  }

  /** The same bytes, of which nothing was read yet. */
  afresh(): Hdf5Bytes {
    return new Hdf5Bytes(this.name, this.#bytes, this.addressBytes, this.lengthBytes)
  }

  /**
   * The bytes of a structure.
   *
   * @param what - what it is, for messages
   * @throws GruError ERR_GRU_FORMAT if they are not all in the file, or more is read than the file has
   */
  structure(what: string, begin: number, length: number): Cursor {
    const at = `${what} at byte ${begin}`
    if (begin + length > this.size) {
      throw this.fault(at, `${length} bytes`, `a file of ${this.size}`)
    }
    this.#left -= length
    if (this.#left < 0) throw this.fault(at, 'structures apart from each other', 'an overlap')
    return new Cursor(this, at, this.#bytes.subarray(begin, begin + length))
  }

  /**
   * A text that ends with a zero byte.
   *
   * @param end - where it must have ended
   */
  textUntilZero(what: string, begin: number, end: number): string {
    const length = begin < end ? this.#bytes.subarray(begin, end).indexOf(0) : -1
    if (length === -1)
      throw this.fault(`${what} at byte ${begin}`, 'a zero byte at its end', 'none')
    return this.structure(what, begin, length).text(length)
  }

  /** An error for a fault of the file. */
  fault(place: string, expected: string, got: string, options?: ErrorOptions): GruError {
    return argumentError('ERR_GRU_FORMAT', `${this.name}, ${place}`, expected, got, options)
  }

  /** Whether an address means that there is nothing: all its bits are ones. */
  isNowhere(address: number): boolean {
    return address === 2 ** (8 * this.addressBytes) || address === 2 ** (8 * this.addressBytes) - 1
  }
}

/** Reads numbers, all little-endian, one after another. */
export class Cursor {
  readonly file: Hdf5Bytes
  /** What the bytes are, for messages. */
  readonly place: string
  readonly bytes: Uint8Array
  readonly #view: DataView
  #position = 0

  constructor(file: Hdf5Bytes, place: string, bytes: Uint8Array) {
    this.file = file
    this.place = place
    this.bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  /** A cursor at the beginning of the same bytes, from where `file` is read on. */
  fromStart(file: Hdf5Bytes): Cursor {
    return new Cursor(file, this.place, this.bytes)
  }

  get position(): number {
    return this.#position
  }

  get left(): number {
    return this.bytes.length - this.#position
  }

  /** Passes over `count` bytes and returns where they begin. */
  skip(count: number): number {
    if (count > this.left) throw this.fault(`${count} bytes more`, `${this.left}`)
    const begin = this.#position
    this.#position += count
    return begin
  }

  /** Passes over bytes until a multiple of `alignment` of them is read. */
  align(alignment: number): void {
    const over = this.#position % alignment
    if (over > 0) this.skip(alignment - over)
  }

  u8(): number {
    return this.#view.getUint8(this.skip(1))
  }

  u16(): number {
    return this.#view.getUint16(this.skip(2), true)
  }

  u32(): number {
    return this.#view.getUint32(this.skip(4), true)
  }

  /** An unsigned integer of so many bytes. Above 2^53 it is rounded; no file is so long. */
  unsigned(bytes: number): number {
    let value = 0
    const begin = this.skip(bytes)
    for (let i = bytes - 1; i >= 0; i--) value = value * 256 + this.bytes[begin + i]!
    return value
  }

  address(): number {
    return this.unsigned(this.file.addressBytes)
  }

  length(): number {
    return this.unsigned(this.file.lengthBytes)
  }

  /** The next bytes, in place. */
  take(count: number): Uint8Array {
    const begin = this.skip(count)
    return this.bytes.subarray(begin, begin + count)
  }

  /** The next bytes as text in UTF-8, up to the first zero byte. */
  text(count: number): string {
    return decodeText(this, this.take(count))
  }

  /** The next bytes, to be read on their own. */
  part(what: string, count: number): Cursor {
    return new Cursor(this.file, `${this.place}, ${what}`, this.take(count))
  }

  /** Reads a signature. */
  expect(signature: string): void {
    const got = Buffer.from(this.take(signature.length)).toString('latin1')
    if (got !== signature) throw this.fault(`the signature ${signature}`, quote(got))
  }

  fault(expected: string, got: string, options?: ErrorOptions): GruError {
    return this.file.fault(this.place, expected, got, options)
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decodeText(cursor: Cursor, bytes: Uint8Array): string {
  const zero = bytes.indexOf(0)
  try {
    return decoder.decode(zero === -1 ? bytes : bytes.subarray(0, zero))
  } catch {
    throw cursor.fault('text in UTF-8', 'other bytes')
  }
}
