/**
 * How much a case computes and reads, and how fast the machine can be at that.
 *
 * @module
 */
import type { BenchCase, Mode } from './cases'
import { CELLS } from './cells'
import { directions, stateCount } from './tensors'

const FLOAT = 4

/** What the machine reached beside a measurement, with the same number of threads. */
export interface Ceilings {
  /** Floating-point operations a second in independent chains of fused multiply-adds. */
  readonly flops: number
  /** Bytes a second from a buffer of {@link Work.weightBytes}. */
  readonly readBytes: number
}

export interface Work {
  /** Of the matrix products; what is pointwise is left out. */
  readonly flops: number
  /** Weights that must be read, however often they repeat. */
  readonly readBytes: number
  /** Weights that a step reads: the set that a cache has to hold. */
  readonly weightBytes: number
}

export interface Bound {
  readonly kind: 'FMA' | 'read'
  /** No implementation on this machine and number of threads takes less. */
  readonly seconds: number
}

/**
 * The work of a case of which `rows` steps are valid, over all sequences.
 *
 * Each gate's product W x or U h of H values costs 2 operations a weight; backward does it twice again, for the
 * inputs' gradients and for the weights'. Recurrent weights are read once a step in either direction of
 * the pass. Those of the input are read once, all steps at a time.
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

/** The later of the two times that the ceilings allow. */
export function boundOf(work: Work, ceilings: Ceilings): Bound {
  const compute = work.flops / ceilings.flops
  const read = work.readBytes / ceilings.readBytes
  return read > compute ? { kind: 'read', seconds: read } : { kind: 'FMA', seconds: compute }
}

/** The bytes that a training pass cannot do without. */
export interface MemoryNeed {
  readonly parameters: number
  /** Of parameters, input and initial states. */
  readonly gradients: number
  readonly inputs: number
  readonly outputs: number
  /** Until backward, floats a step, sequence, layer and direction: 5H + I of a GRU, 6H + I of an LSTM. */
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
  // The gradients that backward starts from are inputs too.
  const inputs = FLOAT * (rows * (inputSize + ways * hiddenSize) + 2 * states)
  const outputs = FLOAT * (rows * ways * hiddenSize + states)
  const gradients = parameters + FLOAT * (rows * inputSize + states)
  const kept = FLOAT * rows * ways * (cell.kept * hiddenSize * numLayers + layerInputs)
  const sum = parameters + gradients + inputs + outputs + kept
  return { parameters, gradients, inputs, outputs, kept, sum }
}
