/**
 * Reading safetensors files.
 *
 * @module
 */
import { promises as fs } from 'node:fs'
import { types } from 'node:util'
import { newFloat32Array } from '../arrays'
import { argumentError, describe, type GruError, quote } from '../errors'
import { readError } from '../files'
import { checkLength, checkPath } from '../validate'
import { HEAD_BYTES } from './content-kind'
import { bytesOf, type ByteSource, FileBytes, MemoryBytes } from './byte-source'
import { convertToFloat32, isConvertible } from './float32'
import { ARRAY_CONSTRUCTORS, bitsOf, DTYPES, isDtype, type Tensor } from './safetensors-dtypes'
import {
  describeShape,
  type Entry,
  headerLength,
  LENGTH_BYTES,
  parseHeader,
} from './safetensors-header'

/** The header's information about a tensor. This package may not be able to read its element type. */
export interface TensorInfo {
  readonly dtype: string
  readonly shape: readonly number[]
}

/** The element types that {@link SafetensorsFile.readFloat32} reads. */
export const FLOAT_DTYPES = ['F16', 'BF16', 'F32', 'F64'] as const

type FloatDtype = (typeof FLOAT_DTYPES)[number]

export function isFloatDtype(dtype: string): dtype is FloatDtype {
  return FLOAT_DTYPES.some((known) => known === dtype)
}

/** A file: its path, or its bytes in memory, which must not change before the call that reads them has ended. */
export type FileSource = string | Uint8Array

/** What messages call bytes in memory. */
const BYTES = 'bytes'

/** Checks that a value can be the source of a file. */
export function checkSource(argument: string, value: unknown): FileSource {
  if (types.isUint8Array(value)) return value
  if (typeof value === 'string') return checkPath(argument, value)
  const expected = 'the path of a file, or a Uint8Array'
  throw argumentError('ERR_GRU_TYPE', argument, expected, describe(value))
}

/**
 * Opens a file, checks its header, calls `read`, which reads the tensors that it needs, and closes the file.
 *
 * @param source - the path of the file, or its bytes
 * @param signal - stops it between two reads
 * @returns what `read` returns
 * @throws GruError ERR_GRU_FORMAT if the file cannot be read (with the system's error as cause), is of another kind, is
 *   truncated, or contradicts itself; the message names the file and its fault. The signal's reason if it was aborted
 */
export async function readSafetensors<T>(
  source: FileSource,
  read: (file: SafetensorsFile) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const given = checkSource('path', source)
  if (typeof given !== 'string') {
    return read(await SafetensorsFile.of(new MemoryBytes(given, BYTES, signal)))
  }
  try {
    const handle = await fs.open(given, 'r')
    try {
      return await read(await SafetensorsFile.of(await openBytes(handle, given, signal)))
    } finally {
      await handle.close()
    }
  } catch (cause) {
    signal?.throwIfAborted()
    throw readError(given, cause)
  }
}

async function openBytes(
  handle: fs.FileHandle,
  path: string,
  signal: AbortSignal | undefined,
): Promise<FileBytes> {
  const status = await handle.stat()
  if (status.isFile()) return new FileBytes(handle, path, status.size, signal)
  throw argumentError('ERR_GRU_FORMAT', path, 'a regular file', 'something else')
}

/** An open file with a valid header. Tensors are read one by one, on request. */
export class SafetensorsFile {
  readonly metadata: Readonly<Record<string, string>>
  /** By name, in the order of their bytes. */
  readonly tensors: ReadonlyMap<string, TensorInfo>
  /** What messages call the file. */
  readonly name: string
  readonly #bytes: ByteSource
  readonly #dataStart: number
  readonly #entries: ReadonlyMap<string, Entry>

  private constructor(
    bytes: ByteSource,
    dataStart: number,
    metadata: Readonly<Record<string, string>>,
    entries: readonly Entry[],
  ) {
    this.name = bytes.name
    this.#bytes = bytes
    this.#dataStart = dataStart
    this.#entries = new Map(entries.map((entry) => [entry.name, entry]))
    this.metadata = metadata
    this.tensors = this.#entries
  }

  /** Reads and checks the header. {@link readSafetensors} does this for a path or bytes. */
  static async of(bytes: ByteSource): Promise<SafetensorsFile> {
    const { name, size } = bytes
    const head = new Uint8Array(Math.min(HEAD_BYTES, size))
    await bytes.read(head, 0)
    const json = new Uint8Array(headerLength(head, size, name))
    await bytes.read(json, LENGTH_BYTES)
    const dataStart = LENGTH_BYTES + json.length
    const { metadata, entries } = parseHeader(json, size - dataStart, name)
    return new SafetensorsFile(bytes, dataStart, metadata, entries)
  }

