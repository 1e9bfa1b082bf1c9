/**
 * Runs a case with the project's scalar double-precision reference.
 *
 * @module
 */
import type * as Binding from '../binding'
import type { BenchCase } from './cases'

/** The part of the native surface that computes the correct results. */
export type Reference = Pick<Binding.NativeSurface, 'referenceGru'>

/** The native options of a case's stack. */
export function nativeOptions(given: BenchCase): Binding.NativeGruOptions {
  const { inputSize, hiddenSize, numLayers, bidirectional, resetAfter } = given
  return {
    ...{ inputSize, hiddenSize, numLayers, bidirectional, resetAfter },
    ...{ bias: true, batchFirst: false, dropout: 0, updateGate: 'retain' },
  }
}
