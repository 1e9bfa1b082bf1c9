/**
 * The layer.
 *
 * @module
 */
import type { NativeGru, NativeGruOptions } from '../binding'
import { abortable } from './abort'
import { fixProperties } from './fixed-properties'
import {
  checkForwardAsync,
  checkForwardSync,
  type ForwardCall,
  type ForwardOptions,
  type ForwardSyncOptions,
  type GruShape,
  gruShape,
} from './gru-call'
import {
  checkDevice,
  checkLayerSize,
  checkParameterCount,
  countGruParameters,
  DEVICE_KEYS,
  type DeviceOptions,
  GRU_STACK_KEYS,
  type GruStackOptions,
  type ResolvedDevice,
  resolveGruStack,
  resolveSeed,
  warnOfIdleDropout,
} from './gru-options'
import { GruPass } from './gru-pass'
import { native } from './native'
import { type Parameters, ParameterTable } from './parameters'
import { checkOptions } from './validate'

/** What a {@link GRU} is made of. */
export interface GruOptions extends GruStackOptions, DeviceOptions {
  /** Values of each step of the input, I. */
  readonly inputSize: number
  /** An integer from 0 to 2^53 - 1 that initial values and dropout follow from. Default: drawn at random. */
  readonly seed?: number | undefined
}

/** The options of a {@link GRU} with every default filled in. */
export interface ResolvedGruOptions extends Readonly<NativeGruOptions>, ResolvedDevice {
  readonly seed: number
}

/** What a forward call gives. */
export interface GruResult {
  /** [steps, batch, D*H]; 0 past a sequence's length */
  readonly output: Float32Array
  /** [L*D, batch, H]: the states after the last valid steps */
  readonly state: Float32Array
}

const KEYS = [...GRU_STACK_KEYS, ...DEVICE_KEYS, 'inputSize', 'seed'] as const

/**
 * A stack of gated recurrent layers with its parameters, on one device. The initial values are
 * PyTorch's: uniform between -1/sqrt(H) and 1/sqrt(H).
 *
 * All arrays are flat and row-major. With `batchFirst` the first two axes of input and output, and of
 * their gradients, change places. Forms that return a promise copy their inputs before they return and
 * compute on threads of the engine's own; the Sync forms read their inputs in place, on the calling thread.
 *
 * A layer's properties cannot be set: an assignment throws a GruError, ERR_GRU_VALUE.
 */
export class GRU {
  readonly #options: ResolvedGruOptions
  readonly #device: string
  readonly #native: NativeGru
  readonly #shape: GruShape
  readonly #parameters: ParameterTable

  /**
   * @throws GruError ERR_GRU_TYPE, ERR_GRU_VALUE for wrong options; ERR_GRU_DEVICE where the device is not
   *   there; ERR_GRU_MEMORY; ERR_GRU_LOAD
   */
  constructor(options: GruOptions) {
    const given = checkOptions('options', options, KEYS)
    const inputSize = checkLayerSize('inputSize', given.inputSize)
    const stack = { inputSize, ...resolveGruStack('', given) }
    checkParameterCount(countGruParameters(stack))
    const seed = resolveSeed(given.seed)
    const device = checkDevice(given)
    this.#options = Object.freeze({ ...stack, seed, ...device.resolved })
    this.#native = new (native().NativeGru)(stack, seed, device.native)
    this.#device = this.#native.device
    this.#shape = gruShape(stack)
    this.#parameters = new ParameterTable(this.#native)
    warnOfIdleDropout('dropout', stack)
  }

  /** With every default filled in. */
  get options(): ResolvedGruOptions {
    return this.#options
  }

  /** Where the layer is: 'cpu', or a GPU by its number, as 'cuda:0'. With the option 'auto', what was chosen. */
  get device(): string {
    return this.#device
  }

  /** Numbers in all parameters together. */
  get parameterCount(): number {
    return this.#parameters.count
  }

