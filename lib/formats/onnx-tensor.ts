/**
 * The values of ONNX tensors, however they are stored.
 *
 * @module
 */
import { newFloat32Array } from '../arrays'
import { argumentError, quote } from '../errors'
import { bytesOf, type ByteSource, MemoryBytes } from './byte-source'
import { readFloatBlocks } from './float-blocks'
import { withExternalBytes } from './onnx-external'
import type { OnnxFile } from './onnx-file'
import { DATA_LOCATION, type TensorProto } from './onnx-messages'
import { type ElementType, elementType, nameOfType, storedElements } from './onnx-types'
import { countOfBytes } from './safetensors-dtypes'
import { describeShape, isCount } from './safetensors-header'

/** The file of a tensor, and what is needed of it. */
type File = Pick<OnnxFile, 'name' | 'path'>

/** A tensor whose shape and type have been checked. */
interface Checked {
  readonly tensor: TensorProto
  readonly type: ElementType
  readonly shape: readonly number[]
  readonly count: number
  /** The bytes of all elements. */
  readonly size: number
  readonly file: File
  /** What messages call it. */
  readonly place: string
}

/** The sizes of a tensor. */
export function shapeOf(file: File, tensor: TensorProto): readonly number[] {
  const shape = Array.from(tensor.dims, Number)
  if (shape.every(isCount)) return shape
  const place = placeOf(file, tensor)
  throw argumentError('ERR_GRU_FORMAT', place, 'sizes from 0 to 2^53 - 1', describeShape(shape))
}

/**
 * Reads a tensor of floating-point numbers: float, float16, bfloat16 or double. Doubles are rounded to the nearest float32,
 * ties to even; all others are exact.
 *
 * @param signal - stops it between two blocks
 * @throws GruError ERR_GRU_FORMAT if the tensor has another type, its data do not match its shape, a file with them cannot be
 *   read, or a finite double has no finite float32
 */
export async function readFloats(
  file: File,
  tensor: TensorProto,
  signal?: AbortSignal,
): Promise<Float32Array> {
  const checked = check(file, tensor)
  const { type, shape, count, place } = checked
  const { float: kind } = type
  if (kind === undefined) {
    const expected = 'floating-point numbers (float, float16, bfloat16 or double)'
    throw argumentError('ERR_GRU_FORMAT', place, expected, type.name)
  }
  return withElements(
    checked,
    async (bytes, position) => {
      const values = newFloat32Array(place, describeShape(shape), count)
      await readFloatBlocks(bytes, { kind, position, count }, place, (block, offset) => {
        values.set(block, offset)
        return Promise.resolve()
      })
      return values
    },
    signal,
  )
}

/** The largest number of integers that are read: a shape, axes or lengths never have more. */
export const MAX_INTEGERS = 2 ** 20

/**
 * Reads a tensor of integers or booleans, such as a shape, axes, or lengths of sequences.
 *
 * @throws GruError ERR_GRU_FORMAT if the tensor has another type or more than {@link MAX_INTEGERS} values, its data do not
 *   match its shape, or a file with them cannot be read
 */
export async function readIntegers(
  file: File,
  tensor: TensorProto,
  signal?: AbortSignal,
): Promise<BigInt64Array> {
  const checked = check(file, tensor)
  const { type, count, place } = checked
  if (type.float !== undefined) {
    throw argumentError('ERR_GRU_FORMAT', place, 'integers', type.name)
  }
  if (count > MAX_INTEGERS) {
    throw argumentError('ERR_GRU_FORMAT', place, `at most ${MAX_INTEGERS} integers`, `${count}`)
  }
  return withElements(
    checked,
    async (bytes, position) => {
      const elements = new type.array(count)
      await bytes.read(bytesOf(elements), position)
      return BigInt64Array.from<number | bigint>(elements, (value) => signed(BigInt(value), place))
    },
    signal,
  )
}

function signed(value: bigint, place: string): bigint {
  if (BigInt.asIntN(64, value) === value) return value
  throw argumentError('ERR_GRU_FORMAT', place, 'integers below 2^63', `${value}`)
}

function check(file: File, tensor: TensorProto): Checked {
  const place = placeOf(file, tensor)
  const type = elementType(tensor.dataType)
  if (type === undefined) {
    const expected = 'numbers of a type that this version reads'
    throw argumentError('ERR_GRU_FORMAT', place, expected, nameOfType(tensor.dataType))
  }
  const shape = shapeOf(file, tensor)
  const width = new type.array(0).BYTES_PER_ELEMENT
  const size = countOfBytes(shape, 8 * width)
  if (size === Infinity) {
    const expected = `a shape of at most ${Number.MAX_SAFE_INTEGER} bits`
    throw argumentError('ERR_GRU_FORMAT', place, expected, describeShape(shape))
  }
  return { tensor, type, shape, count: size / width, size, file, place }
}

function placeOf(file: File, tensor: TensorProto): string {
  return `${file.name}, tensor ${quote(tensor.name)}`
}

/** Calls `use` with the elements' bytes and where they begin. All of them are there. */
function withElements<T>(
  checked: Checked,
  use: (bytes: ByteSource, position: number) => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  const { tensor, file, size, place } = checked
  switch (tensor.dataLocation) {
    case DATA_LOCATION.default:
      return use(new MemoryBytes(ownBytes(checked), place, signal), 0)
    case DATA_LOCATION.external: {
      const part = { model: file.path, entries: tensor.externalData, size, place }
      return withExternalBytes(part, use, signal)
    }
    default: {
      const got = `location ${tensor.dataLocation}`
      throw argumentError('ERR_GRU_FORMAT', place, 'data in the file or beside it', got)
    }
  }
}

/** The elements' bytes in the tensor's own message. */
function ownBytes({ tensor, type, shape, count, size, place }: Checked): Uint8Array {
  if (tensor.rawData !== undefined) {
    if (tensor.rawData.length === size) return tensor.rawData
    const expected = `${size} bytes for ${type.name} ${describeShape(shape)}`
    throw argumentError('ERR_GRU_FORMAT', place, expected, `${tensor.rawData.length}`)
  }
  const { length } = tensor[type.field]
  if (length === count) return bytesOf(storedElements(tensor, type))
  const expected = `${count} values for ${type.name} ${describeShape(shape)}`
  throw argumentError('ERR_GRU_FORMAT', place, expected, `${length}`)
}
