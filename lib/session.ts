/**
 * Sessions: sequences that a model computes step by step.
 *
 * @module
 */
import type { NonSharedFloat32Array, SessionMemory } from '../binding'
import { abortable } from './abort'
import { newFloat32Array } from './arrays'
import { type ModelInputs, named } from './batch-forms'
import { markClass } from './copy'
import { fixProperties } from './fixed-properties'
import type { ModelInput } from './model-batch'
import { shapeFormulas } from './native'
import type { SessionCore, StepArrays } from './session-core'
import { checkFloat32Array, checkLength, checkOptions, checkPositiveInteger } from './validate'

/** The options of a new session. */
export interface SessionOptions {
  /** The number of sequences, which take every step together. Default 1. */
  readonly batch?: number | undefined
}

/** The options of a session's call that returns a promise. */
export interface SessionCallOptions {
  /**
   * Stops the call: at once if it has not begun, otherwise between two layers. It then rejects with the signal's reason,
   * and the states stay as they were.
   */
  readonly signal?: AbortSignal | undefined
}

/** The options of a step of a {@link SequenceSession} or a {@link DecoderSession} that returns a promise. */
export interface SessionStepOptions extends SessionCallOptions {
  /** An array to write the prediction into, [batch, O]. Default: a new one. */
  readonly output?: Float32Array | undefined
}

/** The options of a step of a {@link ModelSession} that returns a promise. */
export interface ModelSessionStepOptions extends SessionCallOptions {
  /** Arrays to write the predictions into, [batch, size] each, by the outputs' names. Default: new ones. */
  readonly outputs?: Readonly<Record<string, Float32Array>> | undefined
}

/**
 * What all sessions can do. The prediction of a step has the same bits as that of `predict` for the same sequence from
 * its first step on; an output with one row for each sequence is the one after this step. A session holds the states of
 * the recurrent layers. The sessions of a model share its weights and its other memory.
 *
 * The calls of a session take effect in the order in which they were made. A call that fails or is aborted leaves the
 * states as they were, except a step whose output array was detached while it waited. If a GPU fails while it copies the
 * states after a step, they are lost: calls fail with ERR_GRU_DEVICE until `reset` or `setState`.
 */
export abstract class Session {
  readonly #core: SessionCore

  static {
    markClass(this)
  }

  /** @internal */
  constructor(core: SessionCore) {
    this.#core = core
  }

  /** The number of sequences, which take every step together. */
  get batch(): number {
    return this.#core.batch
  }

  /** The number of values in the states of one sequence. */
  get stateSize(): number {
    return this.#core.stateCount / this.batch
  }

  /**
   * The next step begins with states of 0, of a {@link DecoderSession} with those that follow from its sources. Calls of the
   * session that were made before finish first, but not a step that waits in a batcher's queue: it begins so too.
   *
   * @throws GruError ERR_GRU_DISPOSED
   */
  reset(): void {
    this.#core.native.reset()
  }

