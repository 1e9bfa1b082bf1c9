import * as path from 'node:path'
import { Model, type ModelOptions, type OptimizerOptions, setThreads, Trainer } from '../lib'
import type { Safetensors } from '../lib/formats/safetensors-writer'
import { requireChosenEngine } from './support/engine-choice'
import { beyond, largestDifference, largestMagnitude } from './support/numbers'
import { readWhole } from './support/safetensors'

requireChosenEngine()

// As in golden.numerics.test.ts.
const FORWARD = 2e-6
const GRADIENT = 1e-5
const TRAINING = 1e-5

type Description = Pick<ModelOptions, 'inputs' | 'layers'> & {
  readonly outputs: Record<string, { readonly loss: { readonly kind: string } }>
}

interface Case {
  readonly graph: Description
  readonly lengths: Record<string, number[]>
  readonly batch: number
  readonly optimizer: OptimizerOptions['kind']
  readonly hyper: Omit<OptimizerOptions, 'kind'>
  readonly clipNorm?: number
  readonly losses: number[]
  readonly gradNorms: number[]
}

async function readCase(name: string): Promise<{ golden: Case; content: Safetensors }> {
  const content = await readWhole(path.join(__dirname, 'golden-graph', `${name}.safetensors`))
  return { golden: JSON.parse(content.metadata['case']!) as Case, content }
}

/** The tensors whose names begin with the prefix, under the rest of their names. */
function tensors(content: Safetensors, prefix: string): Record<string, Float32Array> {
  const found = [...content.tensors].filter(([name]) => name.startsWith(prefix))
  return Object.fromEntries(
    found.map(([name, tensor]) => [name.slice(prefix.length), tensor.data as Float32Array]),
  )
}

/** In files, integers are float32 too. */
function withIntegers(
  arrays: Record<string, Float32Array>,
  isIntegers: (name: string) => boolean,
): Record<string, Float32Array | Int32Array> {
  return Object.fromEntries(
    Object.entries(arrays).map(([name, values]) => [
      name,
      isIntegers(name) ? Int32Array.from(values) : values,
    ]),
  )
}

function inputsOf({ graph }: Case, content: Safetensors) {
  return withIntegers(tensors(content, 'input.'), (name) => 'tokens' in graph.inputs[name]!)
}

function targetsOf({ graph }: Case, content: Safetensors) {
  return withIntegers(
    tensors(content, 'target.'),
    (name) => graph.outputs[name]!.loss.kind === 'crossEntropy',
  )
}

/** A model for a case. A loss that the package does not have is replaced, since predictions do not depend on it. */
function modelOf({ graph }: Case, content: Safetensors): Model {
  const lossOf = (kind: string) => (kind === 'crossEntropy' ? kind : 'meanSquaredError')
  const outputs = Object.fromEntries(
    Object.entries(graph.outputs).map(([name, { loss }]) => [name, { loss: lossOf(loss.kind) }]),
  )
  const model = new Model({ inputs: graph.inputs, layers: graph.layers, outputs } as ModelOptions)
  model.setParameters(tensors(content, 'init.'))
  return model
}

test.each([
  ...['graph_attention_additive', 'graph_attention_scaled', 'graph_average', 'graph_lstm_norm'],
  ...['graph_mean_relu', 'graph_residual', 'graph_two_inputs', 'graph_two_outputs'],
])('the predictions of %s', async (name) => {
  const { golden, content } = await readCase(name)
  const { batch, lengths } = golden
  const expected = tensors(content, 'output.')
  for (const threads of [1, 2]) {
    setThreads(threads)
    using model = modelOf(golden, content)
    const predicted = model.predictSync(inputsOf(golden, content), { batch, lengths })
    expect(Object.keys(predicted).sort()).toEqual(Object.keys(expected).sort())
    const errors = Object.entries(predicted).map(([output, values]) => [
      output,
      largestDifference(values, expected[output]!),
    ])
    expect(beyond(FORWARD, Object.fromEntries(errors) as Record<string, number>)).toEqual({})
  }
})

// The slices of graph_accumulation together are one batch. The average of graph_average does not change updates.
const trained = [
  ...['graph_accumulation', 'graph_attention_additive', 'graph_attention_scaled'],
  ...['graph_average', 'graph_mean_relu', 'graph_residual'],
]

/** So large that a step of plain descent leaves little else in a parameter than its gradient. */
const LARGE_RATE = 2 ** 16

test.each(trained)('the gradients of %s', async (name) => {
  const { golden, content } = await readCase(name)
  const { batch, lengths } = golden
  using model = modelOf(golden, content)
  using trainer = new Trainer(model, { optimizer: { kind: 'sgd', learningRate: LARGE_RATE } })
  const before = model.getParameters()
  const inputs = inputsOf(golden, content)
  trainer.stepSync({ inputs, targets: targetsOf(golden, content), batch, lengths })
  const errors: Record<string, number> = {}
  for (const [parameter, after] of Object.entries(model.getParameters())) {
    const start = before[parameter]!
    const gradient = Float64Array.from(after, (value, i) => (start[i]! - value) / LARGE_RATE)
    const expected = content.tensors.get(`grad.${parameter}`)!.data as Float32Array
    errors[parameter] = largestDifference(gradient, expected) / largestMagnitude(expected)
  }
  expect(beyond(GRADIENT, errors)).toEqual({})
})

test.each(trained)('the training of %s', async (name) => {
  const { golden, content } = await readCase(name)
  const { batch, lengths, clipNorm, optimizer, hyper } = golden
  const inputs = inputsOf(golden, content)
  const targets = targetsOf(golden, content)
  for (const threads of [1, 2]) {
    setThreads(threads)
    using model = modelOf(golden, content)
    using trainer = new Trainer(model, { optimizer: { kind: optimizer, ...hyper }, clipNorm })
    const errors: Record<string, number> = {}
    for (const [update, loss] of golden.losses.entries()) {
      const result = trainer.stepSync({ inputs, targets, batch, lengths })
      const gradNorm = golden.gradNorms[update]!
      errors[`loss ${update}`] = Math.abs(result.loss - loss) / Math.abs(loss)
      errors[`gradNorm ${update}`] = Math.abs(result.gradNorm - gradNorm) / gradNorm
    }
    const final = tensors(content, 'final.')
    const parameters = model.getParameters()
    expect(Object.keys(parameters).sort()).toEqual(Object.keys(final).sort())
    for (const [parameter, values] of Object.entries(parameters)) {
      errors[parameter] = largestDifference(values, final[parameter]!)
    }
    expect(beyond(TRAINING, errors)).toEqual({})
  }
})