  /**
   * Reads a tensor unchanged.
   *
   * @throws GruError ERR_GRU_FORMAT if there is no tensor of that name, or its type has no array type here
   */
  async read(name: string): Promise<Tensor> {
    const { dtype, shape, begin, end } = this.#entry(name)
    if (!isDtype(dtype)) throw this.#dtypeError(name, DTYPES, dtype)
    const constructor = ARRAY_CONSTRUCTORS[dtype]
    const data = new constructor((end - begin) / constructor.BYTES_PER_ELEMENT)
    await this.#bytes.read(bytesOf(data), this.#dataStart + begin)
    return { dtype, shape, data } as Tensor
  }

  /**
   * Reads a tensor of {@link FLOAT_DTYPES} as float32. F16 and BF16 are exact; F64 is rounded to the nearest
   * float32, ties to even.
   *
   * @param target - receives the values; by default a new array
   * @throws GruError ERR_GRU_FORMAT if there is no tensor of that name, it has another type, or a finite F64 has no
   *   finite float32 (the message has its position in the tensor); ERR_GRU_SHAPE if `target` has another length
   */
  async readFloat32(name: string, target?: Float32Array): Promise<Float32Array> {
    const { shape, dtype, begin, count } = this.#floats(name)
    const meaning = describeShape(shape)
    const values = target ?? newFloat32Array(this.#place(name), meaning, count)
    checkLength('target', values, meaning, count)
    if (!isConvertible(dtype)) {
      await this.#bytes.read(bytesOf(values), this.#dataStart + begin)
      return values
    }
    await this.readFloat32Blocks(name, (block, offset) => {
      values.set(block, offset)
      return Promise.resolve()
    })
    return values
  }

  /**
   * Reads a tensor as {@link readFloat32} does, in blocks of about a megabyte, so that it needs no memory for all values.
   *
   * @param take - gets each block and its offset in the tensor. The block's memory is used again when the promise has settled.
   */
  async readFloat32Blocks(
    name: string,
    take: (block: Float32Array, offset: number) => Promise<void>,
  ): Promise<void> {
    const { dtype, count } = this.#floats(name)
    const scratch = new Scratch(dtype, Math.min(count, BLOCK_VALUES))
    for (let done = 0; done < count; done += BLOCK_VALUES) {
      await take(await this.#block(name, scratch, done, Math.min(BLOCK_VALUES, count - done)), done)
    }
  }

  async #block(name: string, scratch: Scratch, done: number, count: number): Promise<Float32Array> {
    const { dtype, begin } = this.#floats(name)
    const width = widthOf(dtype)
    const position = this.#dataStart + begin + width * done
    const source = await this.#bytes.view(position, scratch.bytes.subarray(0, width * count), width)
    if (!isConvertible(dtype)) return new Float32Array(source.buffer, source.byteOffset, count)
    const values = scratch.values.subarray(0, count)
    const overflow = convertToFloat32(dtype, source, values)
    if (overflow === -1) return values
    const place = `${this.#place(name)}, value ${done + overflow}`
    const got = String(new Float64Array(source.buffer, source.byteOffset, count)[overflow])
    throw argumentError('ERR_GRU_FORMAT', place, 'a number that float32 can hold', got)
  }

  /** A tensor of {@link FLOAT_DTYPES} and the number of its values. */
  #floats(name: string): Entry & { readonly dtype: FloatDtype; readonly count: number } {
    const entry = this.#entry(name)
    const { dtype, begin, end } = entry
    if (!isFloatDtype(dtype)) throw this.#dtypeError(name, FLOAT_DTYPES, dtype)
    return { ...entry, dtype, count: (end - begin) / widthOf(dtype) }
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name)
    if (entry !== undefined) return entry
    throw argumentError('ERR_GRU_FORMAT', this.name, `a tensor ${quote(name)}`, 'none')
  }

  #dtypeError(name: string, dtypes: readonly string[], got: string): GruError {
    const expected = `a dtype among ${dtypes.join(', ')}`
    return argumentError('ERR_GRU_FORMAT', this.#place(name), expected, quote(got))
  }

  #place(name: string): string {
    return `${this.name}, tensor ${quote(name)}`
  }
}

const BLOCK_VALUES = 2 ** 18

/** Memory for a block: its bytes in the file and, if these must be converted, its values. */
class Scratch {
  readonly bytes: Uint8Array
  readonly values: Float32Array

  constructor(dtype: FloatDtype, count: number) {
    this.bytes = new Uint8Array(widthOf(dtype) * count)
    this.values = new Float32Array(isConvertible(dtype) ? count : 0)
  }
}

function widthOf(dtype: FloatDtype): number {
  return bitsOf(dtype)! / 8
}
