/**
 * Parameters by name: copies from the native part and to it.
 *
 * @module
 */
import type { ParameterSpec } from '../binding'
import { newFloat32Array } from './arrays'
import { checkFloat32Array, checkLength, checkOptions } from './validate'

/** Tensors by their PyTorch names, each flat and row-major. */
export type Parameters = Record<string, Float32Array>

/** The native object that owns parameters: a layer or a model. */
export interface ParameterOwner {
  readonly parameterCount: number
  parameterSpecs(): ParameterSpec[]
  readParameters(target: Float32Array, call: string): void
  writeParameters(source: Float32Array, call: string): void
}

/** Views of tensors in a flat vector. */
export function viewsOf(specs: readonly Readonly<ParameterSpec>[], flat: Float32Array): Parameters {
  const views: Parameters = {}
  for (const { name, offset, count } of specs) views[name] = flat.subarray(offset, offset + count)
  return views
}

/** The named parameters of one layer or model. */
export class ParameterTable {
  /** In the order of the flat vector of all parameters. */
  readonly specs: readonly Readonly<ParameterSpec>[]
  /** The number of values in all tensors. */
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
   * Copies of all tensors, which share one buffer.
   *
   * @param call - the name of the caller's own call in messages, such as 'gru.getParameters'
   * @throws GruError ERR_GRU_BUSY while a promise of the owner is pending
   */
  read(call: string): Parameters {
    return this.views(this.readFlat(call))
  }

  /** Views of the named tensors in a flat vector of all parameters. */
  views(flat: Float32Array): Parameters {
    return viewsOf(this.specs, flat)
  }

  /**
   * Copies tensors to the native part. Tensors that are not named keep their values. If there is any error, all of them
   * do.
   *
   * @param call - as for {@link read}
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

  /**
   * Copies all tensors from a flat vector in the order of {@link specs}. `call` is the name of the call in messages.
   */
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
