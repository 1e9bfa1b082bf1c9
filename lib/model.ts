/**
 * A model of any graph of layers.
 *
 * @module
 */
import {
  byName,
  type ModelInputs,
  type ModelLengths,
  named,
  namedForm,
  outputNames,
} from './batch-forms'
import { markClass } from './copy'
import { fixProperties } from './fixed-properties'
import { describeGraph } from './graph'
import { GraphModel, registerModel, type SaveOptions } from './graph-model'
import {
  checkDevice,
  DEVICE_KEYS,
  type DeviceOptions,
  type ResolvedDevice,
  resolveSeed,
} from './recurrent-options'
import { warnOfLayer } from './layers'
import type { GivenBatch } from './model-batch'
import {
  checkDescription,
  DESCRIPTION_KEYS,
  type ModelDescription,
  type ResolvedDescription,
  wereChecked,
} from './model-description'
import { type Metadata, type ModelKind, readModel } from './model-file'
import { type ModelStates, STATE_KEYS, type StateOptions, zeroStates } from './model-states'
import type { Parameters } from './parameters'
import { summaryOf } from './summary'
import { checkOptions } from './validate'

/** The options of a new {@link Model}. */
export interface ModelOptions extends ModelDescription, DeviceOptions {
  /** The seed of initial values and dropout: an integer from 0 to 2^53 - 1. Default: a random one. */
  readonly seed?: number | undefined
}

/** The options of a {@link Model} with every default filled in, except in outputs. */
export interface ResolvedModelOptions extends ResolvedDescription, ResolvedDevice {
  readonly seed: number
}

/** What a synchronous prediction of a {@link Model} may be given beside its inputs. */
export interface ModelPredictSyncOptions extends StateOptions {
  /** Sequences in the batch. Default 1. The numbers of steps follow from the inputs' lengths. */
  readonly batch?: number | undefined
  /** The length of each sequence, from 0 to the number of steps, in any order. Default: all steps. */
  readonly lengths?: ModelLengths | undefined
  /** Arrays to write predictions into, by the outputs' names. Default: new ones. */
  readonly outputs?: Readonly<Record<string, Float32Array>> | undefined
}

/** The options of a prediction of a {@link Model} that returns a promise. */
export interface ModelPredictOptions extends ModelPredictSyncOptions {
  /** Stops the call between two steps; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

/** Predictions by the outputs' names. */
export type Predictions = Record<string, Float32Array>

const KEYS = [...DESCRIPTION_KEYS, ...DEVICE_KEYS, 'seed'] as const
const PREDICT_SYNC_KEYS = ['batch', 'lengths', 'outputs', ...STATE_KEYS] as const
const PREDICT_KEYS = [...PREDICT_SYNC_KEYS, 'signal'] as const

/** The kind of file that holds a {@link Model}. */
export const MODEL_KIND: ModelKind<ResolvedDescription> = {
  name: 'Model',
  keys: DESCRIPTION_KEYS,
  check: checkDescription,
}

/**
 * Layers in a graph, each with a name. The caller says which layer reads which. The initial values are PyTorch's. All
 * arrays are flat and row-major.
 *
 * A model's properties cannot be set: an assignment throws a GruError, ERR_GRU_VALUE.
 */
export class Model {
  readonly #options: ResolvedModelOptions
  readonly #core: GraphModel

  static {
    markClass(this)
  }

