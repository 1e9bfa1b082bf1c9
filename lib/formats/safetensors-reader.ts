/**
 * Reading safetensors files.
 *
 * @module
 */
import * as fs from 'node:fs/promises'
import { newFloat32Array } from '../arrays'
import { argumentError, type GruError, quote } from '../errors'
import { readError } from '../files'
import { checkLength, checkPath } from '../validate'
import { HEAD_BYTES } from './content-kind'
import { bytesOf, FileBytes, type ReadableFile } from './file-bytes'
import { convertToFloat32, type ConvertibleKind, isConvertible } from './float32'
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

export function isFloatDtype(dtype: string): dtype is (typeof FLOAT_DTYPES)[number] {
  return FLOAT_DTYPES.some((known) => known === dtype)
}

/**
 * Opens a file, checks its header, calls `read`, which reads the tensors that it needs, and closes the file.
 *
 * @param path - the path of the file
 * @returns what `read` returns
 * @throws GruError ERR_GRU_FORMAT if the file cannot be read (with the system's error as cause), is of another kind, is
 *   truncated, or contradicts itself; the message names the file and its fault
 */
export async function readSafetensors<T>(
  path: string,
  read: (file: SafetensorsFile) => Promise<T>,
): Promise<T> {
  checkPath('path', path)
  try {
    const handle = await fs.open(path, 'r')
    try {
      return await read(await SafetensorsFile.of(handle, path))
    } finally {
      await handle.close()
    }
  } catch (cause) {
    throw readError(path, cause)
  }
}

/** An open file with a valid header. Tensors are read one by one, on request. */
export class SafetensorsFile {
  readonly metadata: Readonly<Record<string, string>>
  /** By name, in the order of their bytes. */
  readonly tensors: ReadonlyMap<string, TensorInfo>
  readonly #bytes: FileBytes
  readonly #entries: ReadonlyMap<string, Entry>

  private constructor(
    bytes: FileBytes,
    metadata: Readonly<Record<string, string>>,
    entries: readonly Entry[],
  ) {
    this.#bytes = bytes
    this.#entries = new Map(entries.map((entry) => [entry.name, entry]))
    this.metadata = metadata
    this.tensors = this.#entries
  }

  /** Reads and checks the header. {@link readSafetensors} does this for a path. */
  static async of(handle: ReadableFile, path: string): Promise<SafetensorsFile> {
    const status = await handle.stat()
    if (!status.isFile()) {
      throw argumentError('ERR_GRU_FORMAT', path, 'a regular file', 'something else')
    }
    const file = new FileBytes(handle, path, 0)
    const head = new Uint8Array(Math.min(HEAD_BYTES, status.size))
    await file.read(head, 0)
    const json = new Uint8Array(headerLength(head, status.size, path))
    await file.read(json, LENGTH_BYTES)
    const dataStart = LENGTH_BYTES + json.length
    const { metadata, entries } = parseHeader(json, status.size - dataStart, path)
    return new SafetensorsFile(new FileBytes(handle, path, dataStart), metadata, entries)
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
    await this.#bytes.read(bytesOf(data), begin)
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
    const { dtype, shape, begin, end } = this.#entry(name)
    if (!isFloatDtype(dtype)) throw this.#dtypeError(name, FLOAT_DTYPES, dtype)
    const width = (bitsOf(dtype) as number) / 8
    const meaning = describeShape(shape)
    const values = target ?? newFloat32Array(this.#place(name), meaning, (end - begin) / width)
    checkLength('target', values, meaning, (end - begin) / width)
    if (isConvertible(dtype)) await this.#convert(name, dtype, values, begin)
    else await this.#bytes.read(bytesOf(values), begin)
    return values
  }

  /** Converts block by block, so that a large tensor needs no second copy. */
  async #convert(
    name: string,
    dtype: ConvertibleKind,
    values: Float32Array,
    begin: number,
  ): Promise<void> {
    const width = (bitsOf(dtype) as number) / 8
    const block = new Uint8Array(width * Math.min(values.length, CONVERTED_AT_ONCE))
    for (let done = 0; done < values.length; done += CONVERTED_AT_ONCE) {
      const part = values.subarray(done, done + CONVERTED_AT_ONCE)
      const source = block.subarray(0, width * part.length)
      await this.#bytes.read(source, begin + width * done)
      const overflow = convertToFloat32(dtype, source, part)
      if (overflow !== -1) {
        const place = `${this.#place(name)}, value ${done + overflow}`
        const got = String(new Float64Array(block.buffer)[overflow])
        throw argumentError('ERR_GRU_FORMAT', place, 'a number that float32 can hold', got)
      }
    }
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name)
    if (entry !== undefined) return entry
    throw argumentError('ERR_GRU_FORMAT', this.#bytes.path, `a tensor ${quote(name)}`, 'none')
  }

  #dtypeError(name: string, dtypes: readonly string[], got: string): GruError {
    const expected = `a dtype among ${dtypes.join(', ')}`
    return argumentError('ERR_GRU_FORMAT', this.#place(name), expected, quote(got))
  }

  #place(name: string): string {
    return `${this.#bytes.path}, tensor ${quote(name)}`
  }
}

const CONVERTED_AT_ONCE = 2 ** 17
