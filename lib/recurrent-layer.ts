/**
 * A layer of any cell: what `GRU` and `LSTM` have in common.
 *
 * @module
 */
import type {
  LayerMemory,
  NativeDeviceOptions,
  NativePass,
  NativeRecurrent,
  NativeRecurrentOptions,
} from '../binding'
import { abortable } from './abort'
import { type Parameters, ParameterTable, type SomeParameters } from './parameters'
import {
  checkForwardAsync,
  checkForwardSync,
  type ForwardCall,
  type RecurrentShape,
  recurrentShape,
} from './recurrent-call'
import {
  checkDevice,
  checkLayerSize,
  checkParameterCount,
  DEVICE_KEYS,
  type DeviceOptions,
  type ResolvedDevice,
  type ResolvedRecurrentStack,
  resolveSeed,
  type Unchecked,
  warnOfIdleDropout,
} from './recurrent-options'

/** The options of a layer besides those of its stack. */
export interface RecurrentLayerOptions extends DeviceOptions {
  /** Values of each step of the input, I. */
  readonly inputSize: number
  /** The seed of initial values and dropout: an integer from 0 to 2^53 - 1. Default: a random one. */
  readonly seed?: number | undefined
}

/** {@link RecurrentLayerOptions} with every default filled in. */
export interface ResolvedLayerOptions extends Readonly<NativeRecurrentOptions>, ResolvedDevice {
  readonly seed: number
}

export const LAYER_KEYS = [...DEVICE_KEYS, 'inputSize', 'seed'] as const

/** The types of a layer's options, calls and results, which depend on its cell. */
export interface LayerTypes {
  readonly options: ResolvedLayerOptions
  readonly forward: object
  readonly forwardSync: object
  readonly result: object
  readonly pass: object
}

/** What a layer needs to know of its cell. */
export interface Cell<T extends LayerTypes> {
  /** The layer's name in messages. */
  readonly name: string
  /** Whether there is a cell state besides the state. */
  readonly hasCell: boolean
  readonly result: (call: ForwardCall) => T['result']
  readonly pass: (
    native: NativePass,
    shape: RecurrentShape,
    call: ForwardCall,
    parameters: ParameterTable,
  ) => T['pass']
}

/** A layer's options, checked, and the native object made of them. */
export interface OpenedLayer<Options> {
  readonly options: Options
  readonly native: NativeRecurrent
}

/** How a cell's options are checked, and its native object is made. */
export interface LayerMaker<Stack> {
  readonly resolveStack: () => Stack
  readonly countParameters: (options: Stack & { readonly inputSize: number }) => number
  readonly create: (
    options: Stack & { readonly inputSize: number },
    seed: number,
    device: NativeDeviceOptions,
  ) => NativeRecurrent
}

/** Checks a layer's options, fills in the defaults, and makes its native object. */
export function openLayer<Stack extends ResolvedRecurrentStack>(
  given: Unchecked<(typeof LAYER_KEYS)[number]>,
  { resolveStack, countParameters, create }: LayerMaker<Stack>,
): OpenedLayer<Stack & ResolvedLayerOptions> {
  const inputSize = checkLayerSize('inputSize', given.inputSize)
  const stack = { inputSize, ...resolveStack() }
  checkParameterCount(countParameters(stack))
  const seed = resolveSeed(given.seed)
  const device = checkDevice(given)
  const options = Object.freeze({ ...stack, seed, ...device.resolved })
  return { options, native: create(stack, seed, device.native) }
}

/** Everything of a layer except its constructor. */
export abstract class RecurrentLayer<T extends LayerTypes> {
  readonly #cell: Cell<T>
  readonly #options: T['options']
  readonly #device: string
  readonly #native: NativeRecurrent
  readonly #shape: RecurrentShape
  readonly #parameters: ParameterTable

  /** @internal */
  protected constructor(cell: Cell<T>, { options, native }: OpenedLayer<T['options']>) {
    this.#cell = cell
    this.#options = options
    this.#native = native
    this.#device = native.device
    this.#shape = recurrentShape(options, cell.hasCell)
    this.#parameters = new ParameterTable(native)
    warnOfIdleDropout('dropout', options)
  }

  /** With every default filled in. */
  get options(): T['options'] {
    return this.#options
  }

  /** The layer's device: 'cpu', or a GPU such as 'cuda:0'. With the option 'auto', the device that was chosen. */
  get device(): string {
    return this.#device
  }

  /** The number of values in all parameters. */
  get parameterCount(): number {
    return this.#parameters.count
  }

