/**
 * Parameters by name: copies from the native part and to it.
 *
 * @module
 */
import type { NonSharedFloat32Array, ParameterSpec } from '../binding'
import { newFloat32Array } from './arrays'
import { checkFloat32Array, checkLength, checkOptions, checkProduct } from './validate'

/** Tensors by their PyTorch names, each flat and row-major. */
export type Parameters = Record<string, NonSharedFloat32Array>

/** Some tensors by their PyTorch names, each flat and row-major. */
export type SomeParameters = Readonly<Record<string, Float32Array>>

/** The native object that owns parameters: a layer or a model. */
export interface ParameterOwner {
  readonly parameterCount: number
  parameterSpecs(): ParameterSpec[]
  readParametersSync(target: Float32Array, call: string, promiseForm: string): void
  writeParametersSync(source: Float32Array, call: string, promiseForm: string): void
  readParameters(call: string, count: number, positions: number[]): Promise<NonSharedFloat32Array>
  writeParameters(call: string, tensors: (Float32Array | null)[]): Promise<void>
}

/** Views of tensors in a flat vector. */
export function viewsOf(
  specs: readonly Readonly<ParameterSpec>[],
  flat: NonSharedFloat32Array,
): Parameters {
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
   * Copies of all tensors at the call's turn, which share one buffer. They are made on the engine's threads.
   *
   * @param call - the name of the caller's own call in messages, such as 'gru.readParameters'
   */
  async read(call: string): Promise<Parameters> {
    return this.views(await this.readFlat(call))
  }

  /** As {@link read}, as one flat vector in the order of {@link specs}. */
  async readFlat(call: string): Promise<NonSharedFloat32Array> {
    checkProduct('parameters', 'all parameters', this.count)
    const offsets = this.specs.map(({ offset }) => offset)
    return this.#owner.readParameters(call, this.count, offsets)
  }

  /**
   * As {@link read}, on the calling thread.
   *
   * @param promiseForm - the name of the call that waits for its turn
   * @throws GruError ERR_GRU_BUSY while a promise of the owner is pending
   */
  readSync(call: string, promiseForm: string): Parameters {
    return this.views(this.#readFlatSync(call, promiseForm))
  }

  /** Views of the named tensors in a flat vector of all parameters. */
  views(flat: NonSharedFloat32Array): Parameters {
    return viewsOf(this.specs, flat)
  }

  /**
   * Copies tensors to the native part at the call's turn. Tensors that are not named keep their values. If there is any
   * error, all of them do. The caller's arrays are copied before the promise is returned.
   *
   * @param call - as for {@link read}
   * @param values - the caller's argument, unchecked
   */
  async write(call: string, values: unknown): Promise<void> {
    await this.#owner.writeParameters(call, this.#given(values))
  }

  /** As {@link write}, on the calling thread. It throws as {@link readSync}. */
  writeSync(call: string, promiseForm: string, values: unknown): void {
    const arrays = this.#given(values)
    const flat = arrays.includes(null) ? this.#readFlatSync(call, promiseForm) : this.#newFlat()
    for (const [index, { offset }] of this.specs.entries()) {
      const array = arrays[index]
      if (array) flat.set(array, offset)
    }
    this.#owner.writeParametersSync(flat, call, promiseForm)
  }

  #readFlatSync(call: string, promiseForm: string): NonSharedFloat32Array {
    const flat = this.#newFlat()
    this.#owner.readParametersSync(flat, call, promiseForm)
    return flat
  }

  /** The caller's tensors in the order of {@link specs}; null for one that is not named. */
  #given(values: unknown): (Float32Array | null)[] {
    const given: { readonly [name: string]: unknown } = checkOptions(
      'parameters',
      values,
      this.#names,
    )
    return this.specs.map((spec) => givenTensor(spec, given))
  }

  #newFlat(): NonSharedFloat32Array {
    return newFloat32Array('parameters', 'all parameters', this.count)
  }
}

function givenTensor(
  { name, shape, count }: Readonly<ParameterSpec>,
  given: { readonly [name: string]: unknown },
): Float32Array | null {
  if (!(name in given)) return null
  const argument = `parameters['${name}']`
  const array = checkFloat32Array(argument, given[name])
  checkLength(argument, array, shape.join('*'), count)
  return array
}
