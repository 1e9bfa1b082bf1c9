/**
 * The LSTM layer.
 *
 * @module
 */
import type { NativePass, NonSharedFloat32Array } from '../binding'
import { fixProperties } from './fixed-properties'
import { native } from './native'
import type { ParameterTable } from './parameters'
import type {
  ForwardCall,
  ForwardOptions,
  ForwardSyncOptions,
  RecurrentShape,
} from './recurrent-call'
import {
  type Cell,
  LAYER_KEYS,
  type RecurrentLayerOptions,
  openLayer,
  RecurrentLayer,
  type ResolvedLayerOptions,
} from './recurrent-layer'
import {
  RECURRENT_STACK_KEYS,
  type RecurrentStackOptions,
  resolveRecurrentStack,
} from './recurrent-options'
import {
  type BackwardOptions,
  type BackwardSyncOptions,
  type Gradients,
  type OutputGradients,
  RecurrentPass,
} from './recurrent-pass'
import { checkOptions } from './validate'

/** The options of a new {@link LSTM}. */
export interface LstmOptions extends RecurrentStackOptions, RecurrentLayerOptions {}

/** The options of an {@link LSTM} with every default filled in. */
export type ResolvedLstmOptions = ResolvedLayerOptions

interface CellArrays {
  /** The cell state before the first step, [L*D, batch, H]. Default 0. */
  readonly initialCell?: Float32Array | undefined
  /** An array to write the final cell state into, [L*D, batch, H]; it may be `initialCell` itself. Default: a new one. */
  readonly cell?: Float32Array | undefined
}

/** The options of a synchronous forward call of an {@link LSTM}. */
export interface LstmForwardSyncOptions extends ForwardSyncOptions, CellArrays {}

/** The options of a forward call of an {@link LSTM} that returns a promise. */
export interface LstmForwardOptions extends ForwardOptions, CellArrays {}

/** The result of a forward call of an {@link LSTM}. */
export interface LstmResult {
  /** [steps, batch, D*H]; 0 past a sequence's length */
  readonly output: NonSharedFloat32Array
  /** [L*D, batch, H]: the states after the last valid steps */
  readonly state: NonSharedFloat32Array
  /** [L*D, batch, H]: the cell states after the last valid steps */
  readonly cell: NonSharedFloat32Array
}

/** The gradients of a loss with respect to the results of a training pass of an {@link LSTM}. An absent gradient is 0. */
export interface LstmOutputGradients extends OutputGradients {
  /** [L*D, batch, H] */
  readonly cell?: Float32Array | undefined
}

interface CellGradientArray {
  /** [L*D, batch, H] */
  readonly initialCell?: Float32Array | undefined
}

/** The caller's arrays for an {@link LSTM}'s gradients. Default: new ones. */
export interface LstmBackwardSyncOptions extends BackwardSyncOptions, CellGradientArray {}

/** The options of a backward call of an {@link LSTM} that returns a promise. */
export interface LstmBackwardOptions extends BackwardOptions, CellGradientArray {}

/** The gradients of a loss with respect to all that a training pass of an {@link LSTM} read. */
export interface LstmGradients extends Gradients {
  /** [L*D, batch, H] */
  readonly initialCell: NonSharedFloat32Array
}

interface LstmPassTypes {
  readonly given: LstmOutputGradients
  readonly sync: LstmBackwardSyncOptions
  readonly promise: LstmBackwardOptions
  readonly gradients: LstmGradients
}

/**
 * What a training pass of an {@link LSTM} computed, and what its backward needs. It serves one backward call.
 * If there is none, dispose of the pass, or leave it to the garbage collector. Its properties cannot be set.
 */
export class LstmPass extends RecurrentPass<LstmPassTypes> {
  readonly #cell: NonSharedFloat32Array

  /** @internal */
  constructor(
    native: NativePass,
    shape: RecurrentShape,
    call: ForwardCall,
    parameters: ParameterTable,
  ) {
    super(native, shape, call, parameters, ({ dInput, dInitialState, dInitialCell }, named) => ({
      input: dInput,
      initialState: dInitialState,
      initialCell: dInitialCell!,
      parameters: named,
    }))
    this.#cell = call.cell!
  }

  /** [L*D, batch, H]: the cell states after the last valid steps */
  get cell(): NonSharedFloat32Array {
    return this.#cell
  }
}

fixProperties(LstmPass, 'a pass is what forwardTraining made it')

interface LstmTypes {
  readonly options: ResolvedLstmOptions
  readonly forward: LstmForwardOptions
  readonly forwardSync: LstmForwardSyncOptions
  readonly result: LstmResult
  readonly pass: LstmPass
}

const LSTM_CELL: Cell<LstmTypes> = {
  name: 'lstm',
  hasCell: true,
  result: ({ output, state, cell }) => ({ output, state, cell: cell! }),
  pass: (...made) => new LstmPass(...made),
}

const KEYS = [...RECURRENT_STACK_KEYS, ...LAYER_KEYS] as const

/**
 * A stack of LSTM layers (long short-term memory) with its parameters, on one device: PyTorch's, with the state h and
 * the cell state c beside it, both [L*D, batch, H].
 *
 *     c' = sigmoid(f) * c + sigmoid(i) * tanh(g)    h' = sigmoid(o) * tanh(c')
 *
 * where i, f, g and o are W x + b_i + U h + b_h of their gate. The initial values are PyTorch's: uniform between
 * -1/sqrt(H) and 1/sqrt(H).
 *
 * All arrays are flat and row-major. With `batchFirst` the first two axes of input and output, and of
 * their gradients, are swapped. Forms that return a promise copy their inputs before they return and
 * compute on the engine's own threads; the Sync forms read their inputs in place, on the calling thread.
 *
 * A layer's properties cannot be set: an assignment throws a GruError, ERR_GRU_VALUE.
 */
export class LSTM extends RecurrentLayer<LstmTypes> {
  /**
   * @throws GruError ERR_GRU_TYPE, ERR_GRU_VALUE for wrong options; ERR_GRU_DEVICE if the device is not
   *   there; ERR_GRU_MEMORY; ERR_GRU_LOAD
   */
  constructor(options: LstmOptions) {
    const given = checkOptions('options', options, KEYS)
    const opened = openLayer(given, {
      resolveStack: () => resolveRecurrentStack('', given),
      countParameters: (stack) => native().countLstmParameters(stack),
      create: (stack, seed, device) => new (native().NativeLstm)(stack, seed, device),
    })
    super(LSTM_CELL, opened)
  }
}

fixProperties(LSTM, 'options are given to new LSTM')
