/**
 * The messages of an ONNX file (onnx/onnx-ml.proto), as far as a model's meaning needs them. Comments and metadata of
 * graphs, nodes and values, how tensors were quantised, what a training would do and on which devices nodes would run are
 * passed over.
 *
 * @module
 */
import {
  BYTES,
  child,
  children,
  MessageType,
  optional,
  optionalBytes,
  repeated,
  single,
  TEXT,
} from './protobuf-messages'
import {
  DOUBLES,
  FLOAT,
  FLOATS,
  INT32S,
  INT64,
  INT64S,
  INTEGER,
  packed,
  UINT64S,
  unpacked,
} from './protobuf-numbers'

/** A text by a key. */
export interface StringEntry {
  readonly key: string
  readonly value: string
}

const STRING_ENTRY = new MessageType<StringEntry>({
  key: single(1, TEXT, ''),
  value: single(2, TEXT, ''),
})

/** A set of operators and its version. ONNX's own domain is '' (also written ai.onnx). */
export interface OperatorSet {
  readonly domain: string
  readonly version: number
}

const OPERATOR_SET = new MessageType<OperatorSet>({
  domain: single(1, TEXT, ''),
  version: single(2, INTEGER, 0),
})

/** Where a tensor's values are: in the message, or in a file beside the model's. */
export const DATA_LOCATION = { default: 0, external: 1 } as const

/**
 * A tensor. Its values are in one of the fields of data, or in another file. `onnx-tensor.ts` reads them from all of them.
 */
export interface TensorProto {
  readonly name: string
  readonly dims: BigInt64Array
  /** A number of the format's DataType. */
  readonly dataType: number
  readonly floatData: Float32Array
  /** Also for the types of fewer bits, whose patterns it has: float16, bfloat16, int8, bool, ... */
  readonly int32Data: Int32Array
  readonly stringData: readonly Uint8Array[]
  readonly int64Data: BigInt64Array
  /** The elements' bytes, little-endian. They are in the file's memory, at any address. */
  readonly rawData: Uint8Array | undefined
  readonly doubleData: Float64Array
  /** Also for uint32. */
  readonly uint64Data: BigUint64Array
  /** `location`, `offset`, `length` and `checksum` as texts. */
  readonly externalData: readonly StringEntry[]
  /** A number of {@link DATA_LOCATION}. */
  readonly dataLocation: number
}

export const TENSOR = new MessageType<TensorProto>(
  {
    dims: unpacked(1, INT64S),
    dataType: single(2, INTEGER, 0),
    floatData: packed(4, FLOATS),
    int32Data: packed(5, INT32S),
    stringData: repeated(6, BYTES),
    int64Data: packed(7, INT64S),
    name: single(8, TEXT, ''),
    rawData: optionalBytes(9),
    doubleData: packed(10, DOUBLES),
    uint64Data: packed(11, UINT64S),
    externalData: children(13, () => STRING_ENTRY),
    dataLocation: single(14, INTEGER, DATA_LOCATION.default),
  },
  [3, 'a tensor without segments'],
)

/** A tensor of which only some values are not zero. */
export interface SparseTensorProto {
  readonly values: TensorProto | undefined
  readonly indices: TensorProto | undefined
  readonly dims: BigInt64Array
}

const SPARSE_TENSOR = new MessageType<SparseTensorProto>({
  values: child(1, () => TENSOR),
  indices: child(2, () => TENSOR),
  dims: unpacked(3, INT64S),
})

/** One size of a shape: a number, a name for one that is known when the model runs, or neither. */
export interface Dimension {
  readonly value: bigint | undefined
  readonly parameter: string | undefined
}

const DIMENSION = new MessageType<Dimension>({
  value: optional(1, INT64),
  parameter: optional(2, TEXT),
})

/** The sizes of a tensor. */
export interface TensorShape {
  readonly dimensions: readonly Dimension[]
}

const TENSOR_SHAPE = new MessageType<TensorShape>({
  dimensions: children(1, () => DIMENSION),
})

/** The type of a tensor. Without a shape its rank is unknown. */
export interface TensorType {
  readonly elementType: number
  readonly shape: TensorShape | undefined
}

const TENSOR_TYPE = new MessageType<TensorType>({
  elementType: single(1, INTEGER, 0),
  shape: child(2, () => TENSOR_SHAPE),
})

/** The type of a value. Of sequences, maps and other values that are no tensors nothing is kept. */
export interface TypeProto {
  readonly tensor: TensorType | undefined
}

const TYPE = new MessageType<TypeProto>({
  tensor: child(1, () => TENSOR_TYPE),
})

/** A named value and its type. */
export interface ValueInfo {
  readonly name: string
  readonly type: TypeProto | undefined
}

export const VALUE_INFO = new MessageType<ValueInfo>({
  name: single(1, TEXT, ''),
  type: child(2, () => TYPE),
})

/** The numbers of the kinds of attributes. */
export const ATTRIBUTE_TYPES = {
  undefined: 0,
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
  tensors: 9,
  graphs: 10,
  sparseTensor: 11,
  sparseTensors: 12,
  typeProto: 13,
  typeProtos: 14,
} as const

