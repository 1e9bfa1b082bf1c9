/**
 * Reads floating-point numbers of any width as float32, in blocks.
 *
 * @module
 */
import { argumentError } from '../errors'
import type { ByteSource } from './byte-source'
import { type ConvertibleKind, convertToFloat32 } from './float32'

const BLOCK_VALUES = 2 ** 18

/** The bytes of a number of each kind. */
const WIDTHS = { F16: 2, BF16: 2, F32: 4, F64: 8 } as const satisfies Record<FloatKind, number>

/** The kinds of numbers that are read. */
export type FloatKind = ConvertibleKind | 'F32'

/** Numbers in a file. */
export interface FloatPart {
  readonly kind: FloatKind
  /** Where their bytes begin. */
  readonly position: number
  readonly count: number
}

/**
 * Reads numbers as float32, in blocks of about a megabyte, so that it needs no memory for all of them. F16 and BF16 are
 * exact; F64 is rounded to the nearest float32, ties to even.
 *
 * @param place - what messages call the numbers
 * @param take - gets each block and the index of its first number. The block's memory is used again when the promise has
 *   settled.
 * @throws GruError ERR_GRU_FORMAT if a finite F64 has no finite float32; the message has its index
 */
export async function readFloatBlocks(
  bytes: ByteSource,
  { kind, position, count }: FloatPart,
  place: string,
  take: (block: Float32Array, offset: number) => Promise<void>,
): Promise<void> {
  const width = WIDTHS[kind]
  const scratch = new Scratch(kind, Math.min(count, BLOCK_VALUES))
  for (let done = 0; done < count; done += BLOCK_VALUES) {
    const size = width * Math.min(BLOCK_VALUES, count - done)
    const part = scratch.bytes.subarray(0, size)
    const source = await bytes.view(position + width * done, part, width)
    await take(blockOf(kind, source, scratch, { place, done }), done)
  }
}

/** Memory for a block: its bytes in the file and, if these must be converted, its values. */
class Scratch {
  readonly bytes: Uint8Array
  readonly values: Float32Array

  constructor(kind: FloatKind, count: number) {
    this.bytes = new Uint8Array(WIDTHS[kind] * count)
    this.values = new Float32Array(kind === 'F32' ? 0 : count)
  }
}

function blockOf(
  kind: FloatKind,
  source: Uint8Array,
  scratch: Scratch,
  at: { readonly place: string; readonly done: number },
): Float32Array {
  const count = source.length / WIDTHS[kind]
  if (kind === 'F32') return new Float32Array(source.buffer, source.byteOffset, count)
  const values = scratch.values.subarray(0, count)
  const overflow = convertToFloat32(kind, source, values)
  if (overflow === -1) return values
  const place = `${at.place}, value ${at.done + overflow}`
  const got = String(new Float64Array(source.buffer, source.byteOffset, count)[overflow])
  throw argumentError('ERR_GRU_FORMAT', place, 'a number that float32 can hold', got)
}
