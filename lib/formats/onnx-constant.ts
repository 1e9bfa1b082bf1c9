/**
 * Constants of ONNX graphs, and views of them.
 *
 * @module
 */

/** The values of all types of floating-point numbers are float32, those of all integers and booleans 64 bits. */
export type ConstantData = Float32Array | BigInt64Array

/** A tensor with its values. */
export interface Constant {
  /** The number of its type, as `onnx-types.ts` lists them. */
  readonly type: number
  readonly shape: readonly number[]
  /** Row-major. Constants may share it: it is never written. */
  readonly data: ConstantData
}

/** The largest number of dimensions of a constant that is folded. */
export const MAX_RANK = 32

export function countOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1)
}

export function newData({ data }: Constant, length: number): ConstantData {
  return data instanceof Float32Array ? new Float32Array(length) : new BigInt64Array(length)
}

/** The distance in values between two neighbours in each dimension. */
export function stridesOf(shape: readonly number[]): readonly number[] {
  return shape.map((_, axis) => countOf(shape.slice(axis + 1)))
}

/** Where the values of a result are in a constant. */
export interface View {
  readonly shape: readonly number[]
  readonly strides: readonly number[]
  readonly offset: number
}

/** The values of a view, copied. */
export function copyView(source: Constant, { shape, strides, offset }: View): Constant {
  const data = newData(source, countOf(shape))
  const index = shape.map(() => 0)
  let position = offset
  for (let i = 0; i < data.length; i++) {
    data[i] = source.data[position]!
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]!++
      position += strides[axis]!
      if (index[axis]! < shape[axis]!) break
      position -= strides[axis]! * shape[axis]!
      index[axis] = 0
    }
  }
  return { type: source.type, shape, data }
}

/** The shape of two tensors that are combined value by value; undefined if they do not fit. */
export function broadcastShape(
  a: readonly number[],
  b: readonly number[],
): readonly number[] | undefined {
  const rank = Math.max(a.length, b.length)
  const size = (shape: readonly number[], axis: number): number =>
    shape[axis - (rank - shape.length)] ?? 1
  const shape = Array.from({ length: rank }, (_, axis) => {
    const [first, second] = [size(a, axis), size(b, axis)]
    return first === 1 ? second : second === 1 || first === second ? first : -1
  })
  return shape.includes(-1) ? undefined : shape
}

/** A constant as if it had this shape, to which it can be broadcast. */
export function broadcastView(source: Constant, shape: readonly number[]): View {
  const missing = shape.length - source.shape.length
  const own = stridesOf(source.shape)
  const strides = shape.map((_, axis) => {
    const size = source.shape[axis - missing] ?? 1
    return size === 1 ? 0 : own[axis - missing]!
  })
  return { shape, strides, offset: 0 }
}