  /**
   * Runs a batch in inference, without dropout. A call of one step that takes some microseconds is computed before the
   * promise is returned, if no call is before it. Every 64th of them is computed on the engine's threads, so that a loop of
   * awaited steps lets the event loop run.
   *
   * @param input - [steps, batch, inputSize]; the number of steps follows from its length
   * @throws GruError ERR_GRU_SHAPE, ERR_GRU_TYPE, ERR_GRU_VALUE for wrong arguments; ERR_GRU_DISPOSED;
   *   ERR_GRU_MEMORY; the signal's reason if it was aborted
   */
  async forward(input: Float32Array, options?: T['forward']): Promise<T['result']> {
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
        call.initialCell,
        call.cell,
      ),
    )
    return this.#cell.result(call)
  }

  /**
   * As {@link forward}, on the calling thread.
   *
   * @throws GruError also ERR_GRU_BUSY while a promise of this layer is pending
   */
  forwardSync(input: Float32Array, options?: T['forwardSync']): T['result'] {
    const call = checkForwardSync(this.#shape, input, options)
    this.#native.forwardSync(
      call.steps,
      call.batch,
      call.lengths,
      call.input,
      call.initialState,
      call.output,
      call.state,
      call.initialCell,
      call.cell,
    )
    return this.#cell.result(call)
  }

  /**
   * Runs a batch in training: with dropout, keeping what backward needs. The pass keeps its own copies,
   * so the caller may change the arrays of the call afterwards.
   *
   * @param input - [steps, batch, inputSize]; the number of steps follows from its length
   * @throws GruError as {@link forward}
   */
  async forwardTraining(input: Float32Array, options?: T['forward']): Promise<T['pass']> {
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
        call.initialCell,
        call.cell,
      ),
    )
    return this.#cell.pass(pass, this.#shape, call, this.#parameters)
  }

  /** As {@link forwardTraining}, on the calling thread; it throws as {@link forwardSync}. */
  forwardTrainingSync(input: Float32Array, options?: T['forwardSync']): T['pass'] {
    const call = checkForwardSync(this.#shape, input, options)
    const pass = this.#native.forwardTrainingSync(
      call.steps,
      call.batch,
      call.lengths,
      call.input,
      call.initialState,
      call.output,
      call.state,
      call.initialCell,
      call.cell,
    )
    return this.#cell.pass(pass, this.#shape, call, this.#parameters)
  }

  /**
   * Copies of all parameters, flat and row-major, by PyTorch's names, with G rows for each unit: weight_ih_l0 [G*H, I],
   * weight_hh_l0 [G*H, H], bias_ih_l0 [G*H], bias_hh_l0 [G*H], weight_ih_l0_reverse and so on. Gates stack as r, z, n
   * in a GRU (G = 3), and as i, f, g, o in an LSTM (G = 4).
   *
   * @throws GruError ERR_GRU_BUSY while a promise of this layer is pending; ERR_GRU_DISPOSED
   */
  getParameters(): Parameters {
    const { name } = this.#cell
    return this.#parameters.readSync(`${name}.getParameters`, `${name}.readParameters`)
  }

  /**
   * As {@link getParameters}, as a promise: it waits for its turn behind the calls before it, and the copies are made on
   * the engine's threads.
   *
   * @throws GruError ERR_GRU_DISPOSED; ERR_GRU_MEMORY
   */
  async readParameters(): Promise<Parameters> {
    return this.#parameters.read(`${this.#cell.name}.readParameters`)
  }

  /**
   * Copies parameters in. Those that are not named keep their values. If there is any error, all of them do.
   *
   * @throws GruError ERR_GRU_VALUE for unknown names, ERR_GRU_SHAPE and ERR_GRU_TYPE for wrong arrays; as {@link getParameters}
   */
  setParameters(parameters: SomeParameters): void {
    const { name } = this.#cell
    this.#parameters.writeSync(`${name}.setParameters`, `${name}.writeParameters`, parameters)
  }

  /**
   * As {@link setParameters}, as a promise: calls before it use the old values, calls after it the new ones. The arrays are
   * copied before the promise is returned.
   *
   * @throws GruError as {@link setParameters}, except ERR_GRU_BUSY; ERR_GRU_MEMORY
   */
  async writeParameters(parameters: SomeParameters): Promise<void> {
    await this.#parameters.write(`${this.#cell.name}.writeParameters`, parameters)
  }

  /**
   * The bytes that the layer and its passes hold. While calls are pending, the numbers are those after the last call that
   * ended.
   *
   * @throws GruError ERR_GRU_DISPOSED
   */
  memory(): LayerMemory {
    return this.#native.memory()
  }

  /**
   * Frees the memory that calls keep for later calls, `working` in {@link memory}, when the calls before this one have
   * ended. The next call allocates it again, takes longer, and has the same bits. Passes keep theirs.
   *
   * @throws GruError ERR_GRU_DISPOSED
   */
  async trim(): Promise<void> {
    await this.#native.trim()
  }

  /**
   * As {@link trim}, on the calling thread.
   *
   * @throws GruError also ERR_GRU_BUSY while a promise of this layer is pending
   */
  trimSync(): void {
    this.#native.trimSync()
  }

  /** Frees the layer's memory and that of its passes, once pending calls have ended; may be called again. */
  dispose(): void {
    this.#native.dispose()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }
}
