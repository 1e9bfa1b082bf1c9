/**
 * A training pass of a layer, between forward and backward.
 *
 * @module
 */
import type { NativePass, NonSharedFloat32Array, PassMemory } from '../binding'
import { abortable } from './abort'
import { checkDistinct, optionalArray, resultArray } from './arrays'
import { shapeFormulas } from './native'
import type { Parameters, ParameterTable } from './parameters'
import type { ForwardCall, RecurrentShape } from './recurrent-call'
import { checkOptions } from './validate'

/** The gradients of a loss with respect to the results of a training pass. An absent gradient is 0. */
export interface OutputGradients {
  /** [steps, batch, D*H]; values past a sequence's length have no influence */
  readonly output?: Float32Array | undefined
  /** [L*D, batch, H] */
  readonly state?: Float32Array | undefined
}

/** The caller's arrays for gradients. Default: new ones. */
export interface BackwardSyncOptions {
  /** [steps, batch, inputSize] */
  readonly input?: Float32Array | undefined
  /** [L*D, batch, H] */
  readonly initialState?: Float32Array | undefined
  /** All parameters, one after the other: [parameterCount] */
  readonly parameters?: Float32Array | undefined
}

/** The options of a backward call that returns a promise. */
export interface BackwardOptions extends BackwardSyncOptions {
  /**
   * Stops the call: at once if it has not begun, otherwise between two steps. It then rejects with the signal's reason, and
   * the pass cannot be used again.
   */
  readonly signal?: AbortSignal | undefined
}

/** The gradients of a loss with respect to all that a training pass read. */
export interface Gradients {
  /** [steps, batch, inputSize]; 0 past a sequence's length */
  readonly input: NonSharedFloat32Array
  /** [L*D, batch, H] */
  readonly initialState: NonSharedFloat32Array
  /** By PyTorch's names, as 'weight_ih_l0'; views of one flat array */
  readonly parameters: Parameters
}

const OUTPUT_KEYS = ['output', 'state'] as const
const CELL_OUTPUT_KEYS = [...OUTPUT_KEYS, 'cell'] as const
const SYNC_KEYS = ['input', 'initialState', 'parameters'] as const
const CELL_SYNC_KEYS = ['input', 'initialState', 'initialCell', 'parameters'] as const
const KEYS = [...SYNC_KEYS, 'signal'] as const
const CELL_KEYS = [...CELL_SYNC_KEYS, 'signal'] as const
const NO_OPTIONS = {}

/** A backward call that the native part can run. */
export interface BackwardCall {
  readonly dOutput: Float32Array | null
  readonly dState: Float32Array | null
  readonly dCell: Float32Array | null
  readonly dInput: NonSharedFloat32Array
  readonly dInitialState: NonSharedFloat32Array
  /** Null if the layer has no cell state. */
  readonly dInitialCell: NonSharedFloat32Array | null
  readonly dParameters: NonSharedFloat32Array
  /** Unchecked */
  readonly signal: unknown
}

/** The types of a pass's calls, which depend on its layer's cell. */
export interface PassTypes {
  readonly given: object
  readonly sync: object
  readonly promise: object
  readonly gradients: Gradients
}

/** Everything of a pass except the accessors that only its cell has. */
export abstract class RecurrentPass<T extends PassTypes> {
  readonly #output: NonSharedFloat32Array
  readonly #state: NonSharedFloat32Array
  readonly #native: NativePass
  readonly #shape: RecurrentShape
  readonly #rows: number
  readonly #parameters: ParameterTable
  readonly #gradients: (call: BackwardCall, parameters: Parameters) => T['gradients']

  /** @internal */
  protected constructor(
    native: NativePass,
    shape: RecurrentShape,
    { steps, batch, output, state }: ForwardCall,
    parameters: ParameterTable,
    gradients: (call: BackwardCall, parameters: Parameters) => T['gradients'],
  ) {
    this.#output = output
    this.#state = state
    this.#native = native
    this.#shape = shape
    this.#rows = steps * batch
    this.#parameters = parameters
    this.#gradients = gradients
  }

  /** [steps, batch, D*H] */
  get output(): NonSharedFloat32Array {
    return this.#output
  }

  /** [L*D, batch, H]: the states after the last valid steps */
  get state(): NonSharedFloat32Array {
    return this.#state
  }

