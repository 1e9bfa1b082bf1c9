/**
 * The vanilla GRU in double precision, forward and the whole backward pass, step by step like its equations: an
 * independent result for examples/hello. It has one sequence of one-hot symbols, and biases of one kind only.
 */

type Matrix = readonly (readonly number[])[]

/** Named parameters, flat and row-major, as `SequenceModel.getParameters` gives them. */
export type Flat = Record<string, number[]>

interface Step {
  readonly previous: readonly number[]
  readonly r: readonly number[]
  readonly z: readonly number[]
  readonly c: readonly number[]
  readonly h: readonly number[]
  readonly y: readonly number[]
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))

function rowsOf(flat: readonly number[], first: number, count: number, width: number): Matrix {
  return Array.from({ length: count }, (_, row) =>
    flat.slice((first + row) * width, (first + row + 1) * width),
  )
}

function product(matrix: Matrix, vector: readonly number[]): number[] {
  return matrix.map((row) => row.reduce((sum, value, i) => sum + value * vector[i]!, 0))
}

/** Trains in place by plain gradient descent on the summed cross-entropy; returns the loss before. */
export function vanillaEpoch(
  p: Flat,
  right: readonly number[],
  hidden: number,
  update: { readonly learningRate: number; readonly clip: number; readonly whole: boolean },
): number {
  const { loss, steps } = forward(p, right, hidden)
  const gradients = backward(p, right, hidden, steps)
  for (const [name, values] of Object.entries(gradients)) {
    if (!update.whole && !name.startsWith('head.')) continue
    values.forEach((value, i) => {
      const clipped = Math.min(Math.max(value, -update.clip), update.clip)
      p[name]![i]! -= update.learningRate * clipped
    })
  }
  return loss
}

function gateOf(p: Flat, gate: number, size: number, hidden: number): [Matrix, Matrix, number[]] {
  const w = rowsOf(p['gru.weight_ih_l0']!, gate * hidden, hidden, size)
  const u = rowsOf(p['gru.weight_hh_l0']!, gate * hidden, hidden, hidden)
  return [w, u, p['gru.bias_ih_l0']!.slice(gate * hidden, (gate + 1) * hidden)]
}

function forward(
  p: Flat,
  right: readonly number[],
  hidden: number,
): { loss: number; steps: Step[] } {
  const size = right.length
  const gates = [0, 1, 2].map((gate) => gateOf(p, gate, size, hidden))
  const sum = (gate: number, symbol: number, state: readonly number[]): number[] => {
    const [w, u, b] = gates[gate]!
    return product(u, state).map((value, i) => value + w[i]![symbol]! + b[i]!)
  }
  const steps: Step[] = []
  let previous: readonly number[] = Array.from({ length: hidden }, () => 0)
  let loss = 0
  for (let symbol = 0; symbol < size; symbol++) {
    const before = previous
    const r = sum(0, symbol, before).map(sigmoid)
    const z = sum(1, symbol, before).map(sigmoid)
    const gated = before.map((value, i) => r[i]! * value)
    const c = sum(2, symbol, gated).map(Math.tanh)
    const h = before.map((value, i) => (1 - z[i]!) * value + z[i]! * c[i]!)
    const head = rowsOf(p['head.weight']!, 0, size, hidden)
    const powers = product(head, h).map((value, i) => Math.exp(value + p['head.bias']![i]!))
    const total = powers.reduce((a, b) => a + b)
    const y = powers.map((power) => power / total)
    loss -= Math.log(y[right[symbol]!]!)
    steps.push({ previous: before, r, z, c, h, y })
    previous = h
  }
  return { loss, steps }
}

function backward(p: Flat, right: readonly number[], hidden: number, steps: Step[]): Flat {
  const size = right.length
  const g: Flat = {}
  for (const [name, values] of Object.entries(p)) {
    if (!name.startsWith('gru.bias_hh')) g[name] = values.map(() => 0)
  }
  const recurrent = [0, 1, 2].map((gate) => gateOf(p, gate, size, hidden)[1])
  const transposed = (gate: number, d: readonly number[]): number[] =>
    d.map((_, column) =>
      d.reduce((sum, value, i) => sum + recurrent[gate]![i]![column]! * value, 0),
    )
  let dh = Array.from({ length: hidden }, () => 0)
  for (let symbol = size - 1; symbol >= 0; symbol--) {
    const { previous, r, z, c, h, y } = steps[symbol]!
    const dy = y.map((value, i) => value - Number(i === right[symbol]))
    dy.forEach((d, row) => {
      g['head.bias']![row]! += d
      h.forEach((value, i) => {
        g['head.weight']![row * hidden + i]! += d * value
        dh[i]! += d * p['head.weight']![row * hidden + i]!
      })
    })
    const dc = dh.map((d, i) => d * z[i]! * (1 - c[i]! ** 2))
    const dz = dh.map((d, i) => d * (c[i]! - previous[i]!) * z[i]! * (1 - z[i]!))
    const dGated = transposed(2, dc)
    const dr = dGated.map((d, i) => d * previous[i]! * r[i]! * (1 - r[i]!))
    const gated = previous.map((value, i) => r[i]! * value)
    const states = [previous, previous, gated]
    ;[dr, dz, dc].forEach((d, gate) => {
      d.forEach((value, i) => {
        const row = gate * hidden + i
        g['gru.bias_ih_l0']![row]! += value
        g['gru.weight_ih_l0']![row * size + symbol]! += value
        states[gate]!.forEach((state, j) => {
          g['gru.weight_hh_l0']![row * hidden + j]! += value * state
        })
      })
    })
    const [throughR, throughZ] = [transposed(0, dr), transposed(1, dz)]
    dh = dh.map((d, i) => d * (1 - z[i]!) + dGated[i]! * r[i]! + throughR[i]! + throughZ[i]!)
  }
  return g
}