  /**
   * @throws GruError ERR_GRU_TYPE, ERR_GRU_VALUE for wrong options, and if inputs, layers and outputs do not fit
   *   together: the message names the one, such as `layers.last.input`; ERR_GRU_DEVICE if the device is not there;
   *   ERR_GRU_MEMORY; ERR_GRU_LOAD
   */
  constructor(options: ModelOptions) {
    const given = checkOptions('options', options, KEYS)
    const { resolved, native } = checkDescription(given)
    const graph = describeGraph(native)
    const seed = resolveSeed(given.seed)
    const device = checkDevice(given)
    this.#options = Object.freeze({ ...resolved, seed, ...device.resolved })
    this.#core = new GraphModel(graph, { description: resolved, seed }, device.native)
    registerModel(this, { core: this.#core, form: namedForm })
    // A file's options are resolved already: there was a warning when its model was made.
    if (wereChecked(given.layers)) return
    for (const [name, layer] of Object.entries(resolved.layers)) warnOfLayer(name, layer)
  }

  /**
   * Loads a model from a safetensors file as {@link save} writes it, as {@link SequenceModel.load} does.
   *
   * @throws GruError ERR_GRU_FORMAT if the file cannot be read, is damaged, or holds something else; the message
   *   names the file and what is wrong with it; ERR_GRU_DEVICE, ERR_GRU_MEMORY as the constructor
   */
  static async load(path: string, options: DeviceOptions = {}): Promise<Model> {
    // Checked before the file is read, and again with its options.
    checkDevice(checkOptions('options', options, DEVICE_KEYS))
    const { description, seed, metadata, parameters } = await readModel(path, MODEL_KIND)
    const model = new Model({ ...description, seed, ...options })
    model.#core.restore('Model.load', parameters, metadata)
    return model
  }

  /** With every default filled in, except in outputs: {@link ResolvedDescription} says how these stay. */
  get options(): ResolvedModelOptions {
    return this.#options
  }

  /** The model's device: 'cpu', or a GPU such as 'cuda:0'. With the option 'auto', the device that was chosen. */
  get device(): string {
    return this.#core.device
  }

  /** The number of values in all parameters. */
  get parameterCount(): number {
    return this.#core.parameters.count
  }

  /** Free text that was saved with the model; empty for a new one. */
  get metadata(): Metadata {
    return this.#core.metadata
  }

  /**
   * Predicts, in inference: for each output [steps, batch, size], or [batch, size] if it has one row for each
   * sequence. Logits for classes, otherwise values; 0 in steps past a length. The inputs are copied before the promise
   * is returned.
   *
   * @param inputs - by name: features [steps, batch, features] or tokens [steps, batch]
   * @throws GruError ERR_GRU_SHAPE, ERR_GRU_TYPE, ERR_GRU_VALUE for wrong arguments; ERR_GRU_DISPOSED; ERR_GRU_MEMORY;
   *   the signal's reason if it was aborted
   */
  async predict(inputs: ModelInputs, options: ModelPredictOptions = {}): Promise<Predictions> {
    const given = checkOptions('options', options, PREDICT_KEYS)
    const [batch, outputs] = this.#call(inputs, given)
    return this.#named(await this.#core.predict(batch, outputs, given, given.signal))
  }

  /**
   * As {@link predict}, on the calling thread, reading the inputs in place.
   *
   * @throws GruError also ERR_GRU_BUSY while a promise of this model, or of its trainer, is pending
   */
  predictSync(inputs: ModelInputs, options: ModelPredictSyncOptions = {}): Predictions {
    const given = checkOptions('options', options, PREDICT_SYNC_KEYS)
    const [batch, outputs] = this.#call(inputs, given)
    return this.#named(this.#core.predictSync(batch, outputs, given))
  }

  /**
   * New arrays of zeros for the states of all recurrent layers without `initialState`. To predict a long sequence in parts,
   * pass them to each call as `initialStates` and as `states`. The predictions of the parts have the same bits as those of
   * the whole sequence if no recurrent layer has a reverse direction and no other layer uses several steps.
   *
   * @param batch - sequences in the calls
   * @throws GruError ERR_GRU_TYPE, ERR_GRU_VALUE for a wrong batch; ERR_GRU_MEMORY
   */
  zeroStates(batch = 1): ModelStates {
    return zeroStates(this.#core.graph, batch)
  }

  /**
   * Copies of all parameters, flat and row-major. Their names are the layer's name, a dot and PyTorch's name, such as
   * 'memory.weight_ih_l0' [3H, I] or 'forecast.bias' [size].
   *
   * @throws GruError ERR_GRU_BUSY while a promise of this model, or of its trainer, is pending; ERR_GRU_DISPOSED
   */
  getParameters(): Parameters {
    return this.#core.parameters.read('model.getParameters')
  }

  /**
   * Copies parameters in. Those that are not named keep their values. If there is any error, all of them do.
   *
   * @throws GruError ERR_GRU_VALUE for unknown names, ERR_GRU_SHAPE and ERR_GRU_TYPE for wrong arrays; as {@link getParameters}
   */
  setParameters(parameters: Readonly<Parameters>): void {
    this.#core.parameters.write('model.setParameters', parameters)
  }

  /**
   * A table with one line for each input and layer: its type, its inputs, the shape of its values and the number of its
   * parameters. The last line has the number of all parameters.
   */
  summary(): string {
    return summaryOf(this.#core.graph)
  }

  /** As {@link summary}. */
  toString(): string {
    return this.summary()
  }

  /**
   * Saves the model as a safetensors file, as {@link SequenceModel.save} does. The metadata have its description as
   * JSON.
   *
   * @throws GruError ERR_GRU_FORMAT if the file cannot be written; ERR_GRU_BUSY while a promise of this model, or of
   *   its trainer, is pending, since the call does not wait; ERR_GRU_DISPOSED
   */
  async save(path: string, options: SaveOptions = {}): Promise<void> {
    await this.#core.save(path, options)
  }

  /**
   * Frees the model's memory and that of its trainers, whose calls then fail with ERR_GRU_DISPOSED. It does so
   * immediately, or after pending calls have ended. May be called again.
   */
  dispose(): void {
    this.#core.native.dispose()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  #call(
    inputs: unknown,
    given: { readonly [K in 'batch' | 'lengths' | 'outputs']?: unknown },
  ): [GivenBatch, readonly unknown[]] {
    const { graph } = this.#core
    const { batch, lengths, outputs = {} } = given
    return [
      {
        batch,
        inputs: namedForm.inputsOf(graph, '', { inputs }),
        lengths: namedForm.lengthsOf(graph, lengths),
      },
      byName('outputs', outputs, outputNames(graph)),
    ]
  }

  #named(predictions: readonly Float32Array[]): Predictions {
    return named(outputNames(this.#core.graph), predictions)
  }
}

fixProperties(Model, 'options are given to new Model')
