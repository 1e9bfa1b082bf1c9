/**
 * Whether bytes begin like an ONNX model. protobuf has no signature.
 *
 * @module
 */

import { LENGTH_DELIMITED, readVarint, valueOf, VARINT } from './protobuf'

/** The numbers of the fields of ONNX's ModelProto that are checked, and the wire types of all its fields. */
const IR_VERSION = 1
const GRAPH = 7
const WIRE_TYPES: ReadonlyMap<number, number> = new Map([
  [IR_VERSION, VARINT],
  [2, LENGTH_DELIMITED], // producer_name
  [3, LENGTH_DELIMITED], // producer_version
  [4, LENGTH_DELIMITED], // domain
  [5, VARINT], // model_version
  [6, LENGTH_DELIMITED], // doc_string
  [GRAPH, LENGTH_DELIMITED],
  [8, LENGTH_DELIMITED], // opset_import
  [14, LENGTH_DELIMITED], // metadata_props
  [20, LENGTH_DELIMITED], // training_info
  [25, LENGTH_DELIMITED], // functions
])

/**
 * Reads the fields that begin within the bytes. The format's version must come first, and a graph must be among the
 * others.
 */
export function isOnnx(head: Uint8Array): boolean {
  let position = 0
  let fields = 0
  while (position < head.length) {
    const tag = readVarint(head, position, head.length)
    if (tag === undefined) return false
    const number = Math.floor(valueOf(tag) / 8)
    const wireType = tag.low % 8
    if (WIRE_TYPES.get(number) !== wireType) return false
    if (fields++ === 0 && number !== IR_VERSION) return false
    if (number === GRAPH) return true
    const value = readVarint(head, tag.end, head.length)
    if (value === undefined) return false
    position = value.end + (wireType === LENGTH_DELIMITED ? valueOf(value) : 0)
  }
  return false
}
