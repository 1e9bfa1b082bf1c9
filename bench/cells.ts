/**
 * The cells that layers are made of, and what the parts of the bench need to know of each.
 *
 * @module
 */

export const CELL_NAMES = ['gru', 'lstm'] as const
export type CellName = (typeof CELL_NAMES)[number]

/** What a cell carries from step to step, [L*D, batch, H], under the names that its tensors have. */
export interface CarriedState {
  /** Before the first step, and its gradient in the reference's results. */
  readonly initial: 'initialState' | 'initialCell'
  readonly dInitial: 'dInitialState' | 'dInitialCell'
  /** After the last step, and the gradient of it that backward starts from. */
  readonly final: 'state' | 'cell'
  readonly dFinal: 'dState' | 'dCell'
  /** Of the gradients among a contender's results. */
  readonly gradient: 'd_initial_state' | 'd_initial_cell'
}

export interface CellSpec {
  /** Blocks of H rows in every weight and bias. */
  readonly gates: number
  /** The state first. */
  readonly states: readonly CarriedState[]
  /** Floats that a training pass keeps for each unit of a row until backward, the output among them. */
  readonly kept: number
  /** The operator of ONNX; of each of its gates the place in PyTorch's order. */
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

/** An object with a property for each state that a cell carries, as calls and results have them. */
export function eachState<K extends string, V>(
  cell: CellName,
  entry: (state: CarriedState) => readonly [name: K, value: V],
): Partial<Record<K, V>> {
  return Object.fromEntries(CELLS[cell].states.map(entry)) as Partial<Record<K, V>>
}
