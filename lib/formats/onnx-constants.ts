/**
 * The constants of an ONNX graph: what it stores, and what follows from that alone. Exporters leave weights that are cast,
 * transposed, cut and joined, and shapes that are computed.
 *
 * @module
 */
import { setImmediate } from 'node:timers/promises'
import { quote } from '../errors'
import { OnnxNode } from './onnx-attributes'
import { type Constant, MAX_RANK } from './onnx-constant'
import { filled, type Folding, OPERATORS } from './onnx-constant-operators'
import type { OnnxFile } from './onnx-file'
import { type AttributeProto, TENSOR, type TensorProto } from './onnx-messages'
import { MAX_INTEGERS, readFloats, readIntegers, shapeOf } from './onnx-tensor'
import { elementType } from './onnx-types'

/** The values that folding may make whatever the file's size is, and more for each value that the file stores. */
const FREE_VALUES = 2 ** 22
const VALUES_PER_STORED = 4

const FLOAT = 1
const INT64 = 7

/** Reads stored tensors when they are asked for, and keeps folded ones. */
export class OnnxConstants {
  readonly #file: OnnxFile
  readonly #signal: AbortSignal | undefined
  readonly #stored = new Map<string, TensorProto>()
  readonly #known = new Map<string, Constant>()
  #valuesLeft = FREE_VALUES

  private constructor(file: OnnxFile, signal: AbortSignal | undefined) {
    this.#file = file
    this.#signal = signal
    for (const tensor of file.graph.initializers) this.#stored.set(tensor.name, tensor)
  }

  /**
   * Folds what can be folded, node by node in the order of the graph. Subgraphs and functions are not entered, and operators
   * of domains other than ONNX's own are not constant.
   *
   * @param signal - stops it between two nodes
   * @throws GruError ERR_GRU_FORMAT if a node of constants contradicts itself or a stored tensor cannot be read; the message
   *   names it
   */
  static async of(file: OnnxFile, signal?: AbortSignal): Promise<OnnxConstants> {
    const constants = new OnnxConstants(file, signal)
    for (const proto of file.graph.nodes) {
      const node = new OnnxNode(proto, file.name)
      const twice = proto.outputs.find((name) => name !== '' && constants.has(name))
      if (twice !== undefined) throw node.fault('each value once', `${quote(twice)} twice`)
      if (proto.domain === '' || proto.domain === 'ai.onnx') await constants.#fold(node)
    }
    return constants
  }

  /** Whether a value is constant. */
  has(name: string): boolean {
    return this.#known.has(name) || this.#stored.has(name)
  }

  /** A value; undefined if it is not constant, or has a type or size that is not read here. */
  async get(name: string): Promise<Constant | undefined> {
    const known = this.#known.get(name)
    const tensor = this.#stored.get(name)
    if (known !== undefined || tensor === undefined) return known
    const constant = await this.#read(tensor)
    if (constant !== undefined) this.#known.set(name, constant)
    return constant
  }

  async #fold(node: OnnxNode): Promise<void> {
    const { operator, outputs } = node.proto
    const [output = ''] = outputs
    if (output === '') return
    if (operator === 'Constant') {
      const tensor = constantTensor(node)
      if (tensor !== undefined) this.#stored.set(output, tensor)
      return
    }
    const folding = await this.#foldingOf(node)
    // A product of sizes may also be infinite or NaN.
    if (folding === undefined || !(folding.count <= this.#valuesLeft)) return
    this.#valuesLeft -= folding.count
    await setImmediate()
    this.#signal?.throwIfAborted()
    const constant = folding.compute()
    if (constant !== undefined) this.#known.set(output, constant)
  }

  async #foldingOf(node: OnnxNode): Promise<Folding | undefined> {
    const { operator, inputs } = node.proto
    const fold = OPERATORS.get(operator)
    if (fold === undefined && operator !== 'ConstantOfShape') return undefined
    if (!inputs.every((name) => name === '' || this.has(name))) return undefined
    const values: (Constant | undefined)[] = []
    for (const name of inputs) {
      const value = name === '' ? undefined : await this.get(name)
      if (name !== '' && value === undefined) return undefined
      values.push(value)
    }
    return fold === undefined ? this.#fill(node, values[0]) : fold(node, values)
  }

  async #fill(node: OnnxNode, sizes: Constant | undefined): Promise<Folding | undefined> {
    const tensor = node.attribute('value')?.tensor ?? ZERO
    const value = await this.#read(tensor)
    return value && filled(node, sizes, value)
  }

  async #read(tensor: TensorProto): Promise<Constant | undefined> {
    const type = elementType(tensor.dataType)
    if (type === undefined || tensor.dims.length > MAX_RANK) return undefined
    const shape = shapeOf(this.#file, tensor)
    const count = shape.reduce((product, size) => product * size, 1)
    if (type.float === undefined && count > MAX_INTEGERS) return undefined
    const read = type.float === undefined ? readIntegers : readFloats
    const data = await read(this.#file, tensor, this.#signal)
    this.#valuesLeft += VALUES_PER_STORED * data.length
    return { type: tensor.dataType, shape, data }
  }
}

const ZERO = TENSOR.of({
  dataType: FLOAT,
  dims: BigInt64Array.of(1n),
  floatData: new Float32Array(1),
})

/** What a node `Constant` stores, in one of the forms that it has; undefined for texts and sparse tensors. */
function constantTensor(node: OnnxNode): TensorProto | undefined {
  const [attribute] = node.proto.attributes
  if (attribute === undefined) return undefined
  const make = CONSTANT_FORMS.get(attribute.name)
  const tensor = make?.(attribute)
  if (make !== undefined && tensor === undefined) {
    throw node.fault(`a value as attribute ${attribute.name}`, 'none')
  }
  return tensor
}

const scalar = (properties: Partial<TensorProto>): TensorProto => TENSOR.of(properties)
const vector = (properties: Partial<TensorProto>, length: number): TensorProto =>
  TENSOR.of({ ...properties, dims: BigInt64Array.of(BigInt(length)) })

const CONSTANT_FORMS: ReadonlyMap<string, (attribute: AttributeProto) => TensorProto | undefined> =
  new Map<string, (attribute: AttributeProto) => TensorProto | undefined>([
    ['value', ({ tensor }) => tensor],
    [
      'value_float',
      ({ float }) =>
        float === undefined
          ? undefined
          : scalar({ dataType: FLOAT, floatData: Float32Array.of(float) }),
    ],
    ['value_floats', ({ floats }) => vector({ dataType: FLOAT, floatData: floats }, floats.length)],
    [
      'value_int',
      ({ int }) =>
        int === undefined
          ? undefined
          : scalar({ dataType: INT64, int64Data: BigInt64Array.of(int) }),
    ],
    ['value_ints', ({ ints }) => vector({ dataType: INT64, int64Data: ints }, ints.length)],
  ])
