/**
 * The states of a model's recurrent layers, as calls read and write them.
 *
 * @module
 */
import type { NativeState, NonSharedFloat32Array } from '../binding'
import { checkDistinct, newFloat32Array, optionalArray } from './arrays'
import { byName } from './batch-forms'
import { argumentError } from './errors'
import type { Graph } from './graph'
import type { CheckedInputs } from './model-batch'
import { shapeFormulas } from './native'
import { checkPositiveInteger } from './validate'

/** The states of a recurrent layer, each [L*D, batch, H]: forward before reverse in each layer of the stack. */
export interface LayerStates {
  readonly state: NonSharedFloat32Array
  /** Of an LSTM. */
  readonly cell?: NonSharedFloat32Array
}

/** The states of a model, by the names of its recurrent layers. */
export type ModelStates = Readonly<Record<string, LayerStates>>

/** Some of the states of a model, by the names of its recurrent layers. */
export type SomeModelStates = Readonly<
  Record<string, { readonly [K in keyof LayerStates]?: Float32Array }>
>

/** The options of a call that reads and writes states. */
export interface StateOptions {
  /**
   * The states before the first step, for recurrent layers without `initialState`. Default 0. A reverse direction begins
   * with its state at each sequence's last valid step.
   */
  readonly initialStates?: SomeModelStates | undefined
  /**
   * Arrays to write the final states into: the states after each sequence's last valid step. The final state of a
   * sequence without steps is its initial state. They may be the arrays of `initialStates`. Default: none is written.
   */
  readonly states?: SomeModelStates | undefined
}

export const STATE_KEYS = ['initialStates', 'states'] as const

/** States as the caller gave them; nothing is checked. */
export interface GivenStates {
  readonly initialStates?: unknown
  readonly states?: unknown
}

/** States that the native part can read and write, in the order of the graph's. */
export interface CheckedStates {
  readonly initial: (Float32Array | null)[] | undefined
  readonly final: (Float32Array | null)[] | undefined
}

/** Checks the states of a call whose inputs and outputs were checked. */
export function checkStates(
  graph: Graph,
  { initialStates, states }: GivenStates,
  call: CheckedInputs,
  outputs: readonly Float32Array[],
): CheckedStates {
  const initial = checkList(graph, 'initialStates', initialStates, call.batch)
  const final = checkList(graph, 'states', states, call.batch)
  if (final !== undefined) checkApart(graph, final, initial ?? [], call, outputs)
  return { initial, final }
}

/** New arrays of zeros for all states of a graph. */
export function zeroStates(graph: Graph, givenBatch: unknown): ModelStates {
  const batch = checkPositiveInteger('batch', givenBatch)
  const formula = shapeFormulas().layerState
  const made: Record<string, Record<string, NonSharedFloat32Array>> = {}
  for (const state of graph.states) {
    const array = newFloat32Array(nameOf('states', state), formula, state.size * batch)
    made[state.layer] = { ...made[state.layer], [state.kind]: array }
  }
  return made as unknown as ModelStates
}

function nameOf(list: string, { layer, kind }: NativeState): string {
  return `${list}.${layer}.${kind}`
}

function checkList(
  graph: Graph,
  list: string,
  given: unknown,
  batch: number,
): (Float32Array | null)[] | undefined {
  if (given === undefined) return undefined
  if (graph.states.length === 0 && !isEmptyObject(given)) {
    const expected = 'a recurrent layer that reads no initial state from another layer'
    throw argumentError('ERR_GRU_VALUE', list, expected, 'a model without one')
  }
  const formula = shapeFormulas().layerState
  const arrays = arraysOf(graph, list, given)
  return graph.states.map((state, index) =>
    optionalArray(nameOf(list, state), arrays[index], formula, state.size * batch),
  )
}

/** Whether states are what {@link zeroStates} makes for a graph without states. */
function isEmptyObject(given: unknown): boolean {
  return typeof given === 'object' && given !== null && Object.keys(given).length === 0
}

/** What was given for each of the graph's states, unchecked. */
function arraysOf(graph: Graph, list: string, given: unknown): unknown[] {
  const layers = [...new Set(graph.states.map(({ layer }) => layer))]
  const ofLayers = byName(list, given, layers)
  return layers.flatMap((layer, index) => {
    const kinds = graph.states.filter((state) => state.layer === layer).map(({ kind }) => kind)
    return byName(`${list}.${layer}`, ofLayers[index] ?? {}, kinds)
  })
}

/**
 * Checks that final states share no memory with other arrays of the call. A final state may share it with the same initial
 * state.
 */
function checkApart(
  graph: Graph,
  final: readonly (Float32Array | null)[],
  initial: readonly (Float32Array | null)[],
  { inputs }: CheckedInputs,
  outputs: readonly Float32Array[],
): void {
  for (const [index, array] of final.entries()) {
    if (array === null) continue
    const argument = nameOf('states', graph.states[index]!)
    const apart = (other: string, otherArray: Float32Array | Int32Array | null): void => {
      checkDistinct(argument, array, other, otherArray)
    }
    inputs.forEach(({ values }, i) => {
      apart(graph.inputs[i]!.argument, values)
    })
    outputs.forEach((values, i) => {
      apart(graph.outputs[i]!.output, values)
    })
    initial.forEach((values, i) => {
      if (values !== array || i !== index) apart(nameOf('initialStates', graph.states[i]!), values)
    })
    final.slice(0, index).forEach((values, i) => {
      apart(nameOf('states', graph.states[i]!), values)
    })
  }
}
