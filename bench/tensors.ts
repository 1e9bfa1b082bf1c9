/**
 * The tensors of a case: the same for every contender, drawn from a seed.
 *
 * @module
 */
import type { BenchCase } from './cases'
import { CELLS } from './cells'

/** A parameter within the flat vector of all parameters, with PyTorch's name. */
export interface ParameterSpec {
  readonly name: string
  readonly shape: readonly number[]
  readonly offset: number
  readonly count: number
}

/** Shapes are time-major. Tensors that only a layer needs are absent for a model, and vice versa. */
export interface Tensors {
  /** All parameters, one after another, as {@link parameterSpecs} lists them. */
  readonly parameters: Float32Array
  /** [batch] */
  readonly lengths: Int32Array
  /** [steps, batch, I] */
  readonly input: Float32Array
  /** [L*D, batch, H]; only an LSTM has a cell state */
  readonly initialState: Float32Array
  readonly initialCell: Float32Array
  /** [steps, batch, D*H]: gradients of the output, where backward begins */
  readonly dOutput: Float32Array
  /** [L*D, batch, H]: gradients of the final states */
  readonly dState: Float32Array
  readonly dCell: Float32Array
  /** [steps, batch], for a model */
  readonly tokens: Int32Array
  readonly targets: Int32Array
}

/** Tensors in PyTorch's order, as in the project's own layout. */
export function parameterSpecs(given: BenchCase): ParameterSpec[] {
  const { inputSize, hiddenSize, vocabulary } = given
  const prefix = vocabulary > 0 ? `${given.cell}.` : ''
  const rows = CELLS[given.cell].gates * hiddenSize
  const shapes: [string, number[]][] = []
  if (vocabulary > 0) shapes.push(['embedding.weight', [vocabulary, inputSize]])
  for (let layer = 0; layer < given.numLayers; layer++) {
    const columns = layer === 0 ? inputSize : directions(given) * hiddenSize
    for (let direction = 0; direction < directions(given); direction++) {
      const suffix = `_l${layer}${direction === 1 ? '_reverse' : ''}`
      shapes.push(
        [`${prefix}weight_ih${suffix}`, [rows, columns]],
        [`${prefix}weight_hh${suffix}`, [rows, hiddenSize]],
        [`${prefix}bias_ih${suffix}`, [rows]],
        [`${prefix}bias_hh${suffix}`, [rows]],
      )
    }
  }
  if (vocabulary > 0) {
    const outputSize = directions(given) * hiddenSize
    shapes.push(['head.weight', [vocabulary, outputSize]], ['head.bias', [vocabulary]])
  }
  return layOut(shapes)
}

export function directions({ bidirectional }: BenchCase): number {
  return bidirectional ? 2 : 1
}

/** The number of values of one state of all layers: L*D*batch*H. */
export function stateCount(given: BenchCase): number {
  return given.numLayers * directions(given) * given.batch * given.hiddenSize
}

/** The number of computed steps, over all sequences. */
export function validRows(lengths: Int32Array): number {
  return lengths.reduce((sum, length) => sum + length, 0)
}

/**
 * The tensors of a case. Sequence b equals sequence b - `period`. So the reference needs to compute only `period`
 * sequences, and every sequence and every gradient can be compared with it.
 */
export function drawTensors(given: BenchCase, period: number): Tensors {
  const { batch, steps, inputSize, hiddenSize, vocabulary } = given
  const random = new Random(1)
  const parameterCount = parameterSpecs(given).reduce((sum, { count }) => sum + count, 0)
  const bound = 1 / Math.sqrt(hiddenSize)
  const periodic = (rows: number, columns: number, limit: number): Float32Array =>
    random.periodicRows(vocabulary > 0 ? 0 : rows, batch, period, columns, limit)
  const outputSize = directions(given) * hiddenSize
  const states = given.numLayers * directions(given)
  const cellStates = CELLS[given.cell].states.length > 1 ? states : 0
  return {
    parameters: random.floats(parameterCount, bound),
    lengths: Int32Array.from({ length: batch }, () =>
      given.ragged ? random.integer(1, steps) : steps,
    ),
    input: periodic(steps, inputSize, 1),
    initialState: periodic(states, hiddenSize, 1),
    dOutput: periodic(steps, outputSize, 1),
    dState: periodic(states, hiddenSize, 1),
    initialCell: periodic(cellStates, hiddenSize, 1),
    dCell: periodic(cellStates, hiddenSize, 1),
    tokens: random.periodicTokens(vocabulary, steps, batch, period),
    targets: random.periodicTokens(vocabulary, steps, batch, period),
  }
}

function layOut(shapes: readonly [string, number[]][]): ParameterSpec[] {
  let offset = 0
  return shapes.map(([name, shape]) => {
    const count = shape.reduce((product, size) => product * size, 1)
    const spec = { name, shape, offset, count }
    offset += count
    return spec
  })
}

/** A small generator (mulberry32) with the same numbers on every machine. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  /** From 0 to less than 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }

  /** Both limits are possible results. */
  integer(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1))
  }

  floats(count: number, limit: number): Float32Array {
    const values = new Float32Array(count)
    for (let i = 0; i < count; i++) values[i] = (2 * this.next() - 1) * limit
    return values
  }

  /** [rows, batch, columns]: each sequence repeats the one `period` before it. */
  periodicRows(
    rows: number,
    batch: number,
    period: number,
    columns: number,
    limit: number,
  ): Float32Array {
    const distinct = this.floats(rows * period * columns, limit)
    const values = new Float32Array(rows * batch * columns)
    const block = period * columns
    for (let at = 0; at < values.length; at += block) {
      const row = Math.floor(at / (batch * columns))
      values.set(distinct.subarray(row * block, (row + 1) * block), at)
    }
    return values
  }

  periodicTokens(vocabulary: number, steps: number, batch: number, period: number): Int32Array {
    if (vocabulary === 0) return new Int32Array(0)
    const distinct = Int32Array.from({ length: steps * period }, () =>
      this.integer(0, vocabulary - 1),
    )
    return Int32Array.from({ length: steps * batch }, (_, i) => {
      const sequence = (i % batch) % period
      return distinct[Math.floor(i / batch) * period + sequence]!
    })
  }
}
