/**
 * brain.js: its GRU cell with its own matrices, one sequence at a time. The cell applies the reset gate before the
 * product and has one bias for each gate. Its networks have no gradients for the input and no choice of loss. Its LSTM
 * is another function: the forget gate multiplies the state, and there is no cell state.
 */
import { type Job, readFloats, readParameters } from '../job'
import { serve, Unsupported } from '../serve'
import { loadPeer, peerVersion } from './load-peer'

interface Matrix {
  weights: Float32Array
}

interface Equation {
  input(matrix: Matrix): Matrix
  runInput(values: Float32Array): Matrix
}

type MatrixClass = new (rows: number, columns: number) => Matrix
type EquationClass = new () => Equation

interface GruClass {
  readonly prototype: {
    getModel(hiddenSize: number, inputSize: number): Record<string, Matrix>
    getEquation(equation: Equation, input: Matrix, state: Matrix, cell: object): Matrix
  }
}

/** The names of a gate's matrices begin with these, in PyTorch's order of gates. */
const GATES = ['resetGate', 'updateGate', 'cellWrite'] as const

void serve(peerVersion('brain.js'), (job) => {
  const { cell: kind, batch, resetAfter, numLayers, steps, inputSize, hiddenSize } = job.case
  if (job.mode !== 'forward') throw new Unsupported('has no gradients to take')
  if (kind === 'lstm') throw new Unsupported('has an LSTM without a cell state')
  if (job.threads > 1) throw new Unsupported('computes on one thread')
  if (resetAfter) throw new Unsupported('knows the reset gate before the product alone')
  if (numLayers > 1) throw new Unsupported('is measured with one layer alone')
  if (batch > 1) throw new Unsupported('runs one sequence at a time')
  const { recurrent } = loadPeer('brain.js') as { recurrent: { GRU: GruClass } }
  const matrices = 'brain.js/dist/recurrent/matrix'
  const { default: Matrix } = loadPeer(matrices) as { default: MatrixClass }
  const { default: Equation } = loadPeer(`${matrices}/equation`) as { default: EquationClass }
  const cell = recurrent.GRU.prototype.getModel(hiddenSize, inputSize)
  fillCell(cell, job)
  const equation = new Equation()
  const before = new Matrix(hiddenSize, 1)
  const x = equation.input(new Matrix(inputSize, 1))
  recurrent.GRU.prototype.getEquation(equation, x, before, cell)
  const input = readFloats(job, 'input')
  const initialState = readFloats(job, 'initialState')
  const output = new Float32Array(steps * hiddenSize)
  const run = (): Float32Array => {
    before.weights.set(initialState)
    for (let step = 0; step < steps; step++) {
      const { weights } = equation.runInput(
        input.subarray(step * inputSize, (step + 1) * inputSize),
      )
      before.weights.set(weights)
      output.set(weights, step * hiddenSize)
    }
    return output
  }
  return { run, check: () => ({ output: run(), state: output.subarray(-hiddenSize) }) }
})

function fillCell(cell: Record<string, Matrix>, job: Job): void {
  const H = job.case.hiddenSize
  const { weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0 } = readParameters(job)
  const bias = bias_ih_l0!.map((value, i) => value + bias_hh_l0![i]!)
  GATES.forEach((gate, index) => {
    const part = (values: Float32Array): Float32Array => {
      const count = values.length / GATES.length
      return values.slice(index * count, (index + 1) * count)
    }
    cell[`${gate}InputMatrix`]!.weights = part(weight_ih_l0!)
    cell[`${gate}HiddenMatrix`]!.weights = part(weight_hh_l0!)
    cell[`${gate}Bias`]!.weights = part(bias).subarray(0, H)
  })
}
