import * as path from 'node:path'
import { Model, type ModelOptions, setThreads, Trainer } from '../lib'
import type { Safetensors } from '../lib/formats/safetensors-writer'
import { requireChosenEngine } from './support/engine-choice'
import { beyond, largestDifference } from './support/numbers'
import { readWhole } from './support/safetensors'

requireChosenEngine()

// As in golden.numerics.test.ts.
const FORWARD = 2e-6
const TRAINING = 1e-5

type Description = Pick<ModelOptions, 'inputs' | 'layers'> & {
  readonly outputs: Record<string, { readonly loss: { readonly kind: string } }>
}

interface Case {
  readonly graph: Description
  readonly lengths: Record<string, number[]>
  readonly batch: number
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

/** A model for a case. A loss that the package does not have is replaced, since predictions do not depend on it. */
function modelOf({ graph }: Case, losses: Record<string, 'crossEntropy' | 'meanSquaredError'>) {
  const outputs = Object.fromEntries(
    Object.keys(graph.outputs).map((name) => [name, { loss: losses[name]! }]),
  )
  return new Model({ inputs: graph.inputs, layers: graph.layers, outputs })
}

const cases = [
  ['graph_two_outputs', { kind: 'crossEntropy', value: 'meanSquaredError' }],
  ['graph_average', { head: 'meanSquaredError' }],
] as const

test.each(cases)('the predictions of %s', async (name, losses) => {
  const { golden, content } = await readCase(name)
  const { batch, lengths } = golden
  for (const threads of [1, 2]) {
    setThreads(threads)
    using model = modelOf(golden, losses)
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

// The slices of graph_accumulation together are one batch. The average of graph_average does not change updates.
test.each(['graph_accumulation', 'graph_average'])('the training of %s', async (name) => {
  const { golden, content } = await readCase(name)
  const { batch, lengths, clipNorm, hyper } = golden
  const isClasses = golden.graph.outputs['head']!.loss.kind === 'crossEntropy'
  for (const threads of [1, 2]) {
    setThreads(threads)
    using model = modelOf(golden, { head: isClasses ? 'crossEntropy' : 'meanSquaredError' })
    model.setParameters(tensors(content, 'init.'))
    using trainer = new Trainer(model, { optimizer: { kind: 'adam', ...hyper }, clipNorm })
    const { head } = tensors(content, 'target.')
    const targets = { head: isClasses ? Int32Array.from(head!) : head! }
    const errors: Record<string, number> = {}
    for (const [update, loss] of golden.losses.entries()) {
      const result = trainer.stepSync({
        inputs: tensors(content, 'input.'),
        targets,
        batch,
        lengths,
      })
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