/** A constant of a node. One property has its value: that which `type`, a number of {@link ATTRIBUTE_TYPES}, says. */
export interface AttributeProto {
  readonly name: string
  readonly type: number
  /** Within a function: the name of the function's attribute whose value this one has. */
  readonly reference: string
  readonly float: number | undefined
  readonly int: bigint | undefined
  /** A text in UTF-8, as a rule. */
  readonly string: Uint8Array | undefined
  readonly tensor: TensorProto | undefined
  readonly graph: GraphProto | undefined
  readonly sparseTensor: SparseTensorProto | undefined
  readonly typeProto: TypeProto | undefined
  readonly floats: Float32Array
  readonly ints: BigInt64Array
  readonly strings: readonly Uint8Array[]
  readonly tensors: readonly TensorProto[]
  readonly graphs: readonly GraphProto[]
  readonly sparseTensors: readonly SparseTensorProto[]
  readonly typeProtos: readonly TypeProto[]
}

export const ATTRIBUTE = new MessageType<AttributeProto>({
  name: single(1, TEXT, ''),
  float: optional(2, FLOAT),
  int: optional(3, INT64),
  string: optional(4, BYTES),
  tensor: child(5, () => TENSOR),
  graph: child(6, () => GRAPH),
  floats: unpacked(7, FLOATS),
  ints: unpacked(8, INT64S),
  strings: repeated(9, BYTES),
  tensors: children(10, () => TENSOR),
  graphs: children(11, () => GRAPH),
  typeProto: child(14, () => TYPE),
  typeProtos: children(15, () => TYPE),
  type: single(20, INTEGER, ATTRIBUTE_TYPES.undefined),
  reference: single(21, TEXT, ''),
  sparseTensor: child(22, () => SPARSE_TENSOR),
  sparseTensors: children(23, () => SPARSE_TENSOR),
})

/** One operation: the names of the values that it takes and makes. An empty name is an input or output that is left out. */
export interface NodeProto {
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly name: string
  readonly operator: string
  readonly attributes: readonly AttributeProto[]
  /** The domain of the operator. ONNX's own is '' (also written ai.onnx). */
  readonly domain: string
  /** Which of several functions of one name is meant. */
  readonly overload: string
}

export const NODE = new MessageType<NodeProto>({
  inputs: repeated(1, TEXT),
  outputs: repeated(2, TEXT),
  name: single(3, TEXT, ''),
  operator: single(4, TEXT, ''),
  attributes: children(5, () => ATTRIBUTE),
  domain: single(7, TEXT, ''),
  overload: single(8, TEXT, ''),
})

/** Operations, in an order in which they can be computed. */
export interface GraphProto {
  readonly nodes: readonly NodeProto[]
  readonly name: string
  /** Constants by name. Before version 4 of the format each was an input too. */
  readonly initializers: readonly TensorProto[]
  readonly inputs: readonly ValueInfo[]
  readonly outputs: readonly ValueInfo[]
  /** Types of values that are neither inputs nor outputs. */
  readonly valueInfo: readonly ValueInfo[]
}

export const GRAPH: MessageType<GraphProto> = new MessageType<GraphProto>(
  {
    nodes: children(1, () => NODE),
    name: single(2, TEXT, ''),
    initializers: children(5, () => TENSOR),
    inputs: children(11, () => VALUE_INFO),
    outputs: children(12, () => VALUE_INFO),
    valueInfo: children(13, () => VALUE_INFO),
  },
  [15, 'a graph without sparse initializers'],
)

/** An operator that the file itself defines. */
export interface FunctionProto {
  readonly name: string
  readonly domain: string
  readonly overload: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  /** The names of the attributes that have no default value. */
  readonly attributes: readonly string[]
  /** Attributes with their default values. */
  readonly attributeDefaults: readonly AttributeProto[]
  readonly nodes: readonly NodeProto[]
  readonly operatorSets: readonly OperatorSet[]
  readonly valueInfo: readonly ValueInfo[]
}

export const FUNCTION = new MessageType<FunctionProto>({
  name: single(1, TEXT, ''),
  inputs: repeated(4, TEXT),
  outputs: repeated(5, TEXT),
  attributes: repeated(6, TEXT),
  nodes: children(7, () => NODE),
  operatorSets: children(9, () => OPERATOR_SET),
  domain: single(10, TEXT, ''),
  attributeDefaults: children(11, () => ATTRIBUTE),
  valueInfo: children(12, () => VALUE_INFO),
  overload: single(13, TEXT, ''),
})

/** A file's content. */
export interface ModelProto {
  /** The version of the file format. */
  readonly irVersion: number
  readonly producerName: string
  readonly producerVersion: string
  readonly domain: string
  readonly modelVersion: bigint | undefined
  readonly comment: string
  readonly graph: GraphProto | undefined
  readonly operatorSets: readonly OperatorSet[]
  readonly metadata: readonly StringEntry[]
  readonly functions: readonly FunctionProto[]
}

export const MODEL = new MessageType<ModelProto>({
  irVersion: single(1, INTEGER, 0),
  producerName: single(2, TEXT, ''),
  producerVersion: single(3, TEXT, ''),
  domain: single(4, TEXT, ''),
  modelVersion: optional(5, INT64),
  comment: single(6, TEXT, ''),
  graph: child(7, () => GRAPH),
  operatorSets: children(8, () => OPERATOR_SET),
  metadata: children(14, () => STRING_ENTRY),
  functions: children(25, () => FUNCTION),
})
