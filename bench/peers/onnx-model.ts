/**
 * A case's stack as an ONNX model, with one GRU or LSTM node for each layer. Field numbers are those of onnx.proto.
 *
 * @module
 */
import type { BenchCase } from '../cases'
import { CELLS } from '../cells'
import { directions, type ParameterSpec } from '../tensors'
import { type Bytes, bytesField, integerField, message } from './protobuf'

const FLOAT = 1
const INT32 = 6
const INT64 = 7
const OPSET = 14
const IR_VERSION = 8

/**
 * Inputs: input [steps, batch, I], initialState_l0 ... [D, batch, H], and for a ragged case lengths [batch]
 * (int32). Outputs: output [steps, D, batch, H], state_l0 ... [D, batch, H]. An LSTM also has initialCell_l0 ... and
 * cell_l0 ...
 */
export function onnxModel(
  given: BenchCase,
  specs: readonly ParameterSpec[],
  parameters: Float32Array,
): Bytes {
  const layers = Array.from({ length: given.numLayers }, (_, layer) => layer)
  const graph = message(
    ...layers.flatMap((layer) => nodesOf(given, layer)).map((node) => bytesField(1, node)),
    bytesField(2, given.cell),
    ...layers
      .flatMap((layer) => weightsOf(given, layer, specs, parameters))
      .map((tensor) => bytesField(5, tensor)),
    ...(given.numLayers > 1 ? [bytesField(5, directionAxis())] : []),
    ...inputsOf(given).map((value) => bytesField(11, value)),
    ...outputsOf(given).map((value) => bytesField(12, value)),
  )
  return message(
    integerField(1, IR_VERSION),
    bytesField(7, graph),
    bytesField(8, message(bytesField(1, ''), integerField(2, OPSET))),
  )
}

function nodesOf(given: BenchCase, layer: number): Bytes[] {
  const last = layer === given.numLayers - 1
  const { states, onnx } = CELLS[given.cell]
  const output = last ? 'output' : `stacked_l${layer}`
  const inputs = [
    layer === 0 ? 'input' : `input_l${layer}`,
    ...['weight', 'recurrence', 'bias'].map((name) => `${name}_l${layer}`),
    given.ragged ? 'lengths' : '',
    ...states.map(({ initial }) => `${initial}_l${layer}`),
  ]
  const node = message(
    ...inputs.map((name) => bytesField(1, name)),
    bytesField(2, output),
    ...states.map(({ final }) => bytesField(2, `${final}_l${layer}`)),
    bytesField(4, onnx.operator),
    integerAttribute('hidden_size', given.hiddenSize),
    ...(given.cell === 'gru'
      ? [integerAttribute('linear_before_reset', given.resetAfter ? 1 : 0)]
      : []),
    textAttribute('direction', given.bidirectional ? 'bidirectional' : 'forward'),
  )
  return last ? [node] : [node, joinDirections(given, output, `input_l${layer + 1}`)]
}

/** [steps, 1, batch, H] -> [steps, batch, H]. */
function joinDirections(given: BenchCase, from: string, to: string): Bytes {
  if (given.bidirectional) throw new RangeError('a stack of bidirectional layers has no case')
  return message(
    bytesField(1, from),
    bytesField(1, 'direction_axis'),
    bytesField(2, to),
    bytesField(4, 'Squeeze'),
  )
}

function directionAxis(): Bytes {
  return tensor('direction_axis', INT64, [1], new BigInt64Array([1n]))
}

/** ONNX has its own order of gates. It has the directions of a layer in one tensor, and both biases in one. */
function weightsOf(
  given: BenchCase,
  layer: number,
  specs: readonly ParameterSpec[],
  parameters: Float32Array,
): Bytes[] {
  const { gates, onnx } = CELLS[given.cell]
  const H = given.hiddenSize
  const ways = directions(given)
  const part = (name: string, way: number): Float32Array => {
    const suffix = `_l${layer}${way === 1 ? '_reverse' : ''}`
    const { offset, count } = specs.find((spec) => spec.name === `${name}${suffix}`)!
    return orderGates(parameters.subarray(offset, offset + count), onnx.gates)
  }
  const join = (...names: string[]): Float32Array => {
    const parts = Array.from({ length: ways }, (_, way) => names.map((name) => part(name, way)))
    return concatenate(parts.flat())
  }
  const weight = join('weight_ih')
  const columns = weight.length / (ways * gates * H)
  return [
    tensor(`weight_l${layer}`, FLOAT, [ways, gates * H, columns], weight),
    tensor(`recurrence_l${layer}`, FLOAT, [ways, gates * H, H], join('weight_hh')),
    tensor(`bias_l${layer}`, FLOAT, [ways, 2 * gates * H], join('bias_ih', 'bias_hh')),
  ]
}

/** The blocks of gates at these places, one after the other. */
function orderGates(values: Float32Array, places: readonly number[]): Float32Array {
  const count = values.length / places.length
  return concatenate(places.map((place) => values.subarray(place * count, (place + 1) * count)))
}

export function concatenate(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

function inputsOf(given: BenchCase): Bytes[] {
  const { steps, batch, inputSize } = given
  return [
    valueInfo('input', FLOAT, [steps, batch, inputSize]),
    ...statesOf(given, 'initial'),
    ...(given.ragged ? [valueInfo('lengths', INT32, [batch])] : []),
  ]
}

function outputsOf(given: BenchCase): Bytes[] {
  const { steps, batch, hiddenSize } = given
  return [
    valueInfo('output', FLOAT, [steps, directions(given), batch, hiddenSize]),
    ...statesOf(given, 'final'),
  ]
}

function statesOf(given: BenchCase, which: 'initial' | 'final'): Bytes[] {
  const shape = [directions(given), given.batch, given.hiddenSize]
  return CELLS[given.cell].states.flatMap(({ [which]: name }) =>
    Array.from({ length: given.numLayers }, (_, layer) =>
      valueInfo(`${name}_l${layer}`, FLOAT, shape),
    ),
  )
}

function valueInfo(name: string, type: number, shape: readonly number[]): Bytes {
  const dims = shape.map((size) => bytesField(1, integerField(1, size)))
  const tensorType = message(integerField(1, type), bytesField(2, message(...dims)))
  return message(bytesField(1, name), bytesField(2, bytesField(1, tensorType)))
}

function tensor(
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

function integerAttribute(name: string, value: number): Bytes {
  return bytesField(5, message(bytesField(1, name), integerField(3, value), integerField(20, 2)))
}

function textAttribute(name: string, value: string): Bytes {
  return bytesField(5, message(bytesField(1, name), bytesField(4, value), integerField(20, 3)))
}
