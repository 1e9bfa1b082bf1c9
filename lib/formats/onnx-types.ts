/**
 * The types of ONNX tensors' elements.
 *
 * @module
 */
import type { FloatKind } from './float-blocks'
import type { TensorProto } from './onnx-messages'

/** The arrays of numbers. */
export type NumberArray =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array

interface ArrayConstructor {
  new (length: number): NumberArray
  from(values: ArrayLike<number> | ArrayLike<bigint>, convert: NumberConstructor): NumberArray
}

/** A field of a tensor that has its elements, if they are not raw bytes. */
type DataField = 'floatData' | 'int32Data' | 'int64Data' | 'doubleData' | 'uint64Data'

/** A type that this package reads. */
export interface ElementType {
  readonly name: string
  /** An array for the elements, or for their bit patterns. */
  readonly array: ArrayConstructor
  readonly field: DataField
  /** What it is as a floating-point number; undefined for integers. */
  readonly float?: FloatKind
}

/** By the numbers of the format's DataType. */
const ELEMENT_TYPES: ReadonlyMap<number, ElementType> = new Map(
  (
    [
      [1, 'float', Float32Array, 'floatData', 'F32'],
      [2, 'uint8', Uint8Array, 'int32Data'],
      [3, 'int8', Int8Array, 'int32Data'],
      [4, 'uint16', Uint16Array, 'int32Data'],
      [5, 'int16', Int16Array, 'int32Data'],
      [6, 'int32', Int32Array, 'int32Data'],
      [7, 'int64', BigInt64Array, 'int64Data'],
      [9, 'bool', Uint8Array, 'int32Data'],
      [10, 'float16', Uint16Array, 'int32Data', 'F16'],
      [11, 'double', Float64Array, 'doubleData', 'F64'],
      [12, 'uint32', Uint32Array, 'uint64Data'],
      [13, 'uint64', BigUint64Array, 'uint64Data'],
      [16, 'bfloat16', Uint16Array, 'int32Data', 'BF16'],
    ] as const
  ).map(([number, name, array, field, float]) => [
    number,
    { name, array, field, ...(float && { float }) },
  ]),
)

/** Types that are only named, for messages. */
const OTHER_TYPES: Readonly<Record<number, string>> = {
  8: 'string',
  14: 'complex64',
  15: 'complex128',
  17: 'float8e4m3fn',
  18: 'float8e4m3fnuz',
  19: 'float8e5m2',
  20: 'float8e5m2fnuz',
  21: 'uint4',
  22: 'int4',
  23: 'float4e2m1',
  24: 'float8e8m0',
  25: 'uint2',
  26: 'int2',
  27: 'float6e2m3',
  28: 'float6e3m2',
}

/** The type of this number; undefined for one that is not read. */
export function elementType(number: number): ElementType | undefined {
  return ELEMENT_TYPES.get(number)
}

/** The format's name of a type: `float16`, or `type 99` for one that is unknown. */
export function nameOfType(number: number): string {
  return ELEMENT_TYPES.get(number)?.name ?? OTHER_TYPES[number] ?? `type ${number}`
}

/** The elements that a tensor has in a field of data. Those of fewer bits are the lowest bits of the field's numbers. */
export function storedElements(tensor: TensorProto, { array, field }: ElementType): NumberArray {
  const values = tensor[field]
  return values.constructor === array ? values : array.from(values, Number)
}
