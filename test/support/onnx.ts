import { GruError } from '../../lib/errors'
import { OnnxConstants } from '../../lib/formats/onnx-constants'
import { type OnnxFile, readOnnx } from '../../lib/formats/onnx-file'
import {
  ATTRIBUTE_TYPES,
  type AttributeProto,
  type FunctionProto,
  type GraphProto,
  type NodeProto,
  type SparseTensorProto,
  type TensorProto,
  type TypeProto,
  type ValueInfo,
} from '../../lib/formats/onnx-messages'
import { readFloats, readIntegers } from '../../lib/formats/onnx-tensor'
import { elementType } from '../../lib/formats/onnx-types'
import { onnxPieces } from '../../lib/formats/onnx-writer'

/** What a file holds, in the form of test/formats/fixtures/onnx/dump.py. Doubles are rounded to float32. */
export async function dumpOnnx(file: OnnxFile): Promise<unknown> {
  const { model } = file
  return {
    irVersion: model.irVersion,
    producerName: model.producerName,
    producerVersion: model.producerVersion,
    domain: model.domain,
    modelVersion: model.modelVersion === undefined ? null : String(model.modelVersion),
    comment: model.comment,
    metadata: model.metadata,
    operatorSets: model.operatorSets,
    functions: await all(model.functions, (value) => dumpFunction(file, value)),
    graph: await dumpGraph(file, file.graph),
  }
}

function all<T>(values: readonly T[], dump: (value: T) => Promise<unknown>): Promise<unknown[]> {
  return Promise.all(values.map(dump))
}

async function dumpFunction(file: OnnxFile, value: FunctionProto): Promise<unknown> {
  return {
    ...value,
    attributeDefaults: await all(value.attributeDefaults, (each) => dumpAttribute(file, each)),
    valueInfo: value.valueInfo.map(dumpValueInfo),
    nodes: await all(value.nodes, (node) => dumpNode(file, node)),
  }
}

async function dumpGraph(file: OnnxFile, graph: GraphProto): Promise<unknown> {
  return {
    name: graph.name,
    inputs: graph.inputs.map(dumpValueInfo),
    outputs: graph.outputs.map(dumpValueInfo),
    valueInfo: graph.valueInfo.map(dumpValueInfo),
    initializers: await all(graph.initializers, (tensor) => dumpTensor(file, tensor)),
    nodes: await all(graph.nodes, (node) => dumpNode(file, node)),
  }
}

async function dumpNode(file: OnnxFile, node: NodeProto): Promise<unknown> {
  const attributes = await all(node.attributes, (attribute) => dumpAttribute(file, attribute))
  return { ...node, attributes }
}

async function dumpAttribute(file: OnnxFile, attribute: AttributeProto): Promise<unknown> {
  const { name, type, reference } = attribute
  const value = reference === '' ? await dumpValue(file, attribute) : null
  return { name, type, reference, value }
}

async function dumpValue(file: OnnxFile, attribute: AttributeProto): Promise<unknown> {
  switch (attribute.type) {
    case ATTRIBUTE_TYPES.float:
      return dumpNumber(attribute.float!)
    case ATTRIBUTE_TYPES.int:
      return String(attribute.int)
    case ATTRIBUTE_TYPES.string:
      return dumpText(attribute.string!)
    case ATTRIBUTE_TYPES.tensor:
      return dumpTensor(file, attribute.tensor!)
    case ATTRIBUTE_TYPES.graph:
      return dumpGraph(file, attribute.graph!)
    case ATTRIBUTE_TYPES.sparseTensor:
      return dumpSparse(file, attribute.sparseTensor!)
    case ATTRIBUTE_TYPES.typeProto:
      return dumpType(attribute.typeProto!)
    default:
      return dumpValues(file, attribute)
  }
}

async function dumpValues(file: OnnxFile, attribute: AttributeProto): Promise<unknown> {
  switch (attribute.type) {
    case ATTRIBUTE_TYPES.floats:
      return Array.from(attribute.floats, dumpNumber)
    case ATTRIBUTE_TYPES.ints:
      return Array.from(attribute.ints, String)
    case ATTRIBUTE_TYPES.strings:
      return attribute.strings.map(dumpText)
    case ATTRIBUTE_TYPES.tensors:
      return all(attribute.tensors, (tensor) => dumpTensor(file, tensor))
    case ATTRIBUTE_TYPES.graphs:
      return all(attribute.graphs, (graph) => dumpGraph(file, graph))
    case ATTRIBUTE_TYPES.sparseTensors:
      return all(attribute.sparseTensors, (tensor) => dumpSparse(file, tensor))
    case ATTRIBUTE_TYPES.typeProtos:
      return attribute.typeProtos.map(dumpType)
    default:
      return null
  }
}

async function dumpSparse(file: OnnxFile, tensor: SparseTensorProto): Promise<unknown> {
  return {
    values: await dumpTensor(file, tensor.values!),
    indices: await dumpTensor(file, tensor.indices!),
    dims: Array.from(tensor.dims, String),
  }
}

async function dumpTensor(file: OnnxFile, tensor: TensorProto): Promise<unknown> {
  const isFloat = elementType(tensor.dataType)?.float !== undefined
  const values = isFloat
    ? Array.from(await readFloats(file, tensor), dumpNumber)
    : Array.from(await readIntegers(file, tensor), String)
  return {
    name: tensor.name,
    dims: Array.from(tensor.dims, String),
    dataType: tensor.dataType,
    values,
  }
}

function dumpNumber(value: number): number | string {
  return Number.isFinite(value) ? value : String(value)
}

function dumpText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString()
}

function dumpValueInfo({ name, type }: ValueInfo): unknown {
  return { name, type: type === undefined ? null : dumpType(type) }
}

function dumpType({ tensor }: TypeProto): unknown {
  if (tensor === undefined) return { tensor: null }
  const shape = tensor.shape?.dimensions.map(({ value, parameter }) =>
    value === undefined ? { parameter: parameter ?? '' } : String(value),
  )
  return { tensor: { elementType: tensor.elementType, shape: shape ?? null } }
}

/**
 * What a fuzzer calls: reads any bytes as a model, reads all tensors, folds constants, and writes the model. Every outcome but a GruError
 * with the code ERR_GRU_FORMAT, or a model that does not survive being written, is a defect.
 */
export async function readAnyOnnx(bytes: Uint8Array): Promise<'opened' | 'refused'> {
  const file = await unlessRefused(() => readOnnx(bytes))
  if (file === undefined) return 'refused'
  for (const tensor of tensorsIn(file.model)) {
    await unlessRefused(() => readFloats(file, tensor))
    await unlessRefused(() => readIntegers(file, tensor))
  }
  await unlessRefused(() => OnnxConstants.of(file))
  const written = Buffer.concat(onnxPieces(file.model))
  const { model } = await readOnnx(written)
  if (Buffer.concat(onnxPieces(model)).equals(written)) return 'opened'
  throw new Error('The model changed when it was written and read')
}

async function unlessRefused<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof GruError && error.code === 'ERR_GRU_FORMAT') return undefined
    throw error
  }
}

/** All tensors in a message and in those that it contains. */
function* tensorsIn(message: unknown): Generator<TensorProto> {
  if (typeof message !== 'object' || message === null || ArrayBuffer.isView(message)) return
  if ('dataType' in message) yield message as TensorProto
  for (const value of Object.values(message)) yield* tensorsIn(value)
}
