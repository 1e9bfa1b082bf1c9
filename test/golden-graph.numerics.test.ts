import * as path from 'node:path'
import {
  Model,
  type ModelOptions,
  type ModelTrainingBatch,
  type ParameterGroup,
  type Parameters,
  setThreads,
  Trainer,
} from '../lib'
import type { Safetensors } from '../lib/formats/safetensors-writer'
import { requireChosenEngine } from './support/engine-choice'
import { beyond, bitsOf, largestDifference } from './support/numbers'
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
  readonly optimizer: 'adam' | 'adamw'
  readonly hyper: { readonly learningRate: number }
  readonly groups?: readonly ParameterGroup[]
  readonly frozen?: readonly string[]
  readonly averageDecay?: number
  readonly averageLoss: number
  /** Slices of sequences */
  readonly accumulate: readonly [number, number][]
  readonly clipNorm?: number
  readonly losses: number[]
  readonly gradNorms: number[]
}

interface Golden {
  readonly golden: Case
  readonly content: Safetensors
}

async function readCase(name: string): Promise<Golden> {
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

/** The case's one batch, as a training step takes it. */
function batchOf({ golden, content }: Golden): ModelTrainingBatch {
  const { batch, lengths, graph } = golden
  const given = tensors(content, 'input.')
  const inputs = Object.fromEntries(
    Object.entries(graph.inputs).map(([name, input]) => [
      name,
      'tokens' in input ? Int32Array.from(given[name]!) : given[name]!,
    ]),
  )
  const { head } = tensors(content, 'target.')
  return {
    inputs,
    targets: { head: isClasses(golden) ? Int32Array.from(head!) : head! },
    batch,
    lengths,
  }
}

function isClasses({ graph }: Case): boolean {
  return graph.outputs['head']!.loss.kind === 'crossEntropy'
}

/** Some sequences of a batch in which every array is [steps, batch, ...]. */
function slice(
  whole: ModelTrainingBatch,
  [from, to]: readonly [number, number],
): ModelTrainingBatch {
  const sequences = whole.batch!
  const cut = <T extends Float32Array | Int32Array>(values: T, steps: number): T => {
    const width = values.length / (steps * sequences)
    return values.filter((_, i) => {
      const sequence = Math.floor(i / width) % sequences
      return sequence >= from && sequence < to
    }) as T
  }
  const lengths = (whole.lengths as Record<string, number[]>)['x']!
  const steps = Math.max(...lengths)
  return {
    inputs: { x: cut(whole.inputs['x']!, steps) },
    targets: { head: cut(whole.targets['head']!, steps) },
    batch: to - from,
    lengths: { x: lengths.slice(from, to) },
  }
}

/** Trains as the case does, and tells how far everything is from it. */
function train(
  { golden, content }: Golden,
  model: Model,
  trainer: Trainer<Model>,
  batches: ModelTrainingBatch | ModelTrainingBatch[],
): Record<string, number> {
  const errors: Record<string, number> = {}
  for (const [update, loss] of golden.losses.entries()) {
    const result = trainer.stepSync(batches)
    const gradNorm = golden.gradNorms[update]!
    errors[`loss ${update}`] = Math.abs(result.loss - loss) / Math.abs(loss)
    errors[`gradNorm ${update}`] = Math.abs(result.gradNorm - gradNorm) / gradNorm
  }
  return { ...errors, ...distances(model.getParameters(), tensors(content, 'final.')) }
}

function distances(got: Parameters, expected: Parameters): Record<string, number> {
  expect(Object.keys(got).sort()).toEqual(Object.keys(expected).sort())
  return Object.fromEntries(
    Object.entries(got).map(([name, values]) => [name, largestDifference(values, expected[name]!)]),
  )
}

/** A model of the case with its initial parameters, and its trainer. */
function make({ golden, content }: Golden): { model: Model; trainer: Trainer<Model> } {
  const { clipNorm, optimizer: kind, hyper, groups, frozen, averageDecay } = golden
  const model = modelOf(golden, { head: isClasses(golden) ? 'crossEntropy' : 'meanSquaredError' })
  model.setParameters(tensors(content, 'init.'))
  const average = averageDecay === undefined ? undefined : { decay: averageDecay }
  const options = { optimizer: { kind, ...hyper }, clipNorm, groups, frozen, average }
  return { model, trainer: new Trainer(model, options) }
}

// That of graph_accumulation comes in one batch, and in the slices that it was computed in.
const trainings = ['graph_accumulation', 'graph_average', 'graph_groups', 'slices'] as const

test.each(trainings)('the training of %s', async (name) => {
  const golden = await readCase(name === 'slices' ? 'graph_accumulation' : name)
  const whole = batchOf(golden)
  const batches =
    name === 'slices' ? golden.golden.accumulate.map((range) => slice(whole, range)) : whole
  for (const threads of [1, 2]) {
    setThreads(threads)
    const { model, trainer } = make(golden)
    expect(beyond(TRAINING, train(golden, model, trainer, batches))).toEqual({})
    model.dispose()
  }
})

test('frozen parameters keep their bits', async () => {
  const golden = await readCase('graph_groups')
  const { model, trainer } = make(golden)
  const before = model.getParameters()
  trainer.stepSync(batchOf(golden))
  const after = model.getParameters()
  const same = Object.keys(before).filter((key) => bitsOf(before[key]!) === bitsOf(after[key]!))
  expect(same.sort()).toEqual(['memory.weight_ih_l0', 'vector.weight'])
  model.dispose()
})

test('the average of graph_average, and its loss', async () => {
  const golden = await readCase('graph_average')
  const batch = batchOf(golden)
  const { model, trainer } = make(golden)
  train(golden, model, trainer, batch)
  const { loss } = await trainer.evaluateAverage(batch)
  const { averageLoss } = golden.golden
  const errors = {
    ...distances(trainer.getAverage(), tensors(golden.content, 'average.')),
    loss: Math.abs(loss - averageLoss) / averageLoss,
  }
  expect(beyond(TRAINING, errors)).toEqual({})
  // The parameters are in their places again.
  const final = tensors(golden.content, 'final.')
  expect(beyond(TRAINING, distances(model.getParameters(), final))).toEqual({})
  const { loss: own } = await trainer.evaluate(batch)
  model.setParameters(trainer.getAverage())
  expect((await trainer.evaluate(batch)).loss).toBe(loss)
  expect(own).not.toBe(loss)
  model.dispose()
})
