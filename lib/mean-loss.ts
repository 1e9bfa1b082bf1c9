/**
 * The mean loss of some batches.
 *
 * @module
 */
import type { StepMetrics } from '../binding'
import { argumentError, describe } from './errors'
import { checkNumber, checkOptions } from './validate'

/** The sums of a mean so far, for each output: a plain JSON value. */
export interface MeanLossState {
  readonly sums: readonly number[]
  readonly denominators: readonly number[]
}

/**
 * For each output the sum of the losses of its rows in all batches, divided by the sum of the denominators; then the sum
 * of this over all outputs. It does not depend on how rows are divided into batches.
 */
export class MeanLoss {
  #sums: number[] = []
  #denominators: number[] = []

  /** Whether no batch was added. */
  get isEmpty(): boolean {
    return this.#sums.length === 0
  }

  /** NaN if no batch was added. */
  get value(): number {
    if (this.isEmpty) return NaN
    return this.#sums.reduce((total, sum, output) => {
      const denominator = this.#denominators[output]!
      return total + (denominator === 0 ? 0 : sum / denominator)
    }, 0)
  }

  add({ outputs }: Pick<StepMetrics, 'outputs'>): void {
    for (const [output, { loss, denominator }] of outputs.entries()) {
      this.#sums[output] = (this.#sums[output] ?? 0) + loss * denominator
      this.#denominators[output] = (this.#denominators[output] ?? 0) + denominator
    }
  }

  reset(): void {
    this.restore({ sums: [], denominators: [] })
  }

  get state(): MeanLossState {
    return { sums: [...this.#sums], denominators: [...this.#denominators] }
  }

  /** Continues from a state. */
  restore({ sums, denominators }: MeanLossState): void {
    this.#sums = [...sums]
    this.#denominators = [...denominators]
  }
}

/** Checks a state from outside. It must have an element for each output of the model. */
export function checkMeanLossState(
  argument: string,
  outputs: number,
  value: unknown,
): MeanLossState {
  const given = checkOptions(argument, value, ['sums', 'denominators'])
  const sums = checkNumbers(`${argument}.sums`, given.sums)
  const denominators = checkNumbers(`${argument}.denominators`, given.denominators, { atLeast: 0 })
  const { length } = sums
  if (length === denominators.length && (length === 0 || length === outputs)) {
    return { sums, denominators }
  }
  const expected = `none, or a number for each of the ${outputs} outputs, in sums and denominators`
  const got = `${length} and ${denominators.length}`
  throw argumentError('ERR_GRU_VALUE', argument, expected, got)
}

function checkNumbers(
  argument: string,
  value: unknown,
  range: { readonly atLeast?: number } = {},
): number[] {
  if (!Array.isArray(value)) {
    throw argumentError('ERR_GRU_TYPE', argument, 'an Array of numbers', describe(value))
  }
  return Array.from(value as readonly unknown[], (number, index) =>
    checkNumber(`${argument}[${index}]`, number, range),
  )
}
