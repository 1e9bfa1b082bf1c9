/**
 * The sequence model.
 *
 * @module
 */
import type { NativeModel, NativeModelOptions } from '../binding'
import { abortable } from './abort'
import { checkDistinct, resultArray } from './arrays'
import { markClass } from './copy'
import { argumentError, describe } from './errors'
import { fixProperties } from './fixed-properties'
import {
  checkDevice,
  checkParameterCount,
  DEVICE_KEYS,
  type DeviceOptions,
  type ResolvedDevice,
  resolveSeed,
  warnOfIdleDropout,
} from './recurrent-options'
import {
  type CheckedInput,
  checkInput,
  type InputBatch,
  type ModelInput,
  predictionRows,
  valuesFormula,
} from './model-batch'
import { checkMetadata, type Metadata, readModel, writeModel } from './model-file'
import {
  ARCHITECTURE_KEYS,
  checkArchitecture,
  countModelParameters,
  type ModelArchitecture,
  type ResolvedArchitecture,
} from './model-options'
import { native } from './native'
import { type Parameters, ParameterTable } from './parameters'
import { checkOptions } from './validate'

/** What a {@link SequenceModel} is made of. */
export interface SequenceModelOptions extends ModelArchitecture, DeviceOptions {
  /** An integer from 0 to 2^53 - 1 that initial values and dropout follow from. Default: drawn at random. */
  readonly seed?: number | undefined
}

/** The options of a {@link SequenceModel} with every default filled in. */
export interface ResolvedSequenceModelOptions extends ResolvedArchitecture, ResolvedDevice {
  readonly seed: number
}

/** What a synchronous prediction may be given beside its input. */
export interface PredictSyncOptions extends Omit<InputBatch, 'input'> {
  /** An array to write the predictions into. Default: a new one. */
  readonly output?: Float32Array | undefined
}

/** What a prediction that returns a promise may be given beside its input. */
export interface PredictOptions extends PredictSyncOptions {
  /** Stops the call between two steps; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

/** What is saved beside a model's options and parameters. */
export interface SaveOptions {
  /** Free text, under keys other than 'gru-native'. Default: the model's own metadata. */
  readonly metadata?: Metadata | undefined
}

/** How a saved model is loaded: onto any device, whichever it was saved from. */
export type LoadOptions = DeviceOptions

const KEYS = [...ARCHITECTURE_KEYS, ...DEVICE_KEYS, 'seed'] as const
const PREDICT_SYNC_KEYS = ['batch', 'lengths', 'output'] as const
const PREDICT_KEYS = [...PREDICT_SYNC_KEYS, 'signal'] as const

/** The native part of a model, for its trainer. */
export interface ModelInternals {
  readonly native: NativeModel
  readonly options: Readonly<NativeModelOptions>
}

let internals: (model: object) => ModelInternals | undefined

/**
 * Tokens through an embedding, or features, then a GRU stack, then a linear head that predicts at every
 * step or after the last. The initial values are PyTorch's. All arrays are flat and row-major.
 *
 * A model's properties cannot be set: an assignment throws a GruError, ERR_GRU_VALUE.
 */
export class SequenceModel {
  readonly #options: ResolvedSequenceModelOptions
  readonly #device: string
  readonly #native: NativeModel
  readonly #nativeOptions: Readonly<NativeModelOptions>
  readonly #parameters: ParameterTable
  #metadata: Metadata = Object.freeze({})

  static {
    markClass(this)
    internals = (model) =>
      #native in model ? { native: model.#native, options: model.#nativeOptions } : undefined
  }

  /**
   * @throws GruError ERR_GRU_TYPE, ERR_GRU_VALUE for wrong options; ERR_GRU_DEVICE where the device is not
   *   there; ERR_GRU_MEMORY; ERR_GRU_LOAD
   */
  constructor(options: SequenceModelOptions) {
    const given = checkOptions('options', options, KEYS)
    const { resolved, native: nativeOptions } = checkArchitecture(given)
    checkParameterCount(countModelParameters(nativeOptions))
    const seed = resolveSeed(given.seed)
    const device = checkDevice(given)
    this.#options = Object.freeze({ ...resolved, seed, ...device.resolved })
    this.#nativeOptions = nativeOptions
    this.#native = new (native().NativeModel)(nativeOptions, seed, device.native)
    this.#device = this.#native.device
    this.#parameters = new ParameterTable(this.#native)
    // A file's options come resolved: whoever made the model in it was warned.
    if (given.gru !== resolved.gru) warnOfIdleDropout('gru.dropout', resolved.gru)
  }

  /**
   * Loads a model from a safetensors file as {@link save} writes it. Its tensors may also be F16 or BF16, which become
   * float32 exactly, or F64, which is rounded to the nearest float32. Beside the model's own memory this takes as much
   * as its parameters have, for as long as it reads.
   *
   * @throws GruError ERR_GRU_FORMAT where the file cannot be read, is damaged, or holds something else: the message
   *   names the file and what is wrong with it, as the tensors that are missing, too many or of another shape, or the
   *   place of an F64 beyond float32; ERR_GRU_DEVICE, ERR_GRU_MEMORY as the constructor
   */
  static async load(path: string, options: LoadOptions = {}): Promise<SequenceModel> {
    // Checked before the file is read, and again with its options.
    checkDevice(checkOptions('options', options, DEVICE_KEYS))
    const { architecture, seed, metadata, parameters } = await readModel(path)
    const model = new SequenceModel({ ...architecture, seed, ...options })
    try {
      model.#parameters.writeFlat(parameters, 'SequenceModel.load')
    } catch (error) {
      model.dispose()
      throw error
    }
    model.#metadata = metadata
    return model
  }

