import * as path from 'node:path'
import { type GruOptions, type OptimizerOptions, SequenceModel, setThreads, Trainer } from '../lib'
import type { TrainingBatch } from '../lib'
import type { Safetensors } from '../lib/formats/safetensors-writer'
import { requireChosenEngine } from './support/engine-choice'
import { goldenFiles, lstmFiles } from './support/golden'
import { createLayer, forms } from './support/layers'
import { beyond, largestDifference, largestMagnitude } from './support/numbers'
import { readWhole } from './support/safetensors'

requireChosenEngine()

// The errors that float32 may have against float64. Outputs are in [-1, 1]. Errors of cell states are relative to the
// largest value of their tensor if that exceeds 1. Errors of gradients are relative to the largest value of their
// tensor.
const FORWARD = 2e-6
const GRADIENT = 1e-5
const TRAINING = 1e-5

interface LayerCase extends GruOptions {
  readonly kind: 'layer' | 'lstm'
  readonly batch: number
  readonly lengths?: number[]
}

interface TrainingCase extends GruOptions {
  readonly optimizer: OptimizerOptions['kind']
  readonly hyper: Omit<OptimizerOptions, 'kind'>
  readonly loss: 'crossEntropy' | 'meanSquaredError'
  readonly every: 'step' | 'last'
  readonly batch: number
  readonly outputs: number
  readonly tokens: number | null
  readonly embedding: number | null
  readonly clipNorm: number | null
  readonly clipValue: number | null
  readonly losses: number[]
  readonly gradNorms: number[]
}

interface Golden {
  readonly name: string
  readonly layer?: LayerCase
  readonly training?: TrainingCase
  readonly content: Safetensors
}

async function readGolden(file: string): Promise<Golden> {
  const content = await readWhole(file)
  const golden = JSON.parse(content.metadata['case']!) as { kind: 'layer' | 'lstm' | 'training' }
  const kind = golden.kind === 'training' ? 'training' : 'layer'
  return { name: path.basename(file, '.safetensors'), [kind]: golden, content }
}

function stackOf(golden: GruOptions) {
  const { hiddenSize, numLayers, bias, bidirectional, resetAfter, updateGate } = golden
  return { hiddenSize, numLayers, bias, bidirectional, resetAfter, updateGate }
}

function tensor(content: Safetensors, name: string): Float32Array {
  const found = content.tensors.get(name)
  if (found?.dtype !== 'F32') throw new Error(`no float32 tensor ${name}`)
  return found.data
}

/** The tensors whose names match, under the names that `rename` makes of them. */
function tensors(
  content: Safetensors,
  pattern: RegExp,
  rename = (name: string) => name,
): Record<string, Float32Array> {
  const names = [...content.tensors.keys()].filter((name) => pattern.test(name))
  return Object.fromEntries(names.map((name) => [rename(name), tensor(content, name)]))
}

/** The error of an output or a state, relative to the largest value of the tensor if that exceeds 1. */
function forwardError(actual: Float32Array, expected: Float32Array): number {
  return largestDifference(actual, expected) / Math.max(1, largestMagnitude(expected))
}

/**
 * The error of a gradient, relative to the largest value of the tensor. If the tensor is all zero, the absolute error.
 */
function gradientError(actual: Float32Array, expected: Float32Array): number {
  const scale = largestMagnitude(expected)
  return largestDifference(actual, expected) / (scale === 0 ? 1 : scale)
}

const threadCounts = [1, 2]
const runs = threadCounts.flatMap((threads) => forms.map((form) => ({ threads, form })))

describe.each([...goldenFiles, ...lstmFiles])('%s', (file) => {
  test('agrees for 1 and 2 threads, in both forms', async () => {
    const { layer, training, content } = await readGolden(file)
    for (const { threads, form } of runs) {
      setThreads(threads)
      if (layer !== undefined) await checkLayer(layer, content, form)
      if (training !== undefined) await checkTraining(training, content, form.name === 'Sync')
    }
    expect(layer ?? training).toBeDefined()
  })
})

