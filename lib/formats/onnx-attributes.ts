/**
 * The attributes of ONNX nodes, with their types checked.
 *
 * @module
 */
import { argumentError, type GruError, quote } from '../errors'
import { ATTRIBUTE_TYPES, type AttributeProto, type NodeProto } from './onnx-messages'

/** A node, and what messages call its file. */
export class OnnxNode {
  readonly proto: NodeProto
  readonly #file: string

  constructor(proto: NodeProto, file: string) {
    this.proto = proto
    this.#file = file
  }

  /** A whole number; undefined if the node has no such attribute. */
  int(name: string): number | undefined {
    const value = this.#attribute(name, ATTRIBUTE_TYPES.int, 'an int')?.int
    return value === undefined ? undefined : this.#safe(name, value)
  }

  ints(name: string): readonly number[] | undefined {
    const values = this.#attribute(name, ATTRIBUTE_TYPES.ints, 'ints')?.ints
    return values === undefined ? undefined : Array.from(values, (value) => clamped(value))
  }

  attribute(name: string): AttributeProto | undefined {
    return this.proto.attributes.find((attribute) => attribute.name === name)
  }

  /** The error for a node that is not what is expected. */
  fault(expected: string, got: string): GruError {
    const { operator, name, outputs } = this.proto
    const place = `${this.#file}, node ${operator} ${quote(name === '' ? (outputs[0] ?? '') : name)}`
    return argumentError('ERR_GRU_FORMAT', place, expected, got)
  }

  #attribute(name: string, type: number, words: string): AttributeProto | undefined {
    const attribute = this.attribute(name)
    if (attribute === undefined || attribute.type === type) return attribute
    throw this.fault(`${words} as attribute ${quote(name)}`, `type ${attribute.type}`)
  }

  #safe(name: string, value: bigint): number {
    const number = Number(value)
    if (Number.isSafeInteger(number)) return number
    throw this.fault(`an attribute ${quote(name)} below 2^53`, `${value}`)
  }
}

/** A number as a place in a shape. The largest integers stand for the end of a dimension. */
export function clamped(value: bigint): number {
  const { MAX_SAFE_INTEGER: limit } = Number
  return Math.max(-limit, Math.min(limit, Number(value)))
}