  /**
   * A new session with a copy of the states. Later calls of one of the two do not change the other.
   *
   * @throws GruError ERR_GRU_DISPOSED; ERR_GRU_MEMORY; the signal's reason if it was aborted
   */
  async fork(options: SessionCallOptions = {}): Promise<this> {
    const { signal } = checkOptions('options', options, ['signal'])
    const made = this.#newSession()
    await abortable(signal, (flag) => made.#core.native.copyFrom(this.#core.native, flag))
    return made
  }

  /**
   * As {@link fork}, on the calling thread.
   *
   * @throws GruError also ERR_GRU_BUSY while a promise of the model, of its trainers or of its sessions is pending
   */
  forkSync(): this {
    const made = this.#newSession()
    made.#core.native.copyFromSync(this.#core.native)
    return made
  }

  /**
   * A copy of the states: the arrays of `model.zeroStates(batch)` one after another, layer by layer in the order of
   * computation, each [L*D, batch, H]; an LSTM's cell state follows its state. A session of a model with the same layers
   * and parameters that gets them goes on to the same bits, in another process too. Of a {@link DecoderSession} they are the
   * states of the layer `decoder`, and the other session must have the same sources.
   *
   * @throws GruError ERR_GRU_DISPOSED; ERR_GRU_MEMORY; the signal's reason if it was aborted
   */
  async getState(options: SessionCallOptions = {}): Promise<NonSharedFloat32Array> {
    const { signal } = checkOptions('options', options, ['signal'])
    const state = this.#newState()
    await abortable(signal, (flag) => this.#core.native.readStates(state, flag))
    return state
  }

  /**
   * As {@link getState}, on the calling thread.
   *
   * @throws GruError also ERR_GRU_BUSY, as {@link forkSync}
   */
  getStateSync(): NonSharedFloat32Array {
    const state = this.#newState()
    this.#core.native.readStatesSync(state)
    return state
  }

  /**
   * Copies states in, as {@link getState} returns them. The array is copied before the promise is returned.
   *
   * @throws GruError ERR_GRU_SHAPE, ERR_GRU_TYPE for another array; ERR_GRU_DISPOSED; ERR_GRU_MEMORY; the signal's
   *   reason if it was aborted
   */
  async setState(state: Float32Array, options: SessionCallOptions = {}): Promise<void> {
    const { signal } = checkOptions('options', options, ['signal'])
    const checked = this.#checkState(state)
    await abortable(signal, (flag) => this.#core.native.writeStates(checked, flag))
  }

  /**
   * As {@link setState}, on the calling thread.
   *
   * @throws GruError also ERR_GRU_BUSY, as {@link forkSync}
   */
  setStateSync(state: Float32Array): void {
    this.#core.native.writeStatesSync(this.#checkState(state))
  }

  /**
   * The bytes that the session holds alone. While calls are pending, they are those after the last call that ended.
   *
   * @throws GruError ERR_GRU_DISPOSED
   */
  memory(): SessionMemory {
    return this.#core.native.memory()
  }

  /** Frees the states, after pending calls have ended. May be called again. The model's `dispose` does so too. */
  dispose(): void {
    this.#core.native.dispose()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  /** Whether a value is a session of this copy of the package: more than an object with the prototype of one. */
  static isSession(value: unknown): value is Session {
    return typeof value === 'object' && value !== null && #core in value
  }

  /** The parts of a session, for a batcher. */
  static coreOf(session: Session): SessionCore {
    return session.#core
  }

  #newSession(): this {
    const Class = this.constructor as new (core: SessionCore) => this
    return new Class(this.#core.open())
  }

  #newState(): NonSharedFloat32Array {
    return newFloat32Array('state', shapeFormulas().sessionState, this.#core.stateCount)
  }

  #checkState(given: unknown): Float32Array {
    const state = checkFloat32Array('state', given)
    checkLength('state', state, shapeFormulas().sessionState, this.#core.stateCount)
    return state
  }
}

/** A {@link Session} with one input and one output. */
export abstract class SingleSession<Input extends ModelInput> extends Session {
  /**
   * One step of every sequence. A step that takes some microseconds is computed before the promise is returned, if no call
   * is before it. Every 64th of them is computed on the engine's threads, so that a loop of awaited steps lets the event
   * loop run.
   *
   * @param input - features [batch, I] or tokens [batch]; it is copied before the promise is returned. Of a
   *   {@link DecoderSession} the last token of each target: `begin` in the first step
   * @returns the prediction [batch, O]: logits for classes, otherwise values
   * @throws GruError ERR_GRU_SHAPE, ERR_GRU_TYPE, ERR_GRU_VALUE for wrong arguments; ERR_GRU_DISPOSED; ERR_GRU_MEMORY;
   *   the signal's reason if it was aborted
   */
  async step(input: Input, options: SessionStepOptions = {}): Promise<NonSharedFloat32Array> {
    const { output, signal } = checkOptions('options', options, ['output', 'signal'])
    const arrays: StepArrays = { inputs: [], outputs: [] }
    this.#put(arrays, input, output)
    await Session.coreOf(this).step(arrays, signal)
    return arrays.outputs[0]!
  }

  /**
   * As {@link step}, on the calling thread. With `output`, the call allocates no memory after the session's first step.
   *
   * @param output - the array to write the prediction into and to return. Default: a new one
   * @throws GruError also ERR_GRU_BUSY, as {@link forkSync}
   */
  stepSync(input: Input, output?: Float32Array): NonSharedFloat32Array {
    const core = Session.coreOf(this)
    const arrays = core.takeArrays()
    try {
      this.#put(arrays, input, output)
      core.native.stepSync(arrays.inputs, arrays.outputs)
      return arrays.outputs[0]!
    } finally {
      core.giveBackArrays(arrays)
    }
  }

  #put(arrays: StepArrays, input: unknown, output: unknown): void {
    const core = Session.coreOf(this)
    core.putInput(arrays, 0, input)
    core.putOutput(arrays, 0, output)
  }
}

/** A {@link Session} of a {@link SequenceModel}. */
export class SequenceSession extends SingleSession<ModelInput> {}

/**
 * A {@link Session} of the decoder of a {@link Seq2Seq}: targets of some sources, token by token. A step takes the last token
 * of each target, and returns the logits of the next one: `stepSync(tokens, output)`. They have the same bits as in training,
 * which reads the whole target at once. What was read of the sources stays as it was then, also if the model is trained. It
 * is shared with the sessions that {@link fork} makes, and freed with the last of them.
 */
export class DecoderSession extends SingleSession<Int32Array> {}

/** A {@link Session} of a {@link Model}: inputs and outputs by their names. */
export class ModelSession extends Session {
  /**
   * One step of every sequence, as {@link SingleSession.step}.
   *
   * @param inputs - by name: features [batch, features] or tokens [batch]; they are copied before the promise is returned
   * @returns by name: the predictions [batch, size] of each output
   * @throws GruError as {@link SingleSession.step}
   */
  async step(
    inputs: ModelInputs,
    options: ModelSessionStepOptions = {},
  ): Promise<Record<string, NonSharedFloat32Array>> {
    const { outputs, signal } = checkOptions('options', options, ['outputs', 'signal'])
    const arrays: StepArrays = { inputs: [], outputs: [] }
    this.#put(arrays, inputs, outputs)
    const predictions = this.#named(arrays, outputs)
    await Session.coreOf(this).step(arrays, signal)
    return predictions
  }

  /**
   * As {@link step}, on the calling thread. With an array for every output, the call allocates no memory after the
   * session's first step.
   *
   * @param outputs - the arrays to write the predictions into, by name. An output without one gets a new one
   * @returns `outputs` if it has an array for every output
   * @throws GruError also ERR_GRU_BUSY, as {@link forkSync}
   */
  stepSync(
    inputs: ModelInputs,
    outputs?: Readonly<Record<string, Float32Array>>,
  ): Record<string, NonSharedFloat32Array> {
    const core = Session.coreOf(this)
    const arrays = core.takeArrays()
    try {
      this.#put(arrays, inputs, outputs)
      const predictions = this.#named(arrays, outputs)
      core.native.stepSync(arrays.inputs, arrays.outputs)
      return predictions
    } finally {
      core.giveBackArrays(arrays)
    }
  }

  #put(arrays: StepArrays, givenInputs: unknown, givenOutputs: unknown = NONE): void {
    const core = Session.coreOf(this)
    const { inputNames, outputNames } = core
    const inputs = checkOptions('inputs', givenInputs, inputNames)
    for (let i = 0; i < inputNames.length; i++) {
      core.putInput(arrays, i, own(inputs, inputNames[i]!))
    }
    const outputs = checkOptions('outputs', givenOutputs, outputNames)
    for (let i = 0; i < outputNames.length; i++) {
      core.putOutput(arrays, i, own(outputs, outputNames[i]!))
    }
  }

  /** The predictions by name: the caller's object if it has all of them. */
  #named({ outputs }: StepArrays, given: unknown = NONE): Record<string, NonSharedFloat32Array> {
    const predictions = given as Record<string, NonSharedFloat32Array>
    const { outputNames } = Session.coreOf(this)
    for (let i = 0; i < outputNames.length; i++) {
      if (own(predictions, outputNames[i]!) !== outputs[i]) return named(outputNames, outputs)
    }
    return predictions
  }
}

const NONE = Object.freeze({})

/** Inherited properties (`constructor`) are not the caller's. */
function own(values: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(values, name) ? values[name] : undefined
}

/**
 * Checks the options of a new session.
 *
 * @returns its number of sequences
 */
export function checkSession(options: unknown): number {
  const { batch } = checkOptions('options', options, ['batch'])
  return batch === undefined ? 1 : checkPositiveInteger('batch', batch)
}

fixProperties(SequenceSession, 'a session is what model.session made it')
fixProperties(DecoderSession, 'a session is what model.session made it')
fixProperties(ModelSession, 'a session is what model.session made it')
