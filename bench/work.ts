/**
 * The work of a case in operations and bytes, and the machine's limits for it.
 *
 * @module
 */
import type { BenchCase, Mode } from './cases'
import { CELLS } from './cells'
import { directions, stateCount } from './tensors'

const FLOAT = 4

/** The machine's limits in a measurement, with the same number of threads. */
export interface Ceilings {
  /** Floating-point operations per second in independent chains of fused multiply-adds. */
  readonly flops: number
  /** Bytes per second from a buffer of {@link Work.weightBytes}. */
  readonly readBytes: number
}

export interface Work {
  /** The operations of the matrix products. Pointwise operations are not counted. */
  readonly flops: number
  /** The bytes of weights that must be read, counting repetitions. */
  readonly readBytes: number
  /** The bytes of weights that a step reads. A cache must hold them. */
  readonly weightBytes: number
}

export interface Bound {
  readonly kind: 'FMA' | 'read'
  /** The least possible time on this machine with this number of threads. */
  readonly seconds: number
}

/**
 * The work of a case with `rows` valid steps, over all sequences.
 *
 * Each product W x or U h of a gate costs 2 operations for each weight. Backward costs twice that, for the gradients of
 * inputs and of weights. Recurrent weights are read once in each step, forward and backward. Weights of the input are
 * read once for all steps.
 */
export function workOf(given: BenchCase, mode: Mode, rows: number): Work {
  const { hiddenSize, inputSize, numLayers, steps } = given
  const { gates } = CELLS[given.cell]
  const ways = directions(given)
  const inputs = inputSize + (numLayers - 1) * ways * hiddenSize
  const inputWeights = gates * hiddenSize * inputs * ways
  const recurrentWeights = gates * hiddenSize * hiddenSize * numLayers * ways
  const headWeights = given.vocabulary * ways * hiddenSize
  const passes = mode === 'forward' ? 1 : 3
  const readPasses = mode === 'forward' ? 1 : 2
  return {
    flops: 2 * rows * (inputWeights + recurrentWeights + headWeights) * passes,
    readBytes: FLOAT * (steps * recurrentWeights + inputWeights + headWeights) * readPasses,
    weightBytes: FLOAT * (recurrentWeights + (steps === 1 ? inputWeights : 0)),
  }
}

/** The larger of the two times that the ceilings allow. */
export function boundOf(work: Work, ceilings: Ceilings): Bound {
  const compute = work.flops / ceilings.flops
  const read = work.readBytes / ceilings.readBytes
  return read > compute ? { kind: 'read', seconds: read } : { kind: 'FMA', seconds: compute }
}

/** The bytes that every training pass needs. */
export interface MemoryNeed {
  readonly parameters: number
  /** For the gradients of parameters, input and initial states. */
  readonly gradients: number
  readonly inputs: number
  readonly outputs: number
  /** For data kept until backward, in floats for each step, sequence, layer and direction: GRU 5H + I, LSTM 6H + I. */
  readonly kept: number
  readonly sum: number
}

export function memoryNeed(given: BenchCase, parameterCount: number): MemoryNeed {
  const { hiddenSize, inputSize, numLayers, batch, steps } = given
  const ways = directions(given)
  const rows = batch * steps
  const cell = CELLS[given.cell]
  const states = cell.states.length * stateCount(given)
  const layerInputs = inputSize + (numLayers - 1) * ways * hiddenSize
  const parameters = FLOAT * parameterCount
  // The gradients where backward begins are inputs too.
  const inputs = FLOAT * (rows * (inputSize + ways * hiddenSize) + 2 * states)
  const outputs = FLOAT * (rows * ways * hiddenSize + states)
  const gradients = parameters + FLOAT * (rows * inputSize + states)
  const kept = FLOAT * rows * ways * (cell.kept * hiddenSize * numLayers + layerInputs)
  const sum = parameters + gradients + inputs + outputs + kept
  return { parameters, gradients, inputs, outputs, kept, sum }
}
