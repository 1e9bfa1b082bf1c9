/**
 * A case's stack as an ONNX model, with one GRU or LSTM node for each layer.
 *
 * @module
 */
import type { BenchCase } from '../cases'
import { CELLS } from '../cells'
import { directions, type ParameterSpec } from '../tensors'
import {
  FLOAT,
  type GraphParts,
  INT32,
  INT64,
  integerAttribute,
  modelOf,
  nodeOf,
  tensor,
  textAttribute,
  valueInfo,
} from './onnx-messages'
import type { Bytes } from './protobuf'

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
  const { nodes, tensors } = stackOf(given, specs, parameters)
  return modelOf({
    ...{ nodes, tensors },
    inputs: [
      valueInfo('input', FLOAT, [given.steps, given.batch, given.inputSize]),
      ...statesOf(given, 'initial'),
      ...(given.ragged ? [valueInfo('lengths', INT32, [given.batch])] : []),
    ],
    outputs: [
      valueInfo('output', FLOAT, [given.steps, directions(given), given.batch, given.hiddenSize]),
      ...statesOf(given, 'final'),
    ],
  })
}

/**
 * A model of tokens: embedding, stack, linear head. Inputs: tokens [steps, batch] (int32), initialState_l0 ...; outputs:
 * logits [steps, batch, vocabulary], state_l0 ...
 */
export function onnxTokenModel(
  given: BenchCase,
  specs: readonly ParameterSpec[],
  parameters: Float32Array,
): Bytes {
  const { steps, batch, vocabulary, inputSize, hiddenSize } = given
  const prefix = `${given.cell}.`
  const ofStack = specs.map((spec) => ({ ...spec, name: spec.name.replace(prefix, '') }))
  const { nodes, tensors } = stackOf(given, ofStack, parameters)
  const values = (name: string): Float32Array => {
    const { offset, count } = specs.find((spec) => spec.name === name)!
    return parameters.subarray(offset, offset + count)
  }
  const head = transpose(values('head.weight'), vocabulary, hiddenSize)
  return modelOf({
    nodes: [
      nodeOf('Gather', ['embedding', 'tokens'], ['input']),
      ...nodes,
      joinDirections(given, 'output', 'hidden'),
      nodeOf('MatMul', ['hidden', 'head'], ['product']),
      nodeOf('Add', ['product', 'head_bias'], ['logits']),
    ],
    tensors: [
      ...tensors,
      ...(given.numLayers > 1 ? [] : [directionAxis()]),
      tensor('embedding', FLOAT, [vocabulary, inputSize], values('embedding.weight')),
      tensor('head', FLOAT, [hiddenSize, vocabulary], head),
      tensor('head_bias', FLOAT, [vocabulary], values('head.bias')),
    ],
    inputs: [valueInfo('tokens', INT32, [steps, batch]), ...statesOf(given, 'initial')],
    outputs: [valueInfo('logits', FLOAT, [steps, batch, vocabulary]), ...statesOf(given, 'final')],
  })
}

function stackOf(
  given: BenchCase,
  specs: readonly ParameterSpec[],
  parameters: Float32Array,
): GraphParts {
  const layers = Array.from({ length: given.numLayers }, (_, layer) => layer)
  const weights = layers.flatMap((layer) => weightsOf(given, layer, specs, parameters))
  return {
    nodes: layers.flatMap((layer) => nodesOf(given, layer)),
    tensors: [...weights, ...(given.numLayers > 1 ? [directionAxis()] : [])],
  }
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
  const outputs = [output, ...states.map(({ final }) => `${final}_l${layer}`)]
  const node = nodeOf(onnx.operator, inputs, outputs, [
    integerAttribute('hidden_size', given.hiddenSize),
    ...(given.cell === 'gru'
      ? [integerAttribute('linear_before_reset', given.resetAfter ? 1 : 0)]
      : []),
    textAttribute('direction', given.bidirectional ? 'bidirectional' : 'forward'),
  ])
  return last ? [node] : [node, joinDirections(given, output, `input_l${layer + 1}`)]
}

/** [steps, 1, batch, H] -> [steps, batch, H]. */
function joinDirections(given: BenchCase, from: string, to: string): Bytes {
  if (given.bidirectional) throw new RangeError('a stack of bidirectional layers has no case')
  return nodeOf('Squeeze', [from, 'direction_axis'], [to])
}

/** [rows, columns] -> [columns, rows]. */
function transpose(values: Float32Array, rows: number, columns: number): Float32Array {
  return Float32Array.from(values, (_, i) => values[(i % rows) * columns + Math.floor(i / rows)]!)
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
export function orderGates(values: Float32Array, places: readonly number[]): Float32Array {
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

function statesOf(given: BenchCase, which: 'initial' | 'final'): Bytes[] {
  const shape = [directions(given), given.batch, given.hiddenSize]
  return CELLS[given.cell].states.flatMap(({ [which]: name }) =>
    Array.from({ length: given.numLayers }, (_, layer) =>
      valueInfo(`${name}_l${layer}`, FLOAT, shape),
    ),
  )
}