  /**
   * Runs a batch in inference, without dropout.
   *
   * @param input - [steps, batch, inputSize]; the number of steps follows from its length
   * @throws GruError ERR_GRU_SHAPE, ERR_GRU_TYPE, ERR_GRU_VALUE for wrong arguments; ERR_GRU_DISPOSED;
   *   ERR_GRU_MEMORY; the signal's reason where it was aborted
   */
  async forward(input: Float32Array, options?: ForwardOptions): Promise<GruResult> {
    const call = checkForwardAsync(this.#shape, input, options)
    await abortable(call.signal, (flag) =>
      this.#native.forward(
        call.steps,
        call.batch,
        call.lengths,
        call.input,
        call.initialState,
        call.output,
        call.state,
        flag,
      ),
    )
    return { output: call.output, state: call.state }
  }

  /**
   * As {@link forward}, on the calling thread.
   *
   * @throws GruError also ERR_GRU_BUSY while a promise of this layer is pending
   */
  forwardSync(input: Float32Array, options?: ForwardSyncOptions): GruResult {
    const call = checkForwardSync(this.#shape, input, options)
    this.#native.forwardSync(
      call.steps,
      call.batch,
      call.lengths,
      call.input,
      call.initialState,
      call.output,
      call.state,
    )
    return { output: call.output, state: call.state }
  }

  /**
   * Runs a batch in training: with dropout, keeping what backward needs. The pass keeps copies of its
   * own, so the arrays of the call are free afterwards.
   *
   * @param input - [steps, batch, inputSize]; the number of steps follows from its length
   * @throws GruError as {@link forward}
   */
  async forwardTraining(input: Float32Array, options?: ForwardOptions): Promise<GruPass> {
    const call = checkForwardAsync(this.#shape, input, options)
    const pass = await abortable(call.signal, (flag) =>
      this.#native.forwardTraining(
        call.steps,
        call.batch,
        call.lengths,
        call.input,
        call.initialState,
        call.output,
        call.state,
        flag,
      ),
    )
    return this.#pass(pass, call)
  }

  /** As {@link forwardTraining}, on the calling thread; it throws as {@link forwardSync}. */
  forwardTrainingSync(input: Float32Array, options?: ForwardSyncOptions): GruPass {
    const call = checkForwardSync(this.#shape, input, options)
    const pass = this.#native.forwardTrainingSync(
      call.steps,
      call.batch,
      call.lengths,
      call.input,
      call.initialState,
      call.output,
      call.state,
    )
    return this.#pass(pass, call)
  }

  /**
   * Copies of all parameters, flat and row-major, by PyTorch's names: weight_ih_l0 [3H, I], weight_hh_l0
   * [3H, H], bias_ih_l0 [3H], bias_hh_l0 [3H], weight_ih_l0_reverse and so on; gates stack as r, z, n.
   *
   * @throws GruError ERR_GRU_BUSY while a promise of this layer is pending; ERR_GRU_DISPOSED
   */
  getParameters(): Parameters {
    return this.#parameters.read('gru.getParameters')
  }

  /**
   * Copies parameters in. Those that are not named keep their values; where anything is wrong, all do.
   *
   * @throws GruError ERR_GRU_VALUE for unknown names, ERR_GRU_SHAPE and ERR_GRU_TYPE for wrong arrays; as {@link getParameters}
   */
  setParameters(parameters: Readonly<Parameters>): void {
    this.#parameters.write('gru.setParameters', parameters)
  }

  /** Frees the layer's memory and that of its passes, once pending calls have ended; may be called again. */
  dispose(): void {
    this.#native.dispose()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  #pass(pass: Awaited<ReturnType<NativeGru['forwardTraining']>>, call: ForwardCall): GruPass {
    return new GruPass(pass, this.#shape, call, this.#parameters)
  }
}

fixProperties(GRU, 'options are given to new GRU')
