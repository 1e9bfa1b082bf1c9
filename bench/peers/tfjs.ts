/**
 * TensorFlow.js on WebAssembly. Its own GRU layer supports only resetAfter: false and another layout, so this file
 * implements both cells with its operations, with the input's product over all steps at once.
 */
import type { BenchCase } from '../cases'
import { type CellName, CELLS } from '../cells'
import type { Results } from '../compare'
import { type Job, readFloats, readParameters } from '../job'
import { type Runner, serve, Unsupported } from '../serve'
import { loadPeer, peerVersion } from './load-peer'

interface Tensor {
  dataSync(): Float32Array
  dispose(): void
}

interface Tf {
  setBackend(name: string): Promise<boolean>
  ready(): Promise<void>
  tensor(values: Float32Array, shape: readonly number[]): Tensor
  tidy<T>(work: () => T): T
  keep<T extends Tensor>(tensor: T): T
  grads(f: (...inputs: Tensor[]) => Tensor): (inputs: Tensor[]) => Tensor[]
  add(a: Tensor, b: Tensor): Tensor
  sub(a: Tensor, b: Tensor): Tensor
  mul(a: Tensor, b: Tensor): Tensor
  matMul(a: Tensor, b: Tensor, transposeA?: boolean, transposeB?: boolean): Tensor
  sigmoid(a: Tensor): Tensor
  tanh(a: Tensor): Tensor
  slice(a: Tensor, begin: readonly number[], size: readonly number[]): Tensor
  concat(parts: readonly Tensor[], axis: number): Tensor
  sum(a: Tensor): Tensor
}

const PACKAGE = '@tensorflow/tfjs-backend-wasm'

void serve(peerVersion(PACKAGE), async (job) => {
  const { numLayers, bidirectional, ragged } = job.case
  if (job.threads > 1) throw new Unsupported('computes on one thread in Node')
  if (numLayers > 1 || bidirectional || ragged || job.mode === 'training') {
    throw new Unsupported('has no such layer')
  }
  const tf = loadPeer('@tensorflow/tfjs') as Tf
  loadPeer(PACKAGE)
  await tf.setBackend('wasm')
  await tf.ready()
  return job.mode === 'forward' ? forward(tf, job) : gradients(tf, job)
})

/** input [steps*batch, I], W [G*H, I], U [G*H, H], both biases [G*H] and the initial states [batch, H]. */
function inputsOf(tf: Tf, job: Job): Tensor[] {
  const { cell, steps, batch, inputSize, hiddenSize } = job.case
  const { weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0 } = readParameters(job)
  const rows = CELLS[cell].gates * hiddenSize
  return [
    tf.tensor(readFloats(job, 'input'), [steps * batch, inputSize]),
    tf.tensor(weight_ih_l0!, [rows, inputSize]),
    tf.tensor(weight_hh_l0!, [rows, hiddenSize]),
    tf.tensor(bias_ih_l0!, [rows]),
    tf.tensor(bias_hh_l0!, [rows]),
    ...CELLS[cell].states.map(({ initial }) =>
      tf.tensor(readFloats(job, initial), [batch, hiddenSize]),
    ),
  ]
}

/** The states after a step, given those before it and the input's product with its bias, [batch, G*H]. */
type Step = (x: Tensor, states: readonly Tensor[]) => Tensor[]

/** The step of each cell with its weights U and bias. */
const STEPS: Readonly<
  Record<CellName, (tf: Tf, given: BenchCase, U: Tensor, bias: Tensor) => Step>
> = { gru: gruStep, lstm: lstmStep }

function gruStep(tf: Tf, { hiddenSize: H, resetAfter }: BenchCase, U: Tensor, bias: Tensor): Step {
  const rows = (first: number, count: number): { weight: Tensor; bias: Tensor } => ({
    weight: tf.slice(U, [first * H, 0], [count * H, -1]),
    bias: tf.slice(bias, [first * H], [count * H]),
  })
  const reset = rows(0, 2)
  const candidate = rows(2, 1)
  return (x, [h]) => {
    const product = resetAfter
      ? tf.add(tf.matMul(h!, U, false, true), bias)
      : tf.add(tf.matMul(h!, reset.weight, false, true), reset.bias)
    const rz = tf.sigmoid(tf.add(gates(tf, H, x, 0, 2), gates(tf, H, product, 0, 2)))
    const r = gates(tf, H, rz, 0, 1)
    const hidden = resetAfter
      ? tf.mul(r, gates(tf, H, product, 2, 1))
      : tf.add(tf.matMul(tf.mul(r, h!), candidate.weight, false, true), candidate.bias)
    const n = tf.tanh(tf.add(gates(tf, H, x, 2, 1), hidden))
    // (1 - z) * n + z * h
    return [tf.add(n, tf.mul(gates(tf, H, rz, 1, 1), tf.sub(h!, n)))]
  }
}

