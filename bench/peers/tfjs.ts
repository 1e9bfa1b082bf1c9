/**
 * TensorFlow.js on WebAssembly. Its own GRU layer supports only resetAfter: false and another layout, so this file
 * implements the cell with its operations, with the input's product over all steps at once.
 */
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

/** input [steps*batch, I], initial state, W [3H, I], U [3H, H] and both biases [3H]. */
function inputsOf(tf: Tf, job: Job): Tensor[] {
  const { steps, batch, inputSize, hiddenSize } = job.case
  const { weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0 } = readParameters(job)
  return [
    tf.tensor(readFloats(job, 'input'), [steps * batch, inputSize]),
    tf.tensor(readFloats(job, 'initialState'), [batch, hiddenSize]),
    tf.tensor(weight_ih_l0!, [3 * hiddenSize, inputSize]),
    tf.tensor(weight_hh_l0!, [3 * hiddenSize, hiddenSize]),
    tf.tensor(bias_ih_l0!, [3 * hiddenSize]),
    tf.tensor(bias_hh_l0!, [3 * hiddenSize]),
  ]
}

/** output [steps*batch, H] and state [batch, H]. */
function gru(tf: Tf, job: Job, inputs: readonly Tensor[]): { output: Tensor; state: Tensor } {
  const { steps, batch, hiddenSize: H, resetAfter } = job.case
  const [input, initial, W, U, biasInput, biasHidden] = inputs
  const projected = tf.add(tf.matMul(input!, W!, false, true), biasInput!)
  const gates = (a: Tensor, first: number, count: number): Tensor =>
    tf.slice(a, [0, first * H], [-1, count * H])
  const rows = (a: Tensor, first: number, count: number): Tensor =>
    tf.slice(a, [first * H, 0], [count * H, -1])
  const reset = { weight: rows(U!, 0, 2), bias: tf.slice(biasHidden!, [0], [2 * H]) }
  const candidate = { weight: rows(U!, 2, 1), bias: tf.slice(biasHidden!, [2 * H], [H]) }
  let h = initial!
  const outputs: Tensor[] = []
  for (let step = 0; step < steps; step++) {
    const x = tf.slice(projected, [step * batch, 0], [batch, -1])
    const product = resetAfter
      ? tf.add(tf.matMul(h, U!, false, true), biasHidden!)
      : tf.add(tf.matMul(h, reset.weight, false, true), reset.bias)
    const rz = tf.sigmoid(tf.add(gates(x, 0, 2), gates(product, 0, 2)))
    const r = gates(rz, 0, 1)
    const hidden = resetAfter
      ? tf.mul(r, gates(product, 2, 1))
      : tf.add(tf.matMul(tf.mul(r, h), candidate.weight, false, true), candidate.bias)
    const n = tf.tanh(tf.add(gates(x, 2, 1), hidden))
    // (1 - z) * n + z * h
    h = tf.add(n, tf.mul(gates(rz, 1, 1), tf.sub(h, n)))
    outputs.push(h)
  }
  return { output: tf.concat(outputs, 0), state: h }
}

function forward(tf: Tf, job: Job): Runner {
  const inputs = inputsOf(tf, job)
  const run = (): { output: Float32Array; state: Float32Array } =>
    tf.tidy(() => {
      const { output, state } = gru(tf, job, inputs)
      return { output: output.dataSync(), state: state.dataSync() }
    })
  return { run, check: run }
}

function gradients(tf: Tf, job: Job): Runner {
  const { steps, batch, hiddenSize } = job.case
  const inputs = inputsOf(tf, job)
  const dOutput = tf.tensor(readFloats(job, 'dOutput'), [steps * batch, hiddenSize])
  const dState = tf.tensor(readFloats(job, 'dState'), [batch, hiddenSize])
  const backward = tf.grads((...given) => {
    const { output, state } = gru(tf, job, given)
    return tf.add(tf.sum(tf.mul(output, dOutput)), tf.sum(tf.mul(state, dState)))
  })
  const run = (): Float32Array[] =>
    tf.tidy(() => backward(inputs).map((gradient) => gradient.dataSync()))
  return {
    run,
    check: () => {
      const [d_input, d_initial_state, W, U, biasInput, biasHidden] = run()
      return {
        ...tf.tidy(() => {
          const { output, state } = gru(tf, job, inputs)
          return { output: output.dataSync(), state: state.dataSync() }
        }),
        ...{ d_input: d_input!, d_initial_state: d_initial_state! },
        ...{ d_weight_ih_l0: W!, d_weight_hh_l0: U! },
        ...{ d_bias_ih_l0: biasInput!, d_bias_hh_l0: biasHidden! },
      }
    },
  }
}
