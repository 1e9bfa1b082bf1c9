/**
 * The recurrent cells, and what the bench needs to know of each.
 *
 * @module
 */

export const CELL_NAMES = ['gru', 'lstm'] as const
export type CellName = (typeof CELL_NAMES)[number]

/** A state that a cell passes from step to step, [L*D, batch, H], with the names of its tensors. */
export interface CarriedState {
  /** The name before the first step, and of its gradient in the reference's results. */
  readonly initial: 'initialState' | 'initialCell'
  readonly dInitial: 'dInitialState' | 'dInitialCell'
  /** The name after the last step, and of its gradient, where backward begins. */
  readonly final: 'state' | 'cell'
  readonly dFinal: 'dState' | 'dCell'
  /** The name of its gradient among a contender's results. */
  readonly gradient: 'd_initial_state' | 'd_initial_cell'
}

export interface CellSpec {
  /** The number of blocks of H rows in every weight and bias. */
  readonly gates: number
  /** The first one is the state h. */
  readonly states: readonly CarriedState[]
  /** The floats that a training pass keeps for each unit of a row until backward, including the output. */
  readonly kept: number
  /** The operator of ONNX, and for each of its gates the index in PyTorch's order. */
  readonly onnx: { readonly operator: string; readonly gates: readonly number[] }
}

const STATE: CarriedState = {
  ...{ initial: 'initialState', dInitial: 'dInitialState' },
  ...{ final: 'state', dFinal: 'dState', gradient: 'd_initial_state' },
}

const CELL_STATE: CarriedState = {
  ...{ initial: 'initialCell', dInitial: 'dInitialCell' },
  ...{ final: 'cell', dFinal: 'dCell', gradient: 'd_initial_cell' },
}

export const CELLS: Readonly<Record<CellName, CellSpec>> = {
  // PyTorch: r, z, n. ONNX: z, r, n.
  gru: { gates: 3, states: [STATE], kept: 5, onnx: { operator: 'GRU', gates: [1, 0, 2] } },
  // PyTorch: i, f, g, o. ONNX: i, o, f, g.
  lstm: {
    ...{ gates: 4, states: [STATE, CELL_STATE], kept: 6 },
    onnx: { operator: 'LSTM', gates: [0, 3, 1, 2] },
  },
}

/** An object with a property for each state of a cell, as in calls and results. */
export function eachState<K extends string, V>(
  cell: CellName,
  entry: (state: CarriedState) => readonly [name: K, value: V],
): Partial<Record<K, V>> {
  return Object.fromEntries(CELLS[cell].states.map(entry)) as Partial<Record<K, V>>
}
