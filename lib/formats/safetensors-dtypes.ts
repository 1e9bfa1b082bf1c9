/**
 * The element types of safetensors files, and the arrays for them.
 *
 * @module
 */

export interface ArrayOfDtype {
  F64: Float64Array
  F32: Float32Array
  I64: BigInt64Array
  I32: Int32Array
  U8: Uint8Array
}

/** The element types with an array type here. They can be written and read unchanged. */
export type Dtype = keyof ArrayOfDtype

/** A named array of a file: its element type, its shape (row-major), and its values. */
export type Tensor = {
  [D in Dtype]: {
    readonly dtype: D
    readonly shape: readonly number[]
    readonly data: ArrayOfDtype[D]
  }
}[Dtype]

// In the order in which the format's own library writes tensors: widest elements first, so that
// every tensor is aligned.
export const ARRAY_CONSTRUCTORS = {
  I64: BigInt64Array,
  F64: Float64Array,
  F32: Float32Array,
  I32: Int32Array,
  U8: Uint8Array,
} as const
export const DTYPES = Object.keys(ARRAY_CONSTRUCTORS) as readonly Dtype[]

export function isDtype(dtype: string): dtype is Dtype {
  return Object.hasOwn(ARRAY_CONSTRUCTORS, dtype)
}

/** The bits of one element, for all types that the format has today. */
const BITS: Readonly<Record<string, number>> = {
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  F8_E4M3: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2: 8,
  F8_E5M2FNUZ: 8,
  F8_E8M0: 8,
  BOOL: 8,
  I8: 8,
  U8: 8,
  BF16: 16,
  F16: 16,
  I16: 16,
  U16: 16,
  F32: 32,
  I32: 32,
  U32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
}

/** The bits of one element; undefined for an unknown type. */
export function bitsOf(dtype: string): number | undefined {
  return Object.hasOwn(BITS, dtype) ? BITS[dtype] : undefined
}

/**
 * The bytes of a tensor whose elements have `bits` bits; infinite if a partial product exceeds the
 * safe integers, as in the format's library.
 */
export function countOfBytes(shape: readonly number[], bits: number): number {
  let total = bits
  for (const size of shape) {
    total *= size
    if (!Number.isSafeInteger(total)) return Infinity
  }
  return total / 8
}
