/**
 * The LSTM in plain loops of doubles, as its equations stand: an independent truth for small cases. Arrays are flat
 * and row-major.
 */

export interface PlainStack {
  readonly numLayers: number
  readonly inputSize: number
  readonly hiddenSize: number
  readonly steps: number
  readonly batch: number
  /** By PyTorch's names, as weight_ih_l0: [4H, I] and so on, with the gates i, f, g, o. */
  readonly parameter: (name: string) => Float64Array
}

export interface PlainResult {
  /** [steps, batch, H] */
  readonly output: Float64Array
  /** [layers, batch, H] */
  readonly state: Float64Array
  readonly cell: Float64Array
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))

/** Runs a batch through all layers, from the states [layers, batch, H] that are given. */
export function plainLstm(
  stack: PlainStack,
  input: Float64Array,
  initialState: Float64Array,
  initialCell: Float64Array,
): PlainResult {
  const { numLayers, inputSize, hiddenSize: H, steps, batch } = stack
  const state = initialState.slice()
  const cell = initialCell.slice()
  let values = input
  for (let layer = 0; layer < numLayers; layer++) {
    const width = layer === 0 ? inputSize : H
    const gateSum = layerSums(stack, layer)
    const output = new Float64Array(steps * batch * H)
    for (let row = 0; row < steps * batch; row++) {
      const x = values.subarray(row * width, (row + 1) * width)
      const at = (layer * batch + (row % batch)) * H
      const h = state.slice(at, at + H)
      for (let unit = 0; unit < H; unit++) {
        const [i, f, g, o] = [0, 1, 2, 3].map((gate) => gateSum(gate * H + unit, x, h))
        const c = sigmoid(f!) * cell[at + unit]! + sigmoid(i!) * Math.tanh(g!)
        cell[at + unit] = c
        state[at + unit] = sigmoid(o!) * Math.tanh(c)
      }
      output.set(state.subarray(at, at + H), row * H)
    }
    values = output
  }
  return { output: values, state, cell }
}

/** W x + b_i + U h + b_h of one row of a layer's weights. */
function layerSums(
  { parameter }: PlainStack,
  layer: number,
): (row: number, x: Float64Array, h: Float64Array) => number {
  const [W, U, inputBias, recurrentBias] = ['weight_ih', 'weight_hh', 'bias_ih', 'bias_hh'].map(
    (name) => parameter(`${name}_l${layer}`),
  )
  return (row, x, h) =>
    inputBias![row]! + recurrentBias![row]! + rowTimes(W!, row, x) + rowTimes(U!, row, h)
}

/** One row of a matrix times a vector. */
export function rowTimes(matrix: Float64Array, row: number, vector: Float64Array): number {
  let sum = 0
  for (let i = 0; i < vector.length; i++) sum += matrix[row * vector.length + i]! * vector[i]!
  return sum
}

/** The derivative of a loss in each of some values, by central differences. */
export function centralDifferences(values: Float64Array, loss: () => number): Float64Array {
  const distance = 1e-5
  return values.map((value, i) => {
    const [above, below] = [value + distance, value - distance].map((moved) => {
      values[i] = moved
      return loss()
    })
    values[i] = value
    return (above! - below!) / (2 * distance)
  })
}
