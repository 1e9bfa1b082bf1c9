import { setThreads, Trainer } from '../lib'
import { requireChosenEngine } from './support/engine-choice'
import { inputsOf, modelOf, readCase, targetsOf, tensors } from './support/golden-graph'
import { beyond, largestDifference, largestMagnitude } from './support/numbers'

requireChosenEngine()

// As of golden.numerics.test.ts.
const FORWARD = 2e-6
const GRADIENT = 1e-5
const TRAINING = 1e-5

test.each([
  ...['graph_attention_additive', 'graph_attention_scaled', 'graph_average', 'graph_groups'],
  ...['graph_lstm_norm', 'graph_mean_relu', 'graph_residual', 'graph_two_inputs'],
  'graph_two_outputs',
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
  ...['graph_average', 'graph_lstm_norm', 'graph_mean_relu', 'graph_residual'],
  ...['graph_two_inputs', 'graph_two_outputs'],
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
