/**
 * The losses of the model's first training steps (embedding, recurrent stack, head, cross-entropy, Adam) in double
 * precision, with the reference of the stack.
 *
 * @module
 */
import type * as Binding from '../binding'
import type { BenchCase } from './cases'
import { type Reference, runReference } from './reference'
import { directions, type ParameterSpec, parameterSpecs, type Tensors, validRows } from './tensors'

/** Steps of training whose losses are compared. */
export const CHECKED_STEPS = 3

/** torch.optim.Adam's defaults. */
const ADAM = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }

/** The mean loss of each step before its update, over the valid steps of the first `period` sequences. */
export function modelLosses(
  native: Reference,
  given: BenchCase,
  tensors: Tensors,
  period: number,
): { losses: Float64Array } {
  const model = new ReferenceModel(native, given, tensors, period)
  const adam = new Adam(tensors.parameters)
  const losses = Float64Array.from({ length: CHECKED_STEPS }, () => {
    const { loss, gradients } = model.lossAndGradients(adam.parameters)
    adam.update(gradients)
    return loss
  })
  return { losses }
}

class Adam {
  readonly parameters: Float64Array
  readonly #mean: Float64Array
  readonly #square: Float64Array
  #step = 0

  constructor(initial: Float32Array) {
    this.parameters = Float64Array.from(initial)
    this.#mean = new Float64Array(initial.length)
    this.#square = new Float64Array(initial.length)
  }

  update(gradients: Float64Array): void {
    const { learningRate, beta1, beta2, epsilon } = ADAM
    this.#step += 1
    const meanScale = 1 - beta1 ** this.#step
    const squareScale = 1 - beta2 ** this.#step
    gradients.forEach((gradient, i) => {
      const mean = beta1 * this.#mean[i]! + (1 - beta1) * gradient
      const square = beta2 * this.#square[i]! + (1 - beta2) * gradient * gradient
      this.#mean[i] = mean
      this.#square[i] = square
      const step = mean / meanScale / (Math.sqrt(square / squareScale) + epsilon)
      this.parameters[i]! -= learningRate * step
    })
  }
}

class ReferenceModel {
  readonly #native: Reference
  readonly #case: BenchCase
  readonly #specs: ParameterSpec[]
  readonly #period: number
  /** [steps, period] */
  readonly #tokens: Int32Array
  readonly #targets: Int32Array
  readonly #lengths: Int32Array

  constructor(native: Reference, given: BenchCase, tensors: Tensors, period: number) {
    this.#native = native
    this.#case = given
    this.#specs = parameterSpecs(given)
    this.#period = period
    const ofFirst = (_: number, i: number): boolean => i % given.batch < period
    this.#tokens = tensors.tokens.filter(ofFirst)
    this.#targets = tensors.targets.filter(ofFirst)
    this.#lengths = tensors.lengths.subarray(0, period)
  }

  lossAndGradients(parameters: Float64Array): { loss: number; gradients: Float64Array } {
    const gradients = new Float64Array(parameters.length)
    const part = (all: Float64Array, name: string): Float64Array => {
      const { offset, count } = this.#specs.find((spec) => spec.name === name)!
      return all.subarray(offset, offset + count)
    }
    const table = part(parameters, 'embedding.weight')
    const input = this.#embed(table)
    const forward = this.#stack(parameters, input, null)
    const head = { weight: part(parameters, 'head.weight'), bias: part(parameters, 'head.bias') }
    const { loss, dLogits } = this.#crossEntropy(forward.output, head)
    const dOutput = backThroughHead(dLogits, forward.output, head.weight, {
      weight: part(gradients, 'head.weight'),
      bias: part(gradients, 'head.bias'),
    })
    const backward = this.#stack(parameters, input, dOutput)
    gradients.set(backward.dParameters, table.length)
    this.#embedBackward(part(gradients, 'embedding.weight'), backward.dInput)
    return { loss, gradients }
  }

  #embed(table: Float64Array): Float64Array {
    const size = this.#case.inputSize
    const input = new Float64Array(this.#tokens.length * size)
    this.#tokens.forEach((token, row) => {
      input.set(table.subarray(token * size, (token + 1) * size), row * size)
    })
    return input
  }

  #embedBackward(dTable: Float64Array, dInput: Float64Array): void {
    const size = this.#case.inputSize
    this.#tokens.forEach((token, row) => {
      for (let i = 0; i < size; i++) dTable[token * size + i]! += dInput[row * size + i]!
    })
  }

  #stack(
    parameters: Float64Array,
    input: Float64Array,
    dOutput: Float64Array | null,
  ): Binding.ReferenceResult {
    const { cell, steps, hiddenSize, numLayers } = this.#case
    const stack = this.#specs.filter(({ name }) => name.startsWith(`${cell}.`))
    const { offset, count } = stack.at(-1)!
    const batch = this.#period
    const values = directions(this.#case) * batch * hiddenSize
    const given = parameters.slice(stack[0]!.offset, offset + count)
    return runReference(this.#native, this.#case, given, {
      ...{ steps, batch, lengths: this.#lengths, input, initial: () => null },
      dOutput: dOutput ?? new Float64Array(steps * values),
      dFinal: () => new Float64Array(numLayers * values),
    })
  }

  /** dLogits [rows, classes] of the mean loss. */
  #crossEntropy(
    output: Float64Array,
    head: { weight: Float64Array; bias: Float64Array },
  ): { loss: number; dLogits: Float64Array } {
    const classes = head.bias.length
    const columns = head.weight.length / classes
    const dLogits = new Float64Array(this.#targets.length * classes)
    const rows = validRows(this.#lengths)
    let loss = 0
    for (let row = 0; row < this.#targets.length; row++) {
      if (Math.floor(row / this.#period) >= this.#lengths[row % this.#period]!) continue
      const logits = head.bias.map((bias, c) => {
        let sum = bias
        for (let j = 0; j < columns; j++) {
          sum += head.weight[c * columns + j]! * output[row * columns + j]!
        }
        return sum
      })
      const largest = Math.max(...logits)
      const total = logits.reduce((sum, x) => sum + Math.exp(x - largest), 0)
      const target = this.#targets[row]!
      loss += (largest + Math.log(total) - logits[target]!) / rows
      logits.forEach((x, c) => {
        const share = Math.exp(x - largest) / total
        dLogits[row * classes + c] = (share - (c === target ? 1 : 0)) / rows
      })
    }
    return { loss, dLogits }
  }
}

/** Writes the head's gradients, and returns the gradient of its input. */
function backThroughHead(
  dLogits: Float64Array,
  output: Float64Array,
  weight: Float64Array,
  gradients: { weight: Float64Array; bias: Float64Array },
): Float64Array {
  const classes = gradients.bias.length
  const columns = weight.length / classes
  const dOutput = new Float64Array(output.length)
  dLogits.forEach((d, i) => {
    const row = Math.floor(i / classes)
    const c = i % classes
    gradients.bias[c]! += d
    for (let j = 0; j < columns; j++) {
      gradients.weight[c * columns + j]! += d * output[row * columns + j]!
      dOutput[row * columns + j]! += d * weight[c * columns + j]!
    }
  })
  return dOutput
}
