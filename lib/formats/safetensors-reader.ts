/**
 * Reading safetensors files.
 *
 * @module
 */
import { newFloat32Array } from '../arrays'
import { argumentError, type GruError, quote } from '../errors'
import { checkLength } from '../validate'
import { HEAD_BYTES } from './content-kind'
import { bytesOf, type ByteSource } from './byte-source'
import { readFloatBlocks } from './float-blocks'
import { isConvertible } from './float32'
import { type FileSource, withBytes } from './open-bytes'
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
  return withBytes(source, async (bytes) => read(await SafetensorsFile.of(bytes)), signal)
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
    const { dtype, begin, count } = this.#floats(name)
    const part = { kind: dtype, position: this.#dataStart + begin, count }
    await readFloatBlocks(this.#bytes, part, this.#place(name), take)
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

function widthOf(dtype: FloatDtype): number {
  return bitsOf(dtype)! / 8
}