  /**
   * The gradients of a loss, from its gradients with respect to output and final state, and to the final cell state of
   * an LSTM (copied before the promise is returned).
   *
   * @throws GruError ERR_GRU_DISPOSED if the pass was used before or its layer is disposed of, ERR_GRU_VALUE if the
   *   layer's parameters changed since the forward call, ERR_GRU_SHAPE and ERR_GRU_TYPE for wrong arrays
   */
  async backward(gradients: T['given'], options?: T['promise']): Promise<T['gradients']> {
    const call = this.#check(gradients, options, this.#shape.hasCell ? CELL_KEYS : KEYS)
    await abortable(call.signal, (flag) =>
      this.#native.backward(
        call.dOutput,
        call.dState,
        call.dInput,
        call.dInitialState,
        call.dParameters,
        flag,
        call.dCell,
        call.dInitialCell,
      ),
    )
    return this.#named(call)
  }

  /**
   * As {@link backward}, on the calling thread.
   *
   * @throws GruError also ERR_GRU_BUSY while a promise of the layer is pending
   */
  backwardSync(gradients: T['given'], options?: T['sync']): T['gradients'] {
    const call = this.#check(gradients, options, this.#shape.hasCell ? CELL_SYNC_KEYS : SYNC_KEYS)
    this.#native.backwardSync(
      call.dOutput,
      call.dState,
      call.dInput,
      call.dInitialState,
      call.dParameters,
      call.dCell,
      call.dInitialCell,
    )
    return this.#named(call)
  }

  /**
   * The bytes that the pass holds until its backward.
   *
   * @throws GruError ERR_GRU_DISPOSED, as {@link backward}
   */
  memory(): PassMemory {
    return this.#native.memory()
  }

  /** Frees what backward needs. May be called again. The results of the forward call stay. */
  dispose(): void {
    this.#native.dispose()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  #check(
    givenGradients: unknown,
    givenOptions: unknown = NO_OPTIONS,
    keys: readonly (typeof CELL_KEYS)[number][],
  ): BackwardCall {
    const { hasCell, inputSize } = this.#shape
    const outputKeys: readonly (typeof CELL_OUTPUT_KEYS)[number][] = hasCell
      ? CELL_OUTPUT_KEYS
      : OUTPUT_KEYS
    const gradients = checkOptions('gradients', givenGradients, outputKeys)
    const given = checkOptions('options', givenOptions, keys)
    const formulas = shapeFormulas()
    const states = this.state.length
    const final = (name: 'state' | 'cell') =>
      optionalArray(name, gradients[name], formulas.layerState, states)
    const initial = (name: 'initialState' | 'initialCell') =>
      resultArray(name, given[name], formulas.layerState, states)
    const inputs = this.#rows * inputSize
    const parameters = this.#parameters.count
    return distinct({
      dOutput: optionalArray('output', gradients.output, formulas.layerOutput, this.output.length),
      dState: final('state'),
      dCell: final('cell'),
      dInput: resultArray('input', given.input, formulas.layerInput, inputs),
      dInitialState: initial('initialState'),
      dInitialCell: hasCell ? initial('initialCell') : null,
      dParameters: resultArray('parameters', given.parameters, formulas.parameters, parameters),
      signal: given.signal,
    })
  }

  #named(call: BackwardCall): T['gradients'] {
    return this.#gradients(call, this.#parameters.views(call.dParameters))
  }
}

/** Checks that results share no memory with another array, since they are written while the others are in use. */
function distinct(call: BackwardCall): BackwardCall {
  const { dOutput, dState, dCell, dInput, dInitialState, dInitialCell, dParameters } = call
  const apart = (name: string, result: Float32Array): void => {
    checkDistinct(name, result, 'output', dOutput)
    checkDistinct(name, result, 'state', dState)
    checkDistinct(name, result, 'cell', dCell)
  }
  apart('input', dInput)
  checkDistinct('input', dInput, 'initialState', dInitialState)
  checkDistinct('input', dInput, 'initialCell', dInitialCell)
  checkDistinct('input', dInput, 'parameters', dParameters)
  apart('initialState', dInitialState)
  checkDistinct('initialState', dInitialState, 'initialCell', dInitialCell)
  checkDistinct('initialState', dInitialState, 'parameters', dParameters)
  if (dInitialCell !== null) {
    apart('initialCell', dInitialCell)
    checkDistinct('initialCell', dInitialCell, 'parameters', dParameters)
  }
  apart('parameters', dParameters)
  return call
}
