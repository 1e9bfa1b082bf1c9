/**
 * Everything that the classes of models have in common, except predictions.
 *
 * @module
 */
import type { ModelMemory, NonSharedUint8Array } from '../binding'
import type { BatchForm } from './batch-forms'
import type { FileSource } from './formats/open-bytes'
import { readSafetensors, type SafetensorsFile } from './formats/safetensors-reader'
import { describeGraph } from './graph'
import { GraphModel, modelInternals, registerModel, type SaveOptions } from './graph-model'
import {
  type CheckedDescription,
  type Metadata,
  type ModelKind,
  readModel,
  type ReadModel,
} from './model-file'
import type { Parameters, SomeParameters } from './parameters'
import {
  checkDevice,
  DEVICE_KEYS,
  type DeviceOptions,
  type ResolvedDevice,
  resolveSeed,
  type Unchecked,
} from './recurrent-options'
import { summaryOf } from './summary'
import { checkAbortSignal, checkOptions } from './validate'

/** The keys of a model's options that are not in its description. */
export const MODEL_OPTION_KEYS = [...DEVICE_KEYS, 'seed'] as const

interface Seeded {
  readonly seed: number
}

/** A model's options, and the graph that was made of them. */
export interface OpenedModel<Options> {
  readonly options: Options
  readonly core: GraphModel
}

/** Makes the graph of a checked description, and fills in the defaults of the other options. */
export function openModel<D extends object>(
  { resolved, native }: CheckedDescription<D>,
  given: Unchecked<(typeof MODEL_OPTION_KEYS)[number]>,
): OpenedModel<D & ResolvedDevice & Seeded> {
  const graph = describeGraph(native)
  const seed = resolveSeed(given.seed)
  const device = checkDevice(given)
  const options = Object.freeze({ ...resolved, seed, ...device.resolved })
  return { options, core: new GraphModel(graph, { description: resolved, seed }, device.native) }
}

/** Makes a model from a file's options, on a device. */
export type CreateModel<D extends object, M> = (options: D & DeviceOptions & Seeded) => M

/** The options of a call that loads a model. */
export interface LoadOptions extends DeviceOptions {
  /** Stops the call between two blocks of the file. It then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

const LOAD_KEYS = [...DEVICE_KEYS, 'signal'] as const

/** The options of a call that loads, before the file is read. */
export interface CheckedLoad {
  readonly device: DeviceOptions
  readonly signal: AbortSignal | undefined
}

/** @throws the signal's reason if it was aborted */
export function checkLoad(options: LoadOptions): CheckedLoad {
  const { signal: given, ...device } = checkOptions('options', options, LOAD_KEYS)
  checkDevice(device)
  const signal = given === undefined ? undefined : checkAbortSignal('signal', given)
  signal?.throwIfAborted()
  return { device: device as DeviceOptions, signal }
}

/**
 * Makes a model of an open file, and copies its parameters into it, block by block.
 *
 * @param call - the call's name in messages
 */
export async function restoreModel<D extends object, M extends object>(
  call: string,
  file: SafetensorsFile,
  { description, seed, metadata }: ReadModel<D>,
  options: DeviceOptions,
  create: CreateModel<D, M>,
): Promise<M> {
  const model = create({ ...description, seed, ...options })
  await modelInternals(model).core.restore(call, file, metadata)
  return model
}

/** Loads a model of one class. */
export async function loadModel<D extends object, M extends object>(
  source: FileSource,
  options: LoadOptions,
  kind: ModelKind<D>,
  create: CreateModel<D, M>,
): Promise<M> {
  const { device, signal } = checkLoad(options)
  const load = async (file: SafetensorsFile): Promise<M> =>
    restoreModel(`${kind.name}.load`, file, readModel(file, kind), device, create)
  return readSafetensors(source, load, signal)
}

/** A graph of layers with its parameters, on one device. */
export abstract class BaseModel<Options> {
  readonly #options: Options
  readonly #core: GraphModel

  /** @internal */
  protected constructor({ options, core }: OpenedModel<Options>, form: BatchForm) {
    this.#options = options
    this.#core = core
    registerModel(this, { core, form })
  }

