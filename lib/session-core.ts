/**
 * The native session, and the arrays that its steps hand over.
 *
 * @module
 */
import type { NativeSession } from '../binding'
import { abortable } from './abort'
import { checkDistinct, resultArray } from './arrays'
import { inputNames, outputNames } from './batch-forms'
import type { GraphInput } from './graph'
import type { GraphModel } from './graph-model'
import { checkInputType, type ModelInput } from './model-batch'
import { native } from './native'
import { checkLength } from './validate'

/** Checks the array of an input of a step of `batch` sequences. */
export function checkStepInput(input: GraphInput, batch: number, given: unknown): ModelInput {
  const values = checkInputType(input.argument, input, given)
  checkLength(input.argument, values, input.formula, batch * input.columns)
  return values
}

/** The arrays of a step, in the order of the graph's inputs and outputs. */
export interface StepArrays {
  readonly inputs: ModelInput[]
  readonly outputs: Float32Array[]
}

/** The place of an array that a call has given back. */
const NO_ARRAY = new Float32Array(0)

/** What the sessions of a model share. */
interface SharedBySessions {
  readonly inputNames: readonly string[]
  readonly outputNames: readonly string[]
  /** Lists that no call uses now, so that a step on the calling thread makes no object. */
  free: StepArrays | undefined
}

const sharedBySessions = new WeakMap<GraphModel, SharedBySessions>()

function sharedBy(model: GraphModel): SharedBySessions {
  const known = sharedBySessions.get(model)
  if (known !== undefined) return known
  const { graph } = model
  const made = { inputNames: inputNames(graph), outputNames: outputNames(graph), free: undefined }
  sharedBySessions.set(model, made)
  return made
}

/** A session without the forms of its calls, which depend on the class of the model. */
export class SessionCore {
  readonly native: NativeSession
  readonly batch: number
  /** The number of values in all states. */
  readonly stateCount: number
  readonly model: GraphModel
  readonly #shared: SharedBySessions

  constructor(model: GraphModel, batch: number) {
    this.model = model
    this.#shared = sharedBy(model)
    this.batch = batch
    this.native = new (native().NativeSession)(model.native, batch)
    this.stateCount = this.native.stateCount
  }

  get inputNames(): readonly string[] {
    return this.#shared.inputNames
  }

  get outputNames(): readonly string[] {
    return this.#shared.outputNames
  }

  /** Another session of the model, with as many sequences. */
  open(): SessionCore {
    return new SessionCore(this.model, this.batch)
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
    const input = this.model.graph.inputs[index]!
    arrays.inputs[index] = checkStepInput(input, this.batch, given)
  }

  /** Checks the array of an output, or makes one, and puts it into its place. All inputs and the outputs before it are in theirs. */
  putOutput(arrays: StepArrays, index: number, given: unknown): void {
    const { inputs, outputs } = this.model.graph
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

  async step({ inputs, outputs }: StepArrays, signal: unknown): Promise<void> {
    await abortable(signal, (flag) => this.native.step(inputs, outputs, flag))
  }
}
