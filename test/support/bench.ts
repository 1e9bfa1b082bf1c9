import { type BenchCase, CASES } from '../../bench/cases'

export function caseNamed(name: string): BenchCase {
  return CASES.find((given) => given.name === name)!
}

/** A case of the bench that takes almost no time. */
export const SMALL: BenchCase = {
  ...caseNamed('b4-t100-i128-h128'),
  ...{ name: 'small', batch: 4, steps: 3, inputSize: 5, hiddenSize: 6 },
}

/** The same case for an LSTM. */
export const SMALL_LSTM: BenchCase = { ...SMALL, name: 'small-lstm', cell: 'lstm' }
