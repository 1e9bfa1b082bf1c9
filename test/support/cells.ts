import { GRU, LSTM, type LstmOptions } from '../../lib'
import { options } from './gru'
import type { Layer } from './layers'
import { bitsOf } from './numbers'

/** What tests that run for both cells need to know of a cell. */
export interface TestCell {
  readonly name: 'GRU' | 'LSTM'
  readonly Layer: typeof GRU | typeof LSTM
  readonly gates: number
  /** Whether there is a cell state besides the state. */
  readonly hasCell: boolean
  /** The options of a synchronous forward call, as messages list them. */
  readonly keys: string
  /**
   * Makes a layer of `options` and these changes for one test. It is disposed of after the test.
   */
  readonly make: (changes?: Partial<LstmOptions>) => Layer
  /** An array for each initial state of a call, and of the gradients. */
  readonly initial: (create: () => Float32Array) => {
    initialState: Float32Array
    initialCell?: Float32Array
  }
  /** An array for each final state. */
  readonly final: (create: () => Float32Array) => { state: Float32Array; cell?: Float32Array }
}

const layers: Layer[] = []
afterEach(() => {
  for (const layer of layers.splice(0)) layer.dispose()
})

function describeCell(
  name: TestCell['name'],
  Layer: TestCell['Layer'],
  { gates, hasCell, keys }: Pick<TestCell, 'gates' | 'hasCell' | 'keys'>,
): TestCell {
  return {
    ...{ name, Layer, gates, hasCell, keys },
    make: (changes = {}) => {
      const layer = new Layer({ ...options, ...changes })
      layers.push(layer)
      return layer
    },
    initial: (create) => ({ initialState: create(), ...(hasCell && { initialCell: create() }) }),
    final: (create) => ({ state: create(), ...(hasCell && { cell: create() }) }),
  }
}

export const cells: readonly TestCell[] = [
  describeCell('GRU', GRU, {
    gates: 3,
    hasCell: false,
    keys: 'batch, lengths, initialState, output, state',
  }),
  describeCell('LSTM', LSTM, {
    gates: 4,
    hasCell: true,
    keys: 'batch, lengths, initialState, initialCell, output, state, cell',
  }),
]

export const parameterBits = (layer: Layer): string[] =>
  Object.values(layer.getParameters()).map(bitsOf)