function lstmStep(tf: Tf, { hiddenSize: H }: BenchCase, U: Tensor, bias: Tensor): Step {
  return (x, [h, c]) => {
    const sums = tf.add(x, tf.add(tf.matMul(h!, U, false, true), bias))
    const inputForget = tf.sigmoid(gates(tf, H, sums, 0, 2))
    const g = tf.tanh(gates(tf, H, sums, 2, 1))
    const o = tf.sigmoid(gates(tf, H, sums, 3, 1))
    const kept = tf.mul(gates(tf, H, inputForget, 1, 1), c!)
    const cell = tf.add(kept, tf.mul(gates(tf, H, inputForget, 0, 1), g))
    return [tf.mul(o, tf.tanh(cell)), cell]
  }
}

/** The columns of some gates. */
function gates(tf: Tf, hiddenSize: number, a: Tensor, first: number, count: number): Tensor {
  return tf.slice(a, [0, first * hiddenSize], [-1, count * hiddenSize])
}

interface Outputs {
  /** [steps*batch, H] */
  readonly output: Tensor
  /** [batch, H] each */
  readonly states: readonly Tensor[]
}

function runLayer(tf: Tf, { case: given }: Job, inputs: readonly Tensor[]): Outputs {
  const { cell, steps, batch } = given
  const [input, W, U, biasInput, biasHidden, ...initial] = inputs
  const projected = tf.add(tf.matMul(input!, W!, false, true), biasInput!)
  const step = STEPS[cell](tf, given, U!, biasHidden!)
  let states = initial
  const outputs: Tensor[] = []
  for (let at = 0; at < steps; at++) {
    states = step(tf.slice(projected, [at * batch, 0], [batch, -1]), states)
    outputs.push(states[0]!)
  }
  return { output: tf.concat(outputs, 0), states }
}

function forward(tf: Tf, job: Job): Runner {
  const inputs = inputsOf(tf, job)
  const run = (): Results => tf.tidy(() => resultsOf(job, runLayer(tf, job, inputs)))
  return { run, check: run }
}

function resultsOf({ case: { cell } }: Job, { output, states }: Outputs): Results {
  const values = states.map((state) => state.dataSync())
  const names = CELLS[cell].states.map(({ final }) => final)
  return {
    output: output.dataSync(),
    ...Object.fromEntries(names.map((name, i) => [name, values[i]!])),
  }
}

function gradients(tf: Tf, job: Job): Runner {
  const { cell, steps, batch, hiddenSize } = job.case
  const inputs = inputsOf(tf, job)
  const starts = [
    tf.tensor(readFloats(job, 'dOutput'), [steps * batch, hiddenSize]),
    ...CELLS[cell].states.map(({ dFinal }) =>
      tf.tensor(readFloats(job, dFinal), [batch, hiddenSize]),
    ),
  ]
  const backward = tf.grads((...given) => {
    const { output, states } = runLayer(tf, job, given)
    return [output, ...states]
      .map((values, i) => tf.sum(tf.mul(values, starts[i]!)))
      .reduce((sum, part) => tf.add(sum, part))
  })
  const run = (): Float32Array[] =>
    tf.tidy(() => backward(inputs).map((gradient) => gradient.dataSync()))
  return {
    run,
    check: () => {
      const [d_input, W, U, biasInput, biasHidden, ...initial] = run()
      const names = CELLS[cell].states.map(({ gradient }) => gradient)
      return {
        ...tf.tidy(() => resultsOf(job, runLayer(tf, job, inputs))),
        ...{ d_input: d_input!, d_weight_ih_l0: W!, d_weight_hh_l0: U! },
        ...{ d_bias_ih_l0: biasInput!, d_bias_hh_l0: biasHidden! },
        ...Object.fromEntries(names.map((name, i) => [name, initial[i]!])),
      }
    },
  }
}