  /** With every default filled in. */
  get options(): ResolvedSequenceModelOptions {
    return this.#options
  }

  /** Where the model is: 'cpu', or a GPU by its number, as 'cuda:0'. With the option 'auto', what was chosen. */
  get device(): string {
    return this.#device
  }

  /** Numbers in all parameters together. */
  get parameterCount(): number {
    return this.#parameters.count
  }

  /** Free text that was saved with the model; empty for a new one. */
  get metadata(): Metadata {
    return this.#metadata
  }

  /**
   * Predicts, in inference: [steps, batch, O], or [batch, O] with every: 'last'. Logits for classes,
   * values else; 0 where there is no valid step. The input is copied before the promise is returned.
   *
   * @param input - features [steps, batch, I] or tokens [steps, batch]; the number of steps follows from its length
   * @throws GruError ERR_GRU_SHAPE, ERR_GRU_TYPE, ERR_GRU_VALUE for wrong arguments; ERR_GRU_DISPOSED;
   *   ERR_GRU_MEMORY; the signal's reason where it was aborted
   */
  async predict(input: ModelInput, options: PredictOptions = {}): Promise<Float32Array> {
    const given = checkOptions('options', options, PREDICT_KEYS)
    const call = checkInput(this.#nativeOptions, { ...given, input })
    const output = this.#output(call, given.output)
    await abortable(given.signal, (flag) =>
      this.#native.predict(call.steps, call.batch, call.lengths, call.input, output, flag),
    )
    return output
  }

  /**
   * As {@link predict}, on the calling thread, reading the input in place.
   *
   * @throws GruError also ERR_GRU_BUSY while a promise of this model, or of its trainer, is pending
   */
  predictSync(input: ModelInput, options: PredictSyncOptions = {}): Float32Array {
    const given = checkOptions('options', options, PREDICT_SYNC_KEYS)
    const call = checkInput(this.#nativeOptions, { ...given, input })
    const output = this.#output(call, given.output)
    this.#native.predictSync(call.steps, call.batch, call.lengths, call.input, output)
    return output
  }

  /**
   * Copies of all parameters, flat and row-major, by name: 'embedding.weight' [tokens, E], 'gru.weight_ih_l0' [3H, I]
   * and the other tensors of {@link GRU.getParameters}, 'head.weight' [O, D*H], 'head.bias' [O].
   *
   * @throws GruError ERR_GRU_BUSY while a promise of this model, or of its trainer, is pending; ERR_GRU_DISPOSED
   */
  getParameters(): Parameters {
    return this.#parameters.read('model.getParameters')
  }

  /**
   * Copies parameters in. Those that are not named keep their values; where anything is wrong, all do.
   *
   * @throws GruError ERR_GRU_VALUE for unknown names, ERR_GRU_SHAPE and ERR_GRU_TYPE for wrong arrays; as {@link getParameters}
   */
  setParameters(parameters: Readonly<Parameters>): void {
    this.#parameters.write('model.setParameters', parameters)
  }

  /**
   * Saves the model as a safetensors file, its parameters as they are when this is called: one copy of them is kept
   * until they are written. An old file of that name is replaced only when the new one is whole. A symbolic link stays
   * a link: the file that it names is replaced, or made where there is none.
   *
   * @throws GruError ERR_GRU_FORMAT where the file cannot be written; ERR_GRU_BUSY while a promise of this model, or of
   *   its trainer, is pending: it does not wait for its turn; ERR_GRU_DISPOSED
   */
  async save(path: string, options: SaveOptions = {}): Promise<void> {
    const given = checkOptions('options', options, ['metadata'])
    const metadata = given.metadata === undefined ? this.#metadata : checkMetadata(given.metadata)
    const { input, gru, output, seed } = this.options
    const saved = { architecture: { input, gru, output }, seed, metadata }
    const parameters = this.#parameters.read('model.save')
    await writeModel(path, saved, this.#parameters.specs, parameters)
  }

  /**
   * Frees the model's memory and that of its trainers, whose calls then fail with ERR_GRU_DISPOSED: at once, or when
   * pending calls have ended. May be called again.
   */
  dispose(): void {
    this.#native.dispose()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  #output(call: CheckedInput, given: unknown): Float32Array {
    const model = this.#nativeOptions
    const count = predictionRows(model, call.steps, call.batch) * model.outputSize
    const output = resultArray('output', given, valuesFormula(model), count)
    if (given !== undefined) checkDistinct('output', output, 'input', call.input)
    return output
  }
}

fixProperties(SequenceModel, 'options are given to new SequenceModel')

/** The native part of a model, and the options that it was made with. */
export function modelInternals(value: unknown): ModelInternals {
  const found = typeof value === 'object' && value !== null ? internals(value) : undefined
  if (found !== undefined) return found
  throw argumentError('ERR_GRU_TYPE', 'model', 'a SequenceModel', describe(value))
}
