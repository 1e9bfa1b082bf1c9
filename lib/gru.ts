/**
 * The GRU layer.
 *
 * @module
 */
import type { NativeGruOptions, NativePass, NonSharedFloat32Array } from '../binding'
import { fixProperties } from './fixed-properties'
import { GRU_STACK_KEYS, type GruStackOptions, resolveGruStack } from './gru-options'
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
  type BackwardOptions,
  type BackwardSyncOptions,
  type Gradients,
  type OutputGradients,
  RecurrentPass,
} from './recurrent-pass'
import { checkOptions } from './validate'

/** The options of a new {@link GRU}. */
export interface GruOptions extends GruStackOptions, RecurrentLayerOptions {}

/** The options of a {@link GRU} with every default filled in. */
export interface ResolvedGruOptions extends Readonly<NativeGruOptions>, ResolvedLayerOptions {}

/** The result of a forward call. */
export interface GruResult {
  /** [steps, batch, D*H]; 0 past a sequence's length */
  readonly output: NonSharedFloat32Array
  /** [L*D, batch, H]: the states after the last valid steps */
  readonly state: NonSharedFloat32Array
}

interface GruPassTypes {
  readonly given: OutputGradients
  readonly sync: BackwardSyncOptions
  readonly promise: BackwardOptions
  readonly gradients: Gradients
}

/**
 * What a training pass computed, and what its backward needs. It serves one backward call. If
 * there is none, dispose of the pass, or leave it to the garbage collector. Its properties cannot be set.
 */
export class GruPass extends RecurrentPass<GruPassTypes> {
  /** @internal */
  constructor(
    native: NativePass,
    shape: RecurrentShape,
    call: ForwardCall,
    parameters: ParameterTable,
  ) {
    super(native, shape, call, parameters, ({ dInput, dInitialState }, named) => ({
      input: dInput,
      initialState: dInitialState,
      parameters: named,
    }))
  }
}

fixProperties(GruPass, 'a pass is what forwardTraining made it')

interface GruTypes {
  readonly options: ResolvedGruOptions
  readonly forward: ForwardOptions
  readonly forwardSync: ForwardSyncOptions
  readonly result: GruResult
  readonly pass: GruPass
}

const GRU_CELL: Cell<GruTypes> = {
  name: 'gru',
  hasCell: false,
  result: ({ output, state }) => ({ output, state }),
  pass: (...made) => new GruPass(...made),
}

const KEYS = [...GRU_STACK_KEYS, ...LAYER_KEYS] as const

/**
 * A stack of gated recurrent layers with its parameters, on one device. The initial values are
 * PyTorch's: uniform between -1/sqrt(H) and 1/sqrt(H).
 *
 * All arrays are flat and row-major. With `batchFirst` the first two axes of input and output, and of
 * their gradients, are swapped. Forms that return a promise copy their inputs before they return and
 * compute on the engine's own threads; the Sync forms read their inputs in place, on the calling thread.
 *
 * A layer's properties cannot be set: an assignment throws a GruError, ERR_GRU_VALUE.
 */
export class GRU extends RecurrentLayer<GruTypes> {
  /**
   * @throws GruError ERR_GRU_TYPE, ERR_GRU_VALUE for wrong options; ERR_GRU_DEVICE if the device is not
   *   there; ERR_GRU_MEMORY; ERR_GRU_LOAD
   */
  constructor(options: GruOptions) {
    const given = checkOptions('options', options, KEYS)
    const opened = openLayer(given, {
      resolveStack: () => resolveGruStack('', given),
      countParameters: (stack) => native().countGruParameters(stack),
      create: (stack, seed, device) => new (native().NativeGru)(stack, seed, device),
    })
    super(GRU_CELL, opened)
  }
}

fixProperties(GRU, 'options are given to new GRU')
