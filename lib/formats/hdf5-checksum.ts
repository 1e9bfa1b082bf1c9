/**
 * The checksum of HDF5's newer structures: Bob Jenkins' lookup3 (2006, public domain), hashlittle with the initial value 0.
 *
 * @module
 */

const INITIAL = 0xdeadbeef
const BLOCK_BYTES = 12

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits))
}

/** The checksum as an unsigned integer of 32 bits. */
export function lookup3(bytes: Uint8Array): number {
  const start = (INITIAL + bytes.length) | 0
  if (bytes.length === 0) return start >>> 0
  let [a, b, c] = [start, start, start]
  // The last block is mixed in another way, and may be short; its missing bytes are zeros.
  const blocks = Math.ceil(bytes.length / BLOCK_BYTES)
  for (let block = 0; block < blocks; block++) {
    const begin = block * BLOCK_BYTES
    a = (a + word(bytes, begin)) | 0
    b = (b + word(bytes, begin + 4)) | 0
    c = (c + word(bytes, begin + 8)) | 0
    if (block < blocks - 1) [a, b, c] = mix(a, b, c)
  }
  return finish(a, b, c) >>> 0
}

function word(bytes: Uint8Array, begin: number): number {
  const at = (i: number): number => bytes[begin + i] ?? 0
  return at(0) | (at(1) << 8) | (at(2) << 16) | (at(3) << 24)
}

type Words = [a: number, b: number, c: number]

function mix(a: number, b: number, c: number): Words {
  a = ((a - c) | 0) ^ rotate(c, 4)
  c = (c + b) | 0
  b = ((b - a) | 0) ^ rotate(a, 6)
  a = (a + c) | 0
  c = ((c - b) | 0) ^ rotate(b, 8)
  b = (b + a) | 0
  a = ((a - c) | 0) ^ rotate(c, 16)
  c = (c + b) | 0
  b = ((b - a) | 0) ^ rotate(a, 19)
  a = (a + c) | 0
  c = ((c - b) | 0) ^ rotate(b, 4)
  b = (b + a) | 0
  return [a, b, c]
}

function finish(a: number, b: number, c: number): number {
  c = ((c ^ b) - rotate(b, 14)) | 0
  a = ((a ^ c) - rotate(c, 11)) | 0
  b = ((b ^ a) - rotate(a, 25)) | 0
  c = ((c ^ b) - rotate(b, 16)) | 0
  a = ((a ^ c) - rotate(c, 4)) | 0
  b = ((b ^ a) - rotate(a, 14)) | 0
  return ((c ^ b) - rotate(b, 24)) | 0
}
