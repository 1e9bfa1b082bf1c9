/**
 * The native session, and the arrays that its steps hand over.
 *
 * @module
 */
import type {
  NativeDecoder,
  NativeModelBatch,
  NativeSession,
  NonSharedFloat32Array,
} from '../binding'
import { abortable } from './abort'
import { checkDistinct, resultArray } from './arrays'
import type { GraphInput, GraphOutput } from './graph'
import type { GraphModel } from './graph-model'
import { checkInputType, type ModelInput } from './model-batch'
import { native } from './native'
import { checkIndices, checkLength } from './validate'

/** Checks the array of an input of a step of `batch` sequences. */
export function checkStepInput(input: GraphInput, batch: number, given: unknown): ModelInput {
  const values = checkInputType(input.argument, input, given)
  checkLength(input.argument, values, input.formula, batch * input.columns)
  return values
}

/** The arrays of a step, in the order of the graph's inputs and outputs. */
export interface StepArrays {
  readonly inputs: ModelInput[]
  readonly outputs: NonSharedFloat32Array[]
}

/** The place of an array that a call has given back. */
const NO_ARRAY = new Float32Array(0)

/** What sessions of a model compute in a step. */
export interface SteppedPart {
  readonly model: GraphModel
  readonly inputs: readonly GraphInput[]
  readonly outputs: readonly GraphOutput[]
  /** Of sessions of its target. */
  readonly decoder?: NativeDecoder
}

/** What such sessions share. */
interface SharedBySessions {
  readonly inputNames: readonly string[]
  readonly outputNames: readonly string[]
  /** Lists that no call uses now, so that a step on the calling thread makes no object. */
  free: StepArrays | undefined
}

const wholeModels = new WeakMap<GraphModel, SteppedPart>()

/** All inputs and outputs of a model. */
export function wholeModel(model: GraphModel): SteppedPart {
  const known = wholeModels.get(model)
  if (known !== undefined) return known
  const { inputs, outputs } = model.graph
  const made = { model, inputs, outputs }
  wholeModels.set(model, made)
  return made
}

const sharedBySessions = new WeakMap<SteppedPart, SharedBySessions>()

function sharedBy(part: SteppedPart): SharedBySessions {
  const known = sharedBySessions.get(part)
  if (known !== undefined) return known
  const made = {
    inputNames: part.inputs.map(({ name }) => name),
    outputNames: part.outputs.map(({ layer }) => layer),
    free: undefined,
  }
  sharedBySessions.set(part, made)
  return made
}

/** A session without the forms of its calls, which depend on the class of the model. */
export class SessionCore {
  readonly native: NativeSession
  readonly batch: number
  /** The number of values in all states. */
  readonly stateCount: number
  readonly #part: SteppedPart
  readonly #shared: SharedBySessions

  constructor(part: SteppedPart, batch: number) {
    this.#part = part
    this.#shared = sharedBy(part)
    this.batch = batch
    this.native = new (native().NativeSession)(part.model.native, batch, part.decoder)
    this.stateCount = this.native.stateCount
  }

  get model(): GraphModel {
    return this.#part.model
  }

  get inputNames(): readonly string[] {
    return this.#shared.inputNames
  }

  get outputNames(): readonly string[] {
    return this.#shared.outputNames
  }

  /** @throws GruError ERR_GRU_DISPOSED if the session or its model was disposed of */
  checkInUse(): void {
    // The getter throws.
    Reflect.get(this.native, 'stateCount')
  }

  /** Another session of the same part of the model, with as many sequences. */
  open(): SessionCore {
    return new SessionCore(this.#part, this.batch)
  }

  /**
   * Lists for the arrays of one step. They are the call's own until {@link giveBackArrays}: a getter of the caller's
   * objects may make another step meanwhile.
   */
  takeArrays(): StepArrays {
    const arrays = this.#shared.free ?? { inputs: [], outputs: [] }
    this.#shared.free = undefined
    return arrays
  }

  /** Lets later steps use the lists, which no longer refer to the caller's arrays. They keep their lengths, and so their memory. */
  giveBackArrays(arrays: StepArrays): void {
    arrays.inputs.fill(NO_ARRAY)
    arrays.outputs.fill(NO_ARRAY)
    this.#shared.free = arrays
  }

  /** Checks the array of an input, and puts it into its place. */
  putInput(arrays: StepArrays, index: number, given: unknown): void {
    const input = this.#part.inputs[index]!
    const values = checkStepInput(input, this.batch, given)
    // The native part has only the graph's name of a target.
    if (this.#part.decoder !== undefined) {
      checkIndices(input.argument, values as Int32Array, input.size)
    }
    arrays.inputs[index] = values
  }

  /** Checks the array of an output, or makes one, and puts it into its place. All inputs and the outputs before it are in theirs. */
  putOutput(arrays: StepArrays, index: number, given: unknown): void {
    const { inputs, outputs } = this.#part
    const { output, formula, width } = outputs[index]!
    const array = resultArray(output, given, formula, this.batch * width)
    arrays.outputs[index] = array
    if (given === undefined) return
    for (let i = 0; i < inputs.length; i++) {
      checkDistinct(output, array, inputs[i]!.argument, arrays.inputs[i]!)
    }
    for (let i = 0; i < index; i++) {
      checkDistinct(output, array, outputs[i]!.output, arrays.outputs[i]!)
    }
  }

  /**
   * Reads the sources of a session of a decoder, which come before its first step. If this fails, the session is disposed
   * of.
   *
   * @param signal - unchecked
   */
  async encode(sources: NativeModelBatch, signal: unknown): Promise<void> {
    try {
      await abortable(signal, (flag) => this.native.encode(sources, flag))
    } catch (error) {
      this.native.dispose()
      throw error
    }
  }

  /** As {@link encode}, on the calling thread. */
  encodeSync(sources: NativeModelBatch): void {
    try {
      this.native.encodeSync(sources)
    } catch (error) {
      this.native.dispose()
      throw error
    }
  }

  async step({ inputs, outputs }: StepArrays, signal: unknown): Promise<void> {
    await abortable(signal, (flag) => this.native.step(inputs, outputs, flag))
  }
}
