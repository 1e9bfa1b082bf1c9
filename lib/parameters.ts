/**
 * Parameters by name: copies out of the native part and into it.
 *
 * @module
 */
import type { ParameterSpec } from '../binding'
import { newFloat32Array } from './arrays'
import { checkFloat32Array, checkLength, checkOptions } from './validate'

/** Tensors by their PyTorch names, each flat and row-major. */
export type Parameters = Record<string, Float32Array>

/** What owns parameters on the native side: a layer or a model. */
export interface ParameterOwner {
  readonly parameterCount: number
  parameterSpecs(): ParameterSpec[]
  readParameters(target: Float32Array, call: string): void
  writeParameters(source: Float32Array, call: string): void
}

/** The named parameters of one layer or model. */
export class ParameterTable {
  /** In the order in which they lie in the flat vector of all parameters. */
  readonly specs: readonly Readonly<ParameterSpec>[]
  /** Numbers in all tensors together. */
  readonly count: number
  readonly #owner: ParameterOwner
  readonly #names: readonly string[]

  constructor(owner: ParameterOwner) {
    this.#owner = owner
    this.count = owner.parameterCount
    this.specs = owner.parameterSpecs()
    this.#names = this.specs.map(({ name }) => name)
  }

  /**
   * Copies of all tensors; they share one buffer.
   *
   * @param call - the caller's own call, as 'gru.getParameters', for messages
   * @throws GruError ERR_GRU_BUSY while a promise of the owner is pending
   */
  read(call: string): Parameters {
    return this.views(this.readFlat(call))
  }

  /** Views of the named tensors in a flat vector of all. */
  views(flat: Float32Array): Parameters {
    const views: Parameters = {}
    for (const { name, offset, count } of this.specs) {
      views[name] = flat.subarray(offset, offset + count)
    }
    return views
  }

  /**
   * Copies tensors in. Those that are not named keep their values; on any error all do.
   *
   * @param call - as of {@link read}
   * @param values - the caller's argument, unchecked
   * @throws GruError ERR_GRU_BUSY as {@link read}
   */
  write(call: string, values: unknown): void {
    const given: { readonly [name: string]: unknown } = checkOptions(
      'parameters',
      values,
      this.#names,
    )
    const arrays = this.specs.map((spec) => givenTensor(spec, given))
    const flat = arrays.includes(undefined) ? this.readFlat(call) : this.#newFlat()
    for (const [index, { offset }] of this.specs.entries()) {
      const array = arrays[index]
      if (array !== undefined) flat.set(array, offset)
    }
    this.writeFlat(flat, call)
  }

  /** A copy of all tensors as one flat vector in the order of {@link specs}; `call` is what messages call it. */
  readFlat(call: string): Float32Array {
    const flat = this.#newFlat()
    this.#owner.readParameters(flat, call)
    return flat
  }

  /** Copies all tensors in, from a flat vector in the order of {@link specs}; `call` is what messages call it. */
  writeFlat(flat: Float32Array, call: string): void {
    this.#owner.writeParameters(flat, call)
  }

  #newFlat(): Float32Array {
    return newFloat32Array('parameters', 'all parameters', this.count)
  }
}

function givenTensor(
  { name, shape, count }: Readonly<ParameterSpec>,
  given: { readonly [name: string]: unknown },
): Float32Array | undefined {
  if (!(name in given)) return undefined
  const argument = `parameters['${name}']`
  const array = checkFloat32Array(argument, given[name])
  checkLength(argument, array, shape.join('*'), count)
  return array
}
