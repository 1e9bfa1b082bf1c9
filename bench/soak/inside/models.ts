/**
 * The models that a soak serves, each with a twin that computes the expected answers.
 *
 * @module
 */
import type * as Library from 'gru-native'
import { library } from '../../serving/inside/library'

export const TOKENS = 65
export const CLASSES = 8

/** A model, and how many sequences still need it after it was replaced. */
export class ServedModel {
  readonly model: Library.SequenceModel
  /** Has the same parameters, and is used by synchronous calls only. */
  readonly #twin: Library.SequenceModel
  #users = 1

  constructor(seed: number) {
    this.model = createModel(seed)
    this.#twin = createModel(seed)
  }

  use(): this {
    this.#users++
    return this
  }

  /** Disposes of the model after its last use. */
  leave(): void {
    if (--this.#users > 0) return
    this.model.dispose()
    this.#twin.dispose()
  }

  /** The predictions of a whole sequence, [steps, CLASSES]. */
  expected(tokens: Int32Array): Float32Array {
    return this.#twin.predictSync(tokens)
  }
}

function createModel(seed: number): Library.SequenceModel {
  return new library.SequenceModel({
    input: { tokens: TOKENS, embeddingSize: 16 },
    gru: { hiddenSize: 64 },
    output: { size: CLASSES, loss: 'crossEntropy', every: 'step' },
    seed,
  })
}

export function sameBytes(one: ArrayBufferView, other: ArrayBufferView): boolean {
  const bytes = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
    new Uint8Array(buffer, byteOffset, byteLength)
  return Buffer.compare(bytes(one), bytes(other)) === 0
}
