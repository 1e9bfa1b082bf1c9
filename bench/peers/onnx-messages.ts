/**
 * The messages of which ONNX models consist. Field numbers are those of onnx.proto.
 *
 * @module
 */
import { type Bytes, bytesField, integerField, message } from './protobuf'

export const FLOAT = 1
export const INT32 = 6
export const INT64 = 7
const OPSET = 14
const IR_VERSION = 8

/** The messages of a graph. */
export interface GraphParts {
  readonly nodes: readonly Bytes[]
  /** Constants */
  readonly tensors: readonly Bytes[]
}

/** A whole model. */
export function modelOf({
  nodes,
  tensors,
  inputs,
  outputs,
}: GraphParts & { readonly inputs: readonly Bytes[]; readonly outputs: readonly Bytes[] }): Bytes {
  const graph = message(
    ...nodes.map((node) => bytesField(1, node)),
    bytesField(2, 'graph'),
    ...tensors.map((each) => bytesField(5, each)),
    ...inputs.map((value) => bytesField(11, value)),
    ...outputs.map((value) => bytesField(12, value)),
  )
  return message(
    integerField(1, IR_VERSION),
    bytesField(7, graph),
    bytesField(8, message(bytesField(1, ''), integerField(2, OPSET))),
  )
}

/** An input or output without a name is left out. */
export function nodeOf(
  operator: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: readonly Bytes[] = [],
): Bytes {
  return message(
    ...inputs.map((name) => bytesField(1, name)),
    ...outputs.map((name) => bytesField(2, name)),
    bytesField(4, operator),
    ...attributes,
  )
}

export function integerAttribute(name: string, value: number): Bytes {
  return bytesField(5, message(bytesField(1, name), integerField(3, value), integerField(20, 2)))
}

export function textAttribute(name: string, value: string): Bytes {
  return bytesField(5, message(bytesField(1, name), bytesField(4, value), integerField(20, 3)))
}

/** An input or output of the model. A size with a name may be any. */
export function valueInfo(name: string, type: number, shape: readonly (number | string)[]): Bytes {
  const sizes = shape.map((size) =>
    bytesField(1, typeof size === 'number' ? integerField(1, size) : bytesField(2, size)),
  )
  const tensorType = message(integerField(1, type), bytesField(2, message(...sizes)))
  return message(bytesField(1, name), bytesField(2, bytesField(1, tensorType)))
}

/** A constant. */
export function tensor(
  name: string,
  type: number,
  shape: readonly number[],
  values: Float32Array | BigInt64Array,
): Bytes {
  return message(
    ...shape.map((size) => integerField(1, size)),
    integerField(2, type),
    bytesField(8, name),
    bytesField(9, new Uint8Array(values.buffer, values.byteOffset, values.byteLength)),
  )
}