async function checkLayer(
  golden: LayerCase,
  content: Safetensors,
  form: (typeof forms)[number],
): Promise<void> {
  const isLstm = golden.kind === 'lstm'
  const { inputSize, hiddenSize, numLayers, bias, bidirectional } = golden
  using layer = createLayer(
    isLstm
      ? { cell: 'lstm', inputSize, hiddenSize, numLayers, bias, bidirectional }
      : { cell: 'gru', inputSize, ...stackOf(golden) },
  )
  layer.setParameters(tensors(content, /^(weight|bias)_/))
  const input = tensor(content, 'input')
  const { batch, lengths } = golden
  const options = {
    ...{ batch, lengths, initialState: tensor(content, 'initial_state') },
    ...(isLstm && { initialCell: tensor(content, 'initial_cell') }),
  }
  const given = {
    ...{ output: tensor(content, 'd_output'), state: tensor(content, 'd_state') },
    ...(isLstm && { cell: tensor(content, 'd_cell') }),
  }
  const inference = await form.forward(layer, input, options)
  const trained = await form.roundTrip(layer, input, given, options)
  const names = isLstm ? (['output', 'state', 'cell'] as const) : (['output', 'state'] as const)
  const forwardErrors = Object.fromEntries(
    names.flatMap((name) => [
      [name, forwardError(inference[name]!, tensor(content, name))],
      [`${name} in training`, forwardError(trained[name]!, tensor(content, name))],
    ]),
  )
  expect(beyond(FORWARD, forwardErrors)).toEqual({})
  const { input: dInput, initialState, initialCell, parameters } = trained.gradients
  const gradients = {
    ...{ input: dInput, initial_state: initialState, ...parameters },
    ...(isLstm && { initial_cell: initialCell! }),
  }
  const expected = tensors(content, /^grad\./, (name) => name.slice('grad.'.length))
  expect(Object.keys(gradients).sort()).toEqual(Object.keys(expected).sort())
  const gradientErrors = Object.entries(gradients).map(([name, gradient]) => [
    name,
    gradientError(gradient, expected[name]!),
  ])
  expect(beyond(GRADIENT, Object.fromEntries(gradientErrors) as Record<string, number>)).toEqual({})
}

function modelOf(golden: TrainingCase): SequenceModel {
  const { tokens, embedding, inputSize, outputs, loss, every } = golden
  return new SequenceModel({
    input:
      tokens === null ? { features: inputSize } : { tokens, embeddingSize: embedding ?? inputSize },
    gru: stackOf(golden),
    output: { size: outputs, loss, every },
  })
}

function batchOf(golden: TrainingCase, content: Safetensors): TrainingBatch {
  const input = tensor(content, 'input')
  const target = tensor(content, 'target')
  return {
    input: golden.tokens === null ? input : Int32Array.from(input),
    target: golden.loss === 'crossEntropy' ? Int32Array.from(target) : target,
    batch: golden.batch,
  }
}

/** The files' names of a model's tensors as this package's names, in which those of the stack have a prefix. */
const modelName = (name: string): string =>
  name.replace(/^\w+\.(?=weight_|bias_)/, 'gru.').replace(/^(init|final)\./, '')

async function checkTraining(
  golden: TrainingCase,
  content: Safetensors,
  sync: boolean,
): Promise<void> {
  using model = modelOf(golden)
  model.setParameters(tensors(content, /^init\./, modelName))
  using trainer = new Trainer(model, {
    optimizer: { kind: golden.optimizer, ...golden.hyper },
    clipNorm: golden.clipNorm ?? undefined,
    clipValue: golden.clipValue ?? undefined,
  })
  const batch = batchOf(golden, content)
  const errors: Record<string, number> = {}
  for (const [update, loss] of golden.losses.entries()) {
    const result = sync ? trainer.stepSync(batch) : await trainer.step(batch)
    const gradNorm = golden.gradNorms[update]!
    errors[`loss ${update}`] = Math.abs(result.loss - loss) / Math.abs(loss)
    errors[`gradNorm ${update}`] = Math.abs(result.gradNorm - gradNorm) / gradNorm
  }
  const expected = tensors(content, /^final\./, modelName)
  const parameters = model.getParameters()
  expect(Object.keys(parameters).sort()).toEqual(Object.keys(expected).sort())
  for (const [name, values] of Object.entries(parameters)) {
    errors[name] = largestDifference(values, expected[name]!)
  }
  expect(beyond(TRAINING, errors)).toEqual({})
}
