/**
 * The arguments of a forward call of a layer, checked.
 *
 * @module
 */
import type { NativeRecurrentOptions, NonSharedFloat32Array } from '../binding'
import { checkDistinct, optionalArray, resultArray } from './arrays'
import { shapeFormulas } from './native'
import {
  checkFloat32Array,
  checkLengths,
  checkMultiple,
  checkOptions,
  checkPositiveInteger,
} from './validate'

/** The options of a synchronous forward call. */
export interface ForwardSyncOptions {
  /** Sequences in the input. Default 1. The number of steps follows from the input's length. */
  readonly batch?: number | undefined
  /**
   * The length of each sequence, from 0 to the number of steps, in any order. By default each has all steps.
   * Past its length a sequence's output is 0. Its final state is the state after its last valid step.
   */
  readonly lengths?: Int32Array | readonly number[] | undefined
  /** The state before the first step, [L*D, batch, H]. Default 0. */
  readonly initialState?: Float32Array | undefined
  /** An array to write the output into, [steps, batch, D*H]. Default: a new one. */
  readonly output?: Float32Array | undefined
  /** An array to write the final state into, [L*D, batch, H]; it may be `initialState` itself. Default: a new one. */
  readonly state?: Float32Array | undefined
}

/** The options of a forward call that returns a promise. */
export interface ForwardOptions extends ForwardSyncOptions {
  /** Stops the call: at once if it has not begun, otherwise between two steps. It then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

/** Fixed sizes of a layer. */
export interface RecurrentShape {
  readonly inputSize: number
  /** D*H */
  readonly outputSize: number
  /** L*D*H: values of one sequence's states */
  readonly stateSize: number
  /** Whether there is a cell state besides the state. */
  readonly hasCell: boolean
}

export function recurrentShape(
  options: Readonly<NativeRecurrentOptions>,
  hasCell: boolean,
): RecurrentShape {
  const outputSize = (options.bidirectional ? 2 : 1) * options.hiddenSize
  return {
    inputSize: options.inputSize,
    outputSize,
    stateSize: options.numLayers * outputSize,
    hasCell,
  }
}

const SYNC_KEYS = ['batch', 'lengths', 'initialState', 'output', 'state'] as const
const CELL_SYNC_KEYS = [
  'batch',
  'lengths',
  'initialState',
  'initialCell',
  'output',
  'state',
  'cell',
] as const
const KEYS = [...SYNC_KEYS, 'signal'] as const
const CELL_KEYS = [...CELL_SYNC_KEYS, 'signal'] as const
const NO_OPTIONS = {}

/** A forward call that the native part can run. */
export interface ForwardCall {
  readonly steps: number
  readonly batch: number
  readonly lengths: Int32Array | null
  readonly input: Float32Array
  readonly initialState: Float32Array | null
  readonly initialCell: Float32Array | null
  readonly output: NonSharedFloat32Array
  readonly state: NonSharedFloat32Array
  /** Null if the layer has no cell state. */
  readonly cell: NonSharedFloat32Array | null
  /** Unchecked */
  readonly signal: unknown
}

/** Checks the arguments of a synchronous call, which has no signal. */
export function checkForwardSync(
  shape: RecurrentShape,
  input: unknown,
  options: unknown,
): ForwardCall {
  return checkForward(shape, input, options, shape.hasCell ? CELL_SYNC_KEYS : SYNC_KEYS)
}

/** Checks the arguments of a call that returns a promise; the signal stays unchecked. */
export function checkForwardAsync(
  shape: RecurrentShape,
  input: unknown,
  options: unknown,
): ForwardCall {
  return checkForward(shape, input, options, shape.hasCell ? CELL_KEYS : KEYS)
}

function checkForward(
  shape: RecurrentShape,
  givenInput: unknown,
  givenOptions: unknown = NO_OPTIONS,
  keys: readonly (typeof CELL_KEYS)[number][],
): ForwardCall {
  const given = checkOptions('options', givenOptions, keys)
  const batch = given.batch === undefined ? 1 : checkPositiveInteger('batch', given.batch)
  const input = checkFloat32Array('input', givenInput)
  const formulas = shapeFormulas()
  const steps = checkMultiple('input', input, formulas.layerInput, batch * shape.inputSize)
  const lengths =
    given.lengths === undefined ? null : checkLengths('lengths', given.lengths, batch, steps)
  const states = batch * shape.stateSize
  const { layerState } = formulas
  const initialState = optionalArray('initialState', given.initialState, layerState, states)
  const initialCell = optionalArray('initialCell', given.initialCell, layerState, states)
  const outputCount = steps * batch * shape.outputSize
  const output = resultArray('output', given.output, formulas.layerOutput, outputCount)
  const state = resultArray('state', given.state, layerState, states)
  const cell = shape.hasCell ? resultArray('cell', given.cell, layerState, states) : null
  if (given.output !== undefined) {
    checkDistinct('output', output, 'input', input)
    checkDistinct('output', output, 'initialState', initialState)
    checkDistinct('output', output, 'initialCell', initialCell)
    checkDistinct('output', output, 'state', state)
    checkDistinct('output', output, 'cell', cell)
  }
  if (given.state !== undefined) {
    checkDistinct('state', state, 'input', input)
    checkDistinct('state', state, 'initialCell', initialCell)
    checkDistinct('state', state, 'cell', cell)
  }
  if (given.cell !== undefined && cell !== null) {
    checkDistinct('cell', cell, 'input', input)
    checkDistinct('cell', cell, 'initialState', initialState)
  }
  const { signal } = given
  return { steps, batch, lengths, input, initialState, initialCell, output, state, cell, signal }
}
