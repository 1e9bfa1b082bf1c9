/**
 * A model of any graph of layers.
 *
 * @module
 */
import type { NonSharedFloat32Array } from '../binding'
import {
  byName,
  type ModelInputs,
  type ModelLengths,
  named,
  namedForm,
  outputNames,
} from './batch-forms'
import { BaseModel, loadModel, type LoadOptions, MODEL_OPTION_KEYS, openModel } from './base-model'
import { markClass } from './copy'
import { fixProperties } from './fixed-properties'
import type { FileSource } from './formats/open-bytes'
import type { GraphModel } from './graph-model'
import type { DeviceOptions, ResolvedDevice } from './recurrent-options'
import { warnOfLayer } from './layers'
import type { GivenBatch } from './model-batch'
import {
  checkDescription,
  DESCRIPTION_KEYS,
  type ModelDescription,
  type ResolvedDescription,
  wereChecked,
} from './model-description'
import type { ModelKind } from './model-file'
import { type ModelStates, STATE_KEYS, type StateOptions, zeroStates } from './model-states'
import { SessionCore, wholeModel } from './session-core'
import { checkSession, ModelSession, type SessionOptions } from './session'
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
  /** Stops the call: at once if it has not begun, otherwise between two steps. It then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

/** Predictions by the outputs' names. */
export type Predictions = Record<string, NonSharedFloat32Array>

const KEYS = [...DESCRIPTION_KEYS, ...MODEL_OPTION_KEYS] as const
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
export class Model extends BaseModel<ResolvedModelOptions> {
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
    const checked = checkDescription(given)
    const opened = openModel(checked, given)
    super(opened, namedForm)
    this.#core = opened.core
    // A file's options are resolved already: there was a warning when its model was made.
    if (wereChecked(given.layers)) return
    for (const [name, layer] of Object.entries(checked.resolved.layers)) warnOfLayer(name, layer)
  }

  /**
   * Loads a model from a safetensors file as {@link save} writes it, or from its bytes, as {@link SequenceModel.load} does.
   *
   * @throws GruError ERR_GRU_FORMAT if the file cannot be read, is damaged, or holds something else; the message
   *   names the file and what is wrong with it; ERR_GRU_DEVICE, ERR_GRU_MEMORY as the constructor; the signal's reason
   *   if it was aborted
   */
  static async load(source: FileSource, options: LoadOptions = {}): Promise<Model> {
    return loadModel(source, options, MODEL_KIND, (all) => new Model(all))
  }

  /**
   * Predicts, in inference: for each output [steps, batch, size], or [batch, size] if it has one row for each
   * sequence. Logits for classes, otherwise values; 0 in steps past a length. The inputs are copied before the promise
   * is returned. A call of one step is computed at once when {@link SingleSession.step} is.
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
   * @throws GruError also ERR_GRU_BUSY while a promise of this model, of its trainers or of its sessions is pending
   */
  predictSync(inputs: ModelInputs, options: ModelPredictSyncOptions = {}): Predictions {
    const given = checkOptions('options', options, PREDICT_SYNC_KEYS)
    const [batch, outputs] = this.#call(inputs, given)
    return this.#named(this.#core.predictSync(batch, outputs, given))
  }

  /**
   * A new session: sequences that are computed step by step, as their inputs come. Its states are 0.
   *
   * @throws GruError ERR_GRU_VALUE if a layer needs whole sequences, such as a reverse direction: the message names it;
   *   ERR_GRU_TYPE, ERR_GRU_VALUE for wrong options; ERR_GRU_DISPOSED
   */
  session(options: SessionOptions = {}): ModelSession {
    return new ModelSession(new SessionCore(wholeModel(this.#core), checkSession(options)))
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

  /** As {@link BaseModel.summary}. */
  override toString(): string {
    return this.summary()
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

  #named(predictions: readonly NonSharedFloat32Array[]): Predictions {
    return named(outputNames(this.#core.graph), predictions)
  }
}

fixProperties(Model, 'options are given to new Model')
