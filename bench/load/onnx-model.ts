/**
 * A sequence model of features, one GRU and a head as an ONNX model, for the service of onnxruntime-node.
 *
 * @module
 */
import type { ResolvedSequenceModelOptions } from 'gru-native'
import { CELLS } from '../cells'
import {
  concatenate,
  FLOAT,
  INT64,
  integerAttribute,
  IR_VERSION,
  OPSET,
  orderGates,
  tensor,
  valueInfo,
} from '../peers/onnx-model'
import { type Bytes, bytesField, integerField, message } from '../peers/protobuf'

/**
 * Inputs: input ['steps', 1, I], initialState [1, 1, H]. Outputs: output [1, O], the prediction after the last step, and
 * state [1, 1, H].
 */
export function onnxOf(
  options: ResolvedSequenceModelOptions,
  parameters: Readonly<Record<string, Float32Array>>,
): Bytes {
  const { input, gru, output } = options
  if (!('features' in input) || gru.numLayers !== 1 || !gru.resetAfter)
    throw new RangeError('expected a model of features with one layer and resetAfter')
  const { gates } = CELLS.gru.onnx
  const ofGru = (name: string): Float32Array => orderGates(parameters[`gru.${name}_l0`]!, gates)
  const H = gru.hiddenSize
  const graph = message(
    bytesField(1, nodeOf('GRU', GRU_INPUTS, ['', 'state'], gruAttributes(H))),
    bytesField(1, nodeOf('Squeeze', ['state', 'axis'], ['last'])),
    bytesField(1, nodeOf('Gemm', ['last', 'head', 'head_bias'], ['output'], [TRANSPOSED])),
    bytesField(2, 'service'),
    ...[
      tensor('weight', FLOAT, [1, 3 * H, input.features], ofGru('weight_ih')),
      tensor('recurrence', FLOAT, [1, 3 * H, H], ofGru('weight_hh')),
      tensor('bias', FLOAT, [1, 6 * H], concatenate([ofGru('bias_ih'), ofGru('bias_hh')])),
      tensor('axis', INT64, [1], new BigInt64Array([0n])),
      tensor('head', FLOAT, [output.size, H], parameters['head.weight']!),
      tensor('head_bias', FLOAT, [output.size], parameters['head.bias']!),
    ].map((each) => bytesField(5, each)),
    bytesField(11, inputInfo(input.features)),
    bytesField(11, valueInfo('initialState', FLOAT, [1, 1, H])),
    bytesField(12, valueInfo('output', FLOAT, [1, output.size])),
    bytesField(12, valueInfo('state', FLOAT, [1, 1, H])),
  )
  const opset = message(bytesField(1, ''), integerField(2, OPSET))
  return message(integerField(1, IR_VERSION), bytesField(7, graph), bytesField(8, opset))
}

const GRU_INPUTS = ['input', 'weight', 'recurrence', 'bias', '', 'initialState'] as const
const TRANSPOSED = integerAttribute('transB', 1)

const gruAttributes = (hiddenSize: number): Bytes[] => [
  integerAttribute('hidden_size', hiddenSize),
  integerAttribute('linear_before_reset', 1),
]

function nodeOf(
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

/** ['steps', 1, I]: a size with a name may be any. */
function inputInfo(features: number): Bytes {
  const fixed = (size: number): Bytes => bytesField(1, integerField(1, size))
  const shape = message(bytesField(1, bytesField(2, 'steps')), fixed(1), fixed(features))
  const type = message(integerField(1, FLOAT), bytesField(2, shape))
  return message(bytesField(1, 'input'), bytesField(2, bytesField(1, type)))
}
