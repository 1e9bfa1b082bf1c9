/**
 * A graph of layers: its description for the native part, and what the native part says about it. Only the native part
 * knows names, shapes and counts of parameters.
 *
 * @module
 */
import type {
  NativeGraphDescription,
  NativeGraphOptions,
  NativeInputOptions,
  NativeOutputOptions,
  NativeState,
  NativeTargetForm,
  ParameterSpec,
} from '../binding'
import { native, shapeFormulas } from './native'

/** What a model reads. */
export interface GraphInput extends Readonly<NativeInputOptions> {
  /** Numbers of one step in its arrays: a token, or the values. */
  readonly columns: number
  /** How messages spell out the number of values in its arrays. */
  readonly formula: string
  /** Inputs of one group have the same steps and lengths. */
  readonly group: number
}

/** What a model predicts. */
export interface GraphOutput extends Readonly<NativeOutputOptions> {
  /** Values of one prediction. */
  readonly width: number
  /** What its targets look like. */
  readonly targetForm: Readonly<NativeTargetForm>
  /** How messages spell out the number of values in its predictions. */
  readonly formula: string
  /** Whether it predicts at every step, or once for each sequence. */
  readonly every: 'step' | 'last'
  /** The number of the input that gives it its steps and lengths. */
  readonly input: number
}

/** A model's graph. */
export interface Graph {
  readonly options: Readonly<NativeGraphOptions>
  readonly inputs: readonly GraphInput[]
  readonly outputs: readonly GraphOutput[]
  /** In the order in which they are computed. */
  readonly layers: NativeGraphDescription['layers']
  /** The states that a call may begin and end with, layer by layer. */
  readonly states: readonly Readonly<NativeState>[]
  readonly parameters: readonly Readonly<ParameterSpec>[]
  /** Numbers in all parameters together. */
  readonly parameterCount: number
}

/**
 * The graph that a description makes.
 *
 * @throws GruError ERR_GRU_VALUE if layers, inputs and outputs do not fit together
 */
export function describeGraph(options: Readonly<NativeGraphOptions>): Graph {
  const formulas = shapeFormulas()
  const described = native().describeGraph(options)
  const { layers, states, parameters } = described
  const parameterCount = parameters.reduce((sum, { count }) => sum + count, 0)
  const inputs = options.inputs.map((input, index) => ({
    ...input,
    columns: input.tokens ? 1 : input.size,
    formula: input.tokens ? formulas.tokens : formulas.features,
    group: described.inputs[index]!.group,
  }))
  const outputs = options.outputs.map((output, index) => {
    const { width, every, group, target: targetForm } = described.outputs[index]!
    return {
      ...output,
      width,
      targetForm,
      formula: every === 'step' ? formulas.stepValues : formulas.lastValues,
      every,
      input: inputs.findIndex((input) => input.group === group),
    }
  })
  return Object.freeze({ options, inputs, outputs, layers, states, parameters, parameterCount })
}
