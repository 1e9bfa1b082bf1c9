/**
 * Writes protocol buffers: the three kinds of fields that a model needs.
 *
 * @module
 */

/**
 * The bytes of some fields. Messages consist of such fields, and may be fields of other messages.
 */
export type Bytes = Uint8Array

/** A whole number that is not negative: wire type 0. */
export function integerField(number: number, value: number): Bytes {
  return Buffer.concat([varint(number * 8), varint(value)])
}

/** Text, raw bytes or a message: wire type 2. */
export function bytesField(number: number, value: string | Bytes): Bytes {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes])
}

export function message(...fields: readonly Bytes[]): Bytes {
  return Buffer.concat(fields)
}

/** Seven bits in each byte, lowest first. Every byte except the last has its highest bit set. */
export function varint(value: number): Bytes {
  const bytes: number[] = []
  let rest = value
  while (rest >= 128) {
    bytes.push((rest % 128) + 128)
    rest = Math.floor(rest / 128)
  }
  return Uint8Array.from([...bytes, rest])
}
