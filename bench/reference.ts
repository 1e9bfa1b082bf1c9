/**
 * Runs a case with the project's scalar double-precision reference.
 *
 * @module
 */
import type * as Binding from '../binding'
import type { BenchCase } from './cases'
import { type CarriedState, eachState } from './cells'

/** The part of the native surface that computes the correct results. */
export type Reference = Pick<Binding.NativeSurface, 'referenceGru' | 'referenceLstm'>

/** The native options of a case's stack. An LSTM ignores those that only a GRU has. */
export function nativeOptions(given: BenchCase): Binding.NativeGruOptions {
  const { inputSize, hiddenSize, numLayers, bidirectional, resetAfter } = given
  return {
    ...{ inputSize, hiddenSize, numLayers, bidirectional, resetAfter },
    ...{ bias: true, batchFirst: false, dropout: 0, updateGate: 'retain' },
  }
}

/** A call of the reference, in which the carried states come one by one. */
export interface StackCall extends Omit<
  Binding.ReferenceCall,
  'initialState' | 'dState' | 'seed' | 'pass'
> {
  /** Before the first step; null for zero. */
  readonly initial: (state: CarriedState) => Float64Array | null
  /** The gradient of the final one. */
  readonly dFinal: (state: CarriedState) => Float64Array
}

/** Runs the reference of a case's cell, forward and backward. */
export function runReference(
  native: Reference,
  given: BenchCase,
  parameters: Float64Array,
  { initial, dFinal, ...others }: StackCall,
): Binding.ReferenceResult & Partial<Binding.LstmReferenceResult> {
  const call = {
    ...{ ...others, seed: 0, pass: 0 },
    ...eachState(given.cell, (state) => [state.initial, initial(state)]),
    ...eachState(given.cell, (state) => [state.dFinal, dFinal(state)]),
  } as Binding.LstmReferenceCall
  const run = given.cell === 'lstm' ? native.referenceLstm : native.referenceGru
  return run(nativeOptions(given), parameters, call)
}
