import * as path from 'node:path'
import {
  type LossOptions,
  Model,
  type ModelOptions,
  type ModelTargets,
  type OptimizerOptions,
  setThreads,
  Trainer,
} from '../lib'
import type { Safetensors } from '../lib/formats/safetensors-writer'
import { requireChosenEngine } from './support/engine-choice'
import { beyond, largestDifference } from './support/numbers'
import { readWhole } from './support/safetensors'

requireChosenEngine()

// As in golden.numerics.test.ts.
const FORWARD = 2e-6
const TRAINING = 1e-5

interface Case {
  readonly graph: ModelOptions
  readonly lengths: Record<string, number[]>
  readonly batch: number
  readonly optimizer: OptimizerOptions['kind']
  readonly hyper: { readonly learningRate: number }
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

const cases = ['graph_two_outputs', 'graph_average']

test.each(cases)('the predictions of %s', async (name) => {
  const { golden, content } = await readCase(name)
  const { batch, lengths } = golden
  for (const threads of [1, 2]) {
    setThreads(threads)
    using model = new Model(golden.graph)
    model.setParameters(tensors(content, 'init.'))
    const predicted = model.predictSync(tensors(content, 'input.'), { batch, lengths })
    const expected = tensors(content, 'output.')
    expect(Object.keys(predicted).sort()).toEqual(Object.keys(expected).sort())
    const errors = Object.entries(predicted).map(([output, values]) => [
      output,
      largestDifference(values, expected[output]!),
    ])
    expect(beyond(FORWARD, Object.fromEntries(errors) as Record<string, number>)).toEqual({})
  }
})

/** The targets as the losses of the model take them: files have numbers of one type alone. */
function targetsOf({ graph }: Case, content: Safetensors): ModelTargets {
  const given = Object.entries(tensors(content, 'target.'))
  return Object.fromEntries(
    given.map(([name, values]) => {
      const { kind } = graph.outputs[name]!.loss as LossOptions
      return [name, kind === 'crossEntropy' ? Int32Array.from(values) : values]
    }),
  )
}

// The slices of graph_accumulation together are one batch. The average of graph_average does not change updates.
test.each([...cases, 'graph_accumulation'])('the training of %s', async (name) => {
  const { golden, content } = await readCase(name)
  const { batch, lengths, clipNorm, hyper, optimizer } = golden
  for (const threads of [1, 2]) {
    setThreads(threads)
    using model = new Model(golden.graph)
    model.setParameters(tensors(content, 'init.'))
    using trainer = new Trainer(model, { optimizer: { kind: optimizer, ...hyper }, clipNorm })
    const inputs = tensors(content, 'input.')
    const targets = targetsOf(golden, content)
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
