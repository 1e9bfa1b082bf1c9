/**
 * A sequence model of features, one GRU and a head as an ONNX model, for the service of onnxruntime-node.
 *
 * @module
 */
import type { ResolvedSequenceModelOptions } from 'gru-native'
import { CELLS } from '../cells'
import {
  FLOAT,
  INT64,
  integerAttribute,
  modelOf,
  nodeOf,
  tensor,
  valueInfo,
} from '../peers/onnx-messages'
import { concatenate, orderGates } from '../peers/onnx-model'
import type { Bytes } from '../peers/protobuf'

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
  return modelOf({
    nodes: [
      nodeOf('GRU', GRU_INPUTS, ['', 'state'], gruAttributes(H)),
      nodeOf('Squeeze', ['state', 'axis'], ['last']),
      nodeOf('Gemm', ['last', 'head', 'head_bias'], ['output'], [TRANSPOSED]),
    ],
    tensors: [
      tensor('weight', FLOAT, [1, 3 * H, input.features], ofGru('weight_ih')),
      tensor('recurrence', FLOAT, [1, 3 * H, H], ofGru('weight_hh')),
      tensor('bias', FLOAT, [1, 6 * H], concatenate([ofGru('bias_ih'), ofGru('bias_hh')])),
      tensor('axis', INT64, [1], new BigInt64Array([0n])),
      tensor('head', FLOAT, [output.size, H], parameters['head.weight']!),
      tensor('head_bias', FLOAT, [output.size], parameters['head.bias']!),
    ],
    inputs: [
      valueInfo('input', FLOAT, ['steps', 1, input.features]),
      valueInfo('initialState', FLOAT, [1, 1, H]),
    ],
    outputs: [valueInfo('output', FLOAT, [1, output.size]), valueInfo('state', FLOAT, [1, 1, H])],
  })
}

const GRU_INPUTS = ['input', 'weight', 'recurrence', 'bias', '', 'initialState'] as const
const TRANSPOSED = integerAttribute('transB', 1)

const gruAttributes = (hiddenSize: number): Bytes[] => [
  integerAttribute('hidden_size', hiddenSize),
  integerAttribute('linear_before_reset', 1),
]
