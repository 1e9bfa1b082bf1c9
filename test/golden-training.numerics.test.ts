import { Model, type ModelTrainingBatch, setThreads, type SomeParameters, Trainer } from '../lib'
import type { Safetensors } from '../lib/formats/safetensors-writer'
import { requireChosenEngine } from './support/engine-choice'
import { type Case, inputsOf, modelOf, readCase, targetsOf, tensors } from './support/golden-graph'
import { beyond, bitsOf, largestDifference } from './support/numbers'

requireChosenEngine()

// As in golden.numerics.test.ts.
const TRAINING = 1e-5

interface Golden {
  readonly golden: Case
  readonly content: Safetensors
}

/** The case's one batch, as a training step takes it. */
function batchOf({ golden, content }: Golden): ModelTrainingBatch {
  const { batch, lengths } = golden
  return {
    inputs: inputsOf(golden, content),
    targets: targetsOf(golden, content),
    batch,
    lengths,
  }
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
    targets: { head: cut(whole.targets['head'] as Float32Array, steps) },
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

function distances(got: SomeParameters, expected: SomeParameters): Record<string, number> {
  expect(Object.keys(got).sort()).toEqual(Object.keys(expected).sort())
  return Object.fromEntries(
    Object.entries(got).map(([name, values]) => [name, largestDifference(values, expected[name]!)]),
  )
}

/** A model of the case with its initial parameters, and its trainer. */
function make({ golden, content }: Golden): { model: Model; trainer: Trainer<Model> } {
  const { clipNorm, optimizer: kind, hyper, groups, frozen, averageDecay } = golden
  const model = modelOf(golden, content)
  const average = averageDecay === undefined ? undefined : { decay: averageDecay }
  const options = { optimizer: { kind, ...hyper }, clipNorm, groups, frozen, average }
  return { model, trainer: new Trainer(model, options) }
}

// That of graph_accumulation comes in one batch, and in the slices that it was computed in.
const trainings = ['graph_accumulation', 'graph_groups', 'slices'] as const

test.each(trainings)('the training of %s', async (name) => {
  const golden = await readCase(name === 'slices' ? 'graph_accumulation' : name)
  const whole = batchOf(golden)
  const batches =
    name === 'slices' ? golden.golden.accumulate!.map((range) => slice(whole, range)) : whole
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
  const averageLoss = golden.golden.averageLoss!
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
