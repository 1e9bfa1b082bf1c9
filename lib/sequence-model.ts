/**
 * The sequence model.
 *
 * @module
 */
import type { NonSharedFloat32Array } from '../binding'
import { type InputBatch, sequenceForm } from './batch-forms'
import { BaseModel, loadModel, type LoadOptions, MODEL_OPTION_KEYS, openModel } from './base-model'
import { markClass } from './copy'
import { fixProperties } from './fixed-properties'
import type { FileSource } from './formats/open-bytes'
import type { GraphModel } from './graph-model'
import { type DeviceOptions, type ResolvedDevice, warnOfIdleDropout } from './recurrent-options'
import type { ModelInput } from './model-batch'
import type { ModelKind } from './model-file'
import {
  ARCHITECTURE_KEYS,
  checkArchitecture,
  type ModelArchitecture,
  type ResolvedArchitecture,
} from './model-options'
import { type ModelStates, STATE_KEYS, type StateOptions, zeroStates } from './model-states'
import { SessionCore, wholeModel } from './session-core'
import { checkSession, SequenceSession, type SessionOptions } from './session'
import { checkOptions } from './validate'

/** The options of a new {@link SequenceModel}. */
export interface SequenceModelOptions extends ModelArchitecture, DeviceOptions {
  /** The seed of initial values and dropout: an integer from 0 to 2^53 - 1. Default: a random one. */
  readonly seed?: number | undefined
}

/** The options of a {@link SequenceModel} with every default filled in. */
export interface ResolvedSequenceModelOptions extends ResolvedArchitecture, ResolvedDevice {
  readonly seed: number
}

/** What a synchronous prediction may be given beside its input. */
export interface PredictSyncOptions extends Omit<InputBatch, 'input'>, StateOptions {
  /** An array to write the predictions into. Default: a new one. */
  readonly output?: Float32Array | undefined
}

/** The options of a prediction that returns a promise. */
export interface PredictOptions extends PredictSyncOptions {
  /** Stops the call: at once if it has not begun, otherwise between two steps. It then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

const KEYS = [...ARCHITECTURE_KEYS, ...MODEL_OPTION_KEYS] as const
const PREDICT_SYNC_KEYS = ['batch', 'lengths', 'output', ...STATE_KEYS] as const
const PREDICT_KEYS = [...PREDICT_SYNC_KEYS, 'signal'] as const

/** The kind of file that holds a {@link SequenceModel}. */
export const SEQUENCE_MODEL_KIND: ModelKind<ResolvedArchitecture> = {
  name: 'SequenceModel',
  keys: ARCHITECTURE_KEYS,
  check: checkArchitecture,
}

/**
 * A chain of layers: an embedding of tokens, or features; then a GRU stack; then a linear head that predicts at every
 * step or after the last one. The initial values are PyTorch's. All arrays are flat and row-major.
 *
 * A model's properties cannot be set: an assignment throws a GruError, ERR_GRU_VALUE.
 */
export class SequenceModel extends BaseModel<ResolvedSequenceModelOptions> {
  readonly #core: GraphModel

  static {
    markClass(this)
  }

  /**
   * @throws GruError ERR_GRU_TYPE, ERR_GRU_VALUE for wrong options; ERR_GRU_DEVICE if the device is not
   *   there; ERR_GRU_MEMORY; ERR_GRU_LOAD
   */
  constructor(options: SequenceModelOptions) {
    const given = checkOptions('options', options, KEYS)
    const checked = checkArchitecture(given)
    const opened = openModel(checked, given)
    super(opened, sequenceForm)
    this.#core = opened.core
    const { gru } = checked.resolved
    // A file's options are resolved already: there was a warning when its model was made.
    if (given.gru !== gru) warnOfIdleDropout('gru.dropout', gru)
  }

  /**
   * Loads a model from a safetensors file as {@link save} writes it, or from the bytes of one, as {@link toBytes} gives
   * them. Its tensors may also be F16 or BF16, which become float32 exactly, or F64, which is rounded to the nearest
   * float32. The file is read, checked and copied into the model in blocks of about a megabyte, between which the event
   * loop turns, so it needs little memory beside the model.
   *
   * @param source - the path of the file, or its bytes, which must not change before the promise settles. Bytes at an
   *   address that is a multiple of 4 are read in place.
   * @throws GruError ERR_GRU_FORMAT if the file cannot be read, is damaged, or has other content: the message
   *   names the file and the fault, such as tensors that are missing, unknown or of another shape, or the
   *   position of an F64 beyond float32 (bytes are called `bytes`); ERR_GRU_DEVICE, ERR_GRU_MEMORY as the constructor;
   *   the signal's reason if it was aborted
   */
  static async load(source: FileSource, options: LoadOptions = {}): Promise<SequenceModel> {
    return loadModel(source, options, SEQUENCE_MODEL_KIND, (all) => new SequenceModel(all))
  }

  /**
   * Predicts, in inference: [steps, batch, O], or [batch, O] with every: 'last'. Logits for classes,
   * otherwise values; 0 in steps past a length. The input is copied before the promise is returned. A call of one step is
   * computed at once when {@link SingleSession.step} is.
   *
   * @param input - features [steps, batch, I] or tokens [steps, batch]; the number of steps follows from its length
   * @throws GruError ERR_GRU_SHAPE, ERR_GRU_TYPE, ERR_GRU_VALUE for wrong arguments; ERR_GRU_DISPOSED;
   *   ERR_GRU_MEMORY; the signal's reason if it was aborted
   */
  async predict(input: ModelInput, options: PredictOptions = {}): Promise<NonSharedFloat32Array> {
    const given = checkOptions('options', options, PREDICT_KEYS)
    const { batch, lengths, output, signal } = given
    const call = { batch, inputs: [input], lengths: [lengths] }
    const [predictions] = await this.#core.predict(call, [output], given, signal)
    return predictions!
  }

  /**
   * As {@link predict}, on the calling thread, reading the input in place.
   *
   * @throws GruError also ERR_GRU_BUSY while a promise of this model, of its trainers or of its sessions is pending
   */
  predictSync(input: ModelInput, options: PredictSyncOptions = {}): NonSharedFloat32Array {
    const given = checkOptions('options', options, PREDICT_SYNC_KEYS)
    const { batch, lengths, output } = given
    const call = { batch, inputs: [input], lengths: [lengths] }
    return this.#core.predictSync(call, [output], given)[0]!
  }

  /**
   * A new session: sequences that are computed step by step, as their inputs come. Its states are 0.
   *
   * @throws GruError ERR_GRU_VALUE if a layer needs whole sequences, such as a reverse direction: the message names it;
   *   ERR_GRU_TYPE, ERR_GRU_VALUE for wrong options; ERR_GRU_DISPOSED
   */
  session(options: SessionOptions = {}): SequenceSession {
    return new SequenceSession(new SessionCore(wholeModel(this.#core), checkSession(options)))
  }

  /**
   * As {@link Model.zeroStates}: the name of the layer is `gru`. To predict a sequence in parts, the model needs every: 'step'.
   *
   * @param batch - sequences in the calls
   * @throws GruError ERR_GRU_TYPE, ERR_GRU_VALUE for a wrong batch; ERR_GRU_MEMORY
   */
  zeroStates(batch = 1): ModelStates {
    return zeroStates(this.#core.graph, batch)
  }
}

fixProperties(SequenceModel, 'options are given to new SequenceModel')