  /** With every default filled in, except in outputs: {@link ResolvedDescription} says how these stay. */
  get options(): Options {
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
   * Copies of all parameters, flat and row-major. Their names are the layer's name, a dot and PyTorch's name, such as
   * 'memory.weight_ih_l0' [3H, I] or 'head.bias' [O]; {@link summary} has the layers. Those of a SequenceModel are
   * 'embedding.weight' [tokens, E], 'gru.weight_ih_l0' [3H, I] and the other tensors of {@link GRU.getParameters},
   * 'head.weight' [O, D*H], 'head.bias' [O].
   *
   * @throws GruError ERR_GRU_BUSY while a promise of this model, of its trainers or of its sessions is pending;
   *   ERR_GRU_DISPOSED
   */
  getParameters(): Parameters {
    return this.#core.parameters.readSync('model.getParameters', 'model.readParameters')
  }

  /**
   * As {@link getParameters}, as a promise: it waits for its turn behind the calls before it, and the copies are made on
   * the engine's threads.
   *
   * @throws GruError ERR_GRU_DISPOSED; ERR_GRU_MEMORY
   */
  async readParameters(): Promise<Parameters> {
    return this.#core.parameters.read('model.readParameters')
  }

  /**
   * Copies parameters in. Those that are not named keep their values. If there is any error, all of them do.
   *
   * @throws GruError ERR_GRU_VALUE for unknown names, ERR_GRU_SHAPE and ERR_GRU_TYPE for wrong arrays; as {@link getParameters}
   */
  setParameters(parameters: SomeParameters): void {
    this.#core.parameters.writeSync('model.setParameters', 'model.writeParameters', parameters)
  }

  /**
   * As {@link setParameters}, as a promise: calls before it use the old values, calls after it the new ones. The arrays are
   * copied before the promise is returned.
   *
   * @throws GruError as {@link setParameters}, except ERR_GRU_BUSY; ERR_GRU_MEMORY
   */
  async writeParameters(parameters: SomeParameters): Promise<void> {
    await this.#core.parameters.write('model.writeParameters', parameters)
  }

  /**
   * A table with one line for each input and layer: its type, its inputs, the shape of its values and the number of its
   * parameters. The last line has the number of all parameters.
   */
  summary(): string {
    return summaryOf(this.#core.graph)
  }

  /**
   * Saves the model as a safetensors file. The parameters are copied when the calls before this one have ended; then the
   * copy is written while other calls go on. The metadata have the model's options as JSON. An old file of that name is
   * replaced only when the new one is complete. A symbolic link stays a link: the file that it names is replaced, or made if
   * there is none.
   *
   * @throws GruError ERR_GRU_FORMAT if the file cannot be written; ERR_GRU_DISPOSED; ERR_GRU_MEMORY
   */
  async save(path: string, options: SaveOptions = {}): Promise<void> {
    await this.#core.save(path, options)
  }

  /**
   * The bytes of the file that {@link save} would write, for an object store. `load` of the model's class takes them.
   *
   * @throws GruError ERR_GRU_DISPOSED; ERR_GRU_MEMORY
   */
  async toBytes(options: SaveOptions = {}): Promise<NonSharedUint8Array> {
    return this.#core.toBytes(options)
  }

  /**
   * The bytes that the model and all its trainers, passes and sessions hold. While calls are pending, the numbers are those
   * after the last call that ended.
   *
   * @throws GruError ERR_GRU_DISPOSED
   */
  memory(): ModelMemory {
    return this.#core.native.memory()
  }

  /**
   * Frees the memory that calls keep for later calls, `working` in {@link memory}, when the calls before this one have
   * ended. The next call allocates it again, takes longer, and has the same bits. Trainers, passes and sessions keep theirs;
   * a trainer has a `trim` of its own.
   *
   * @throws GruError ERR_GRU_DISPOSED
   */
  async trim(): Promise<void> {
    await this.#core.native.trim()
  }

  /**
   * As {@link trim}, on the calling thread.
   *
   * @throws GruError also ERR_GRU_BUSY while a promise of this model, of its trainers or of its sessions is pending
   */
  trimSync(): void {
    this.#core.native.trimSync()
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
}
