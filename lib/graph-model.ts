/**
 * A graph with its parameters on a device, which every model has.
 *
 * @module
 */
import type {
  NativeDeviceOptions,
  NativeModel,
  NonSharedFloat32Array,
  NonSharedUint8Array,
} from '../binding'
import { abortable } from './abort'
import { checkDistinct, resultArray } from './arrays'
import type { BatchForm } from './batch-forms'
import { argumentError, describe } from './errors'
import { bytesOf } from './formats/byte-source'
import type { SafetensorsFile } from './formats/safetensors-reader'
import type { Graph } from './graph'
import { type CheckedInputs, checkInputs, type GivenBatch, outputRows } from './model-batch'
import {
  checkMetadata,
  type Metadata,
  type ModelRecipe,
  layOutModel,
  type SavedModel,
  writeModel,
} from './model-file'
import { checkStates, type GivenStates } from './model-states'
import { native } from './native'
import { ParameterTable } from './parameters'
import { checkParameterCount } from './recurrent-options'
import { checkOptions, checkPath } from './validate'

/** What a file contains besides a model's options and parameters. */
export interface SaveOptions {
  /** Free text, under keys other than 'gru-native' and 'gru-native-trainer'. Default: the model's own metadata. */
  readonly metadata?: Metadata | undefined
}

/** A graph with its parameters on a device. */
export class GraphModel {
  readonly graph: Graph
  readonly native: NativeModel
  readonly device: string
  readonly parameters: ParameterTable
  readonly #recipe: ModelRecipe
  #metadata: Metadata = Object.freeze({})

  /** @param recipe - what a file of the model will say of it */
  constructor(graph: Graph, recipe: ModelRecipe, device: NativeDeviceOptions) {
    checkParameterCount(graph.parameterCount)
    this.graph = graph
    this.#recipe = recipe
    this.native = new (native().NativeModel)(graph.options, recipe.seed, device)
    this.device = this.native.device
    this.parameters = new ParameterTable(this.native)
  }

  get metadata(): Metadata {
    return this.#metadata
  }

  /** @throws GruError ERR_GRU_DISPOSED if the model was disposed of */
  checkInUse(): void {
    // The getter throws.
    Reflect.get(this.native, 'parameterCount')
  }

  /** Takes over the content of a file with tensors of this graph. If this fails, the model is disposed of. */
  async restore(call: string, file: SafetensorsFile, metadata: Metadata): Promise<void> {
    try {
      for (const { name, offset: start } of this.parameters.specs) {
        await file.readFloat32Blocks(name, (block, offset) =>
          this.native.fillParameters(call, start + offset, block),
        )
      }
    } catch (error) {
      this.native.dispose()
      throw error
    }
    this.#metadata = metadata
  }

  /** @param outputs - the caller's arrays for the outputs, unchecked; undefined for a new one */
  predictSync(
    given: GivenBatch,
    outputs: readonly unknown[],
    givenStates: GivenStates,
  ): NonSharedFloat32Array[] {
    const call = checkInputs(this.graph, given)
    const arrays = this.#outputs(call, outputs)
    const { initial, final } = checkStates(this.graph, givenStates, call, arrays)
    this.native.predictSync(call.batch, call.inputs, arrays, initial, final)
    return arrays
  }

  /** @param signal - unchecked */
  async predict(
    given: GivenBatch,
    outputs: readonly unknown[],
    givenStates: GivenStates,
    signal: unknown,
  ): Promise<NonSharedFloat32Array[]> {
    const call = checkInputs(this.graph, given)
    const arrays = this.#outputs(call, outputs)
    const { initial, final } = checkStates(this.graph, givenStates, call, arrays)
    await abortable(signal, (flag) =>
      this.native.predict(call.batch, call.inputs, arrays, flag, initial, final),
    )
    return arrays
  }

  /** @param options - {@link SaveOptions}, unchecked */
  async save(path: string, options: unknown): Promise<void> {
    checkPath('path', path)
    const saved = this.toSave(options)
    const parameters = await this.parameters.read('model.save')
    await writeModel(path, saved, this.parameters.specs, parameters)
  }

  /** @param options - {@link SaveOptions}, unchecked */
  async toBytes(options: unknown): Promise<NonSharedUint8Array> {
    const { specs } = this.parameters
    const { header, positions, size } = layOutModel(this.toSave(options), specs)
    const width = Float32Array.BYTES_PER_ELEMENT
    // The parameters are copied to their places in the file, and nothing is copied a second time.
    const places = specs.map(({ name }) => positions.get(name)! / width)
    const bytes = bytesOf(await this.native.readParameters('model.toBytes', size / width, places))
    bytes.set(header)
    return bytes
  }

  /**
   * What a file is to hold, but for the parameters.
   *
   * @param options - {@link SaveOptions}, unchecked
   */
  toSave(options: unknown): SavedModel {
    const given = checkOptions('options', options, ['metadata'])
    const metadata = given.metadata === undefined ? this.#metadata : checkMetadata(given.metadata)
    return { ...this.#recipe, metadata }
  }

  #outputs(call: CheckedInputs, given: readonly unknown[]): NonSharedFloat32Array[] {
    const arrays: NonSharedFloat32Array[] = []
    const { outputs } = this.graph
    for (let i = 0; i < outputs.length; i++) {
      const output = outputs[i]!
      const count = outputRows(output, call) * output.width
      const array = resultArray(output.output, given[i], output.formula, count)
      if (given[i] !== undefined) this.#checkApart(output.output, array, call, arrays)
      arrays.push(array)
    }
    return arrays
  }

  /** Checks that an output does not share memory with an input or with an output before it. */
  #checkApart(
    argument: string,
    array: Float32Array,
    { inputs }: CheckedInputs,
    outputs: readonly Float32Array[],
  ): void {
    for (const [index, { values }] of inputs.entries()) {
      checkDistinct(argument, array, this.graph.inputs[index]!.argument, values)
    }
    for (const [index, other] of outputs.entries()) {
      checkDistinct(argument, array, this.graph.outputs[index]!.output, other)
    }
  }
}

/** What a trainer needs of a model. */
export interface ModelInternals {
  readonly core: GraphModel
  /** The form of its batches. */
  readonly form: BatchForm
}

const models = new WeakMap<object, ModelInternals>()

/** Makes a model known to {@link modelInternals}. */
export function registerModel(model: object, internals: ModelInternals): void {
  models.set(model, internals)
}

/** The graph model of a model of any class. */
export function modelInternals(value: unknown): ModelInternals {
  const found = typeof value === 'object' && value !== null ? models.get(value) : undefined
  if (found !== undefined) return found
  throw argumentError(
    'ERR_GRU_TYPE',
    'model',
    'a Model, a SequenceModel or a Seq2Seq',
    describe(value),
  )
}
