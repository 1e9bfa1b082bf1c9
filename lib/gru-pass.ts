/**
 * A training pass of the layer, between forward and backward.
 *
 * @module
 */
import type { NativePass } from '../binding'
import { abortable } from './abort'
import { checkDistinct, optionalArray, resultArray } from './arrays'
import { fixProperties } from './fixed-properties'
import type { ForwardCall, GruShape } from './gru-call'
import { native } from './native'
import type { Parameters, ParameterTable } from './parameters'
import { checkOptions } from './validate'

/** The gradients of a loss with respect to what a training pass gave; what is absent is 0. */
export interface OutputGradients {
  /** [steps, batch, D*H]; what it holds past a sequence's length has no influence */
  readonly output?: Float32Array | undefined
  /** [L*D, batch, H] */
  readonly state?: Float32Array | undefined
}

/** Arrays of the caller's to write gradients into. Default: new ones. */
export interface BackwardSyncOptions {
  /** [steps, batch, inputSize] */
  readonly input?: Float32Array | undefined
  /** [L*D, batch, H] */
  readonly initialState?: Float32Array | undefined
  /** All parameters, one after the other: [parameterCount] */
  readonly parameters?: Float32Array | undefined
}

/** What a backward call that returns a promise may be given. */
export interface BackwardOptions extends BackwardSyncOptions {
  /** Stops the call between two steps; it then rejects with the signal's reason, and the pass is used up. */
  readonly signal?: AbortSignal | undefined
}

/** The gradients of a loss with respect to all that a training pass read. */
export interface Gradients {
  /** [steps, batch, inputSize]; 0 past a sequence's length */
  readonly input: Float32Array
  /** [L*D, batch, H] */
  readonly initialState: Float32Array
  /** By PyTorch's names, as 'weight_ih_l0'; views of one flat array */
  readonly parameters: Parameters
}

const OUTPUT_KEYS = ['output', 'state'] as const
const SYNC_KEYS = ['input', 'initialState', 'parameters'] as const
const KEYS = [...SYNC_KEYS, 'signal'] as const

interface BackwardCall {
  readonly dOutput: Float32Array | null
  readonly dState: Float32Array | null
  readonly dInput: Float32Array
  readonly dInitialState: Float32Array
  readonly dParameters: Float32Array
  /** Unchecked */
  readonly signal: unknown
}

/**
 * What a training pass computed, and what its backward needs. One backward call uses it up; a pass
 * that needs none is disposed of, or left to the garbage collector. Its properties cannot be set.
 */
export class GruPass {
  readonly #output: Float32Array
  readonly #state: Float32Array
  readonly #native: NativePass
  readonly #shape: GruShape
  readonly #rows: number
  readonly #parameters: ParameterTable

  /** @internal */
  constructor(
    native: NativePass,
    shape: GruShape,
    { steps, batch, output, state }: ForwardCall,
    parameters: ParameterTable,
  ) {
    this.#output = output
    this.#state = state
    this.#native = native
    this.#shape = shape
    this.#rows = steps * batch
    this.#parameters = parameters
  }

  /** [steps, batch, D*H] */
  get output(): Float32Array {
    return this.#output
  }

  /** [L*D, batch, H]: the states after the last valid steps */
  get state(): Float32Array {
    return this.#state
  }

  /**
   * The gradients of a loss, from its gradients with respect to output and final state (copied before
   * the promise is returned).
   *
   * @throws GruError ERR_GRU_DISPOSED where the pass is used up or its layer disposed of, ERR_GRU_VALUE where the
   *   layer's parameters changed since the forward call, ERR_GRU_SHAPE and ERR_GRU_TYPE for wrong arrays
   */
  async backward(gradients: OutputGradients, options?: BackwardOptions): Promise<Gradients> {
    const call = this.#check(gradients, options, KEYS)
    await abortable(call.signal, (flag) =>
      this.#native.backward(
        call.dOutput,
        call.dState,
        call.dInput,
        call.dInitialState,
        call.dParameters,
        flag,
      ),
    )
    return this.#named(call)
  }

  /**
   * As {@link backward}, on the calling thread.
   *
   * @throws GruError also ERR_GRU_BUSY while a promise of the layer is pending
   */
  backwardSync(gradients: OutputGradients, options?: BackwardSyncOptions): Gradients {
    const call = this.#check(gradients, options, SYNC_KEYS)
    this.#native.backwardSync(
      call.dOutput,
      call.dState,
      call.dInput,
      call.dInitialState,
      call.dParameters,
    )
    return this.#named(call)
  }

  /** Frees what backward would have needed; may be called again. `output` and `state` stay. */
  dispose(): void {
    this.#native.dispose()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  #check(
    givenGradients: unknown,
    givenOptions: unknown = {},
    keys: readonly (typeof KEYS)[number][],
  ): BackwardCall {
    const gradients = checkOptions('gradients', givenGradients, OUTPUT_KEYS)
    const given = checkOptions('options', givenOptions, keys)
    const { output: dOutput, state: dState } = gradients
    const formulas = native().shapeFormulas
    return distinct({
      dOutput: optionalArray('output', dOutput, formulas.gruOutput, this.output.length),
      dState: optionalArray('state', dState, formulas.gruState, this.state.length),
      dInput: resultArray(
        'input',
        given.input,
        formulas.gruInput,
        this.#rows * this.#shape.inputSize,
      ),
      dInitialState: resultArray(
        'initialState',
        given.initialState,
        formulas.gruState,
        this.state.length,
      ),
      dParameters: resultArray(
        'parameters',
        given.parameters,
        formulas.parameters,
        this.#parameters.count,
      ),
      signal: given.signal,
    })
  }

  #named({ dInput, dInitialState, dParameters }: BackwardCall): Gradients {
    return {
      input: dInput,
      initialState: dInitialState,
      parameters: this.#parameters.views(dParameters),
    }
  }
}

fixProperties(GruPass, 'a pass is what forwardTraining made it')

/** Results may share memory with nothing: they are written while the others are still read or written. */
function distinct(call: BackwardCall): BackwardCall {
  const { dOutput, dState, dInput, dInitialState, dParameters } = call
  checkDistinct('input', dInput, 'output', dOutput)
  checkDistinct('input', dInput, 'state', dState)
  checkDistinct('input', dInput, 'initialState', dInitialState)
  checkDistinct('input', dInput, 'parameters', dParameters)
  checkDistinct('initialState', dInitialState, 'output', dOutput)
  checkDistinct('initialState', dInitialState, 'state', dState)
  checkDistinct('initialState', dInitialState, 'parameters', dParameters)
  checkDistinct('parameters', dParameters, 'output', dOutput)
  checkDistinct('parameters', dParameters, 'state', dState)
  return call
}
