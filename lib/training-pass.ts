/**
 * A training pass of a model, between forward and backward, for losses that the caller computes.
 *
 * @module
 */
import type {
  NativeTrainer,
  NativeTrainingPass,
  NonSharedFloat32Array,
  PassMemory,
} from '../binding'
import { abortable } from './abort'
import { optionalArray } from './arrays'
import { fixProperties } from './fixed-properties'
import type { ModelInternals } from './graph-model'
import { type CheckedInputs, newPredictions } from './model-batch'
import { native } from './native'
import { checkOptions } from './validate'

/** The gradients of a loss with respect to the predictions P of a {@link TrainingPass}. */
export type PredictionGradients<P> = P extends Float32Array
  ? Float32Array
  : { readonly [K in keyof P]: Float32Array }

/** Options of `backward` of a {@link TrainingPass}. */
export interface PassBackwardOptions {
  /**
   * Stops the call: at once if it has not begun, otherwise between two steps. It then rejects with the signal's reason and
   * adds nothing. The pass cannot be used again.
   */
  readonly signal?: AbortSignal | undefined
}

/**
 * The predictions of a forward call of a trainer, and the data that backward needs. `backward`, `dispose`, and `dispose`
 * of the model free its memory.
 *
 * @typeParam P - a Float32Array for a SequenceModel; for a Model Float32Arrays by the outputs' names
 */
export class TrainingPass<P> {
  readonly #model: ModelInternals
  readonly #native: NativeTrainingPass
  readonly #predictions: NonSharedFloat32Array[]

  /** @internal */
  constructor(
    model: ModelInternals,
    pass: NativeTrainingPass,
    predictions: NonSharedFloat32Array[],
  ) {
    this.#model = model
    this.#native = pass
    this.#predictions = predictions
  }

  /**
   * [steps, batch, size], or [batch, size] if the output has one row for each sequence. Logits for classes, otherwise
   * values; 0 without a valid step.
   */
  get predictions(): P {
    const { core, form } = this.#model
    return form.predictionsOf(core.graph, this.#predictions) as P
  }

  /**
   * Computes the parameters' gradients of a loss from its gradients with respect to the predictions, and adds them to the
   * gradients for the next update. The arrays are copied before the promise is returned. Rows past a sequence's length
   * may contain any values; they are ignored. The pass cannot be used again.
   *
   * @param gradients - in the form of the predictions; an absent output of several has gradients of 0
   * @throws GruError ERR_GRU_DISPOSED if the pass was used, or if it, its trainer or its model is disposed of;
   *   ERR_GRU_VALUE if parameters changed since the forward call; ERR_GRU_SHAPE and ERR_GRU_TYPE for wrong arrays
   */
  async backward(
    gradients: PredictionGradients<P>,
    options: PassBackwardOptions = {},
  ): Promise<void> {
    const arrays = this.#check(gradients)
    const { signal } = checkOptions('options', options, ['signal'])
    await abortable(signal, (flag) => this.#native.backward(arrays, flag))
  }

  /**
   * As {@link backward}, on the calling thread, reading the arrays in place.
   *
   * @throws GruError also ERR_GRU_BUSY while a promise of the trainer, or of its model, is pending
   */
  backwardSync(gradients: PredictionGradients<P>): void {
    this.#native.backwardSync(this.#check(gradients))
  }

  /**
   * The bytes that the pass holds until its backward.
   *
   * @throws GruError ERR_GRU_DISPOSED, as {@link backward}
   */
  memory(): PassMemory {
    return this.#native.memory()
  }

  /** Frees the memory for backward. May be called again. The predictions stay. */
  dispose(): void {
    this.#native.dispose()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  #check(gradients: unknown): (Float32Array | null)[] {
    const { core, form } = this.#model
    const given = form.gradientsOf(core.graph, gradients)
    return core.graph.outputs.map(({ formula }, index) => {
      const { argument, value } = given[index]!
      return optionalArray(argument, value, formula, this.#predictions[index]!.length)
    })
  }
}

fixProperties(TrainingPass, 'a pass is what trainer.forward made it')

/** A pass before its forward call, and the arrays for the predictions. */
interface NewPass {
  readonly pass: NativeTrainingPass
  readonly predictions: NonSharedFloat32Array[]
}

/** Runs a forward call on a thread of the engine. The inputs are copied before it returns. */
export async function startPass<P>(
  model: ModelInternals,
  trainer: NativeTrainer,
  inputs: CheckedInputs,
  signal: unknown,
): Promise<TrainingPass<P>> {
  const { pass, predictions } = createPass(model, trainer, inputs)
  try {
    await abortable(signal, (flag) => pass.forward(predictions, flag))
  } catch (error) {
    pass.dispose()
    throw error
  }
  return new TrainingPass(model, pass, predictions)
}

/** As {@link startPass}, on the calling thread. */
export function runPass<P>(
  model: ModelInternals,
  trainer: NativeTrainer,
  inputs: CheckedInputs,
): TrainingPass<P> {
  const { pass, predictions } = createPass(model, trainer, inputs)
  try {
    pass.forwardSync(predictions)
  } catch (error) {
    pass.dispose()
    throw error
  }
  return new TrainingPass(model, pass, predictions)
}

function createPass(
  { core }: ModelInternals,
  trainer: NativeTrainer,
  { batch, inputs }: CheckedInputs,
): NewPass {
  const call = { batch, inputs }
  const predictions = newPredictions(core.graph, call)
  return { pass: new (native().NativeTrainingPass)(trainer, call), predictions }
}
