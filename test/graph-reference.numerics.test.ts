/**
 * Whole random graphs, from lib's Model down, against the reference in double.
 */
import * as fc from 'fast-check'
import type { GraphReferenceCall, GraphReferenceResult } from '../binding'
import {
  Model,
  type ModelTrainingBatch,
  type Parameters,
  type Predictions,
  type StepResult,
  Trainer,
} from '../lib'
import { checkDescription } from '../lib/model-description'
import { native } from '../lib/native'
import { requireChosenEngine } from './support/engine-choice'
import {
  beyond,
  integers,
  largestDifference,
  largestMagnitude,
  randomSource,
  swapAxes,
  uniform,
  withMissing,
} from './support/numbers'
import { seed } from './support/random'
import {
  anyGraph,
  GROUPS,
  drawGraph,
  type DrawnGraph,
  type Edge,
  type GraphPlan,
} from './support/random-graphs'

requireChosenEngine()

// Those of reference.numerics.test.ts. Here outputs have no bound: their errors are measured by the largest where it is
// beyond 1, as those of losses are. A gradient is measured by no less than a part of the largest of all, those of the
// predictions among them: every parameter's may be a sum that cancels.
const FORWARD = 2e-6
const GRADIENT = 1e-5
const CANCELLED = 0.1

/** So large that a step of plain descent leaves little else in a parameter than its gradient. */
const LARGE_RATE = 2 ** 16

interface Case {
  readonly plan: GraphPlan
  readonly seed: number
  readonly batch: number
  /** Of each group. */
  readonly steps: readonly number[]
  readonly ragged: boolean
}

const anyCase: fc.Arbitrary<Case> = fc.record({
  plan: anyGraph,
  seed: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  batch: fc.integer({ min: 1, max: 7 }),
  steps: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: GROUPS, maxLength: GROUPS }),
  ragged: fc.boolean(),
})

type Values = Float32Array | Int32Array

/** A batch as the model and its trainer take it, and as the reference does. */
interface DrawnBatch {
  readonly given: Required<ModelTrainingBatch>
  readonly reference: Omit<GraphReferenceCall, 'dropout'>
}

/** The rows [steps, batch] of a sequence, or [1, batch]. */
interface Rows {
  readonly steps: number
  readonly lengths: Int32Array
  readonly swapped: boolean
}

const countOf = ({ steps, lengths }: Rows): number => steps * lengths.length

/** As the caller has them, with something in rows that do not count that must reach nothing. */
function callers<T extends Values>(values: T, { steps, lengths, swapped }: Rows): T {
  const batch = lengths.length
  const width = values.length / (steps * batch)
  const spoiled = values instanceof Int32Array ? -1 : NaN
  const marked = values.map((value, i) => {
    const row = Math.floor(i / width)
    return Math.floor(row / batch) < lengths[row % batch]! ? value : spoiled
  }) as T
  return swapped ? swapAxes(marked, steps, batch) : marked
}

/** As the reference has them. */
function exact(values: Values): Float64Array | Int32Array {
  return values instanceof Int32Array ? values : Float64Array.from(values)
}

/** The steps and lengths of each group of inputs. */
function drawRows(
  { description, outputs }: DrawnGraph,
  { batch, ragged, steps: stepsOf }: Case,
  random: () => number,
): Rows[] {
  return stepsOf.map((steps, group) => {
    const lengths = ragged ? integers(random, batch, steps + 1) : new Int32Array(batch).fill(steps)
    // A batch from whose steps an output comes has one.
    const isEmpty = lengths.every((length) => length === 0)
    if (isEmpty && outputs.some((output) => output.group === group)) lengths[0] = 1
    return { steps, lengths, swapped: description.batchFirst === true }
  })
}

function drawBatch(graph: DrawnGraph, drawn: Case): DrawnBatch {
  const random = randomSource(drawn.seed)
  const groups = drawRows(graph, drawn, random)
  const { batch } = drawn
  const given = { batch, inputs: {}, targets: {}, lengths: {} } as {
    [K in 'inputs' | 'targets' | 'lengths']: Record<string, Values>
  } & { batch: number }
  const inputs = Object.entries(graph.description.inputs).map(([name, input]) => {
    const rows = groups[graph.groups[name]!]!
    const values =
      'tokens' in input
        ? integers(random, countOf(rows), input.tokens)
        : uniform(random, countOf(rows) * input.features)
    given.inputs[name] = callers(values, rows)
    given.lengths[name] = rows.lengths
    return { steps: rows.steps, lengths: rows.lengths, values: exact(values) }
  })
  const targets = graph.outputs.map((output) => {
    const rows = rowsOf(output, groups)
    const values = drawTarget(random, output, countOf(rows))
    given.targets[output.name] = callers(values, rows)
    return exact(values)
  })
  return { given: given as DrawnBatch['given'], reference: { batch, inputs, targets } }
}

function drawTarget(
  random: () => number,
  { loss, width }: DrawnGraph['outputs'][number],
  rows: number,
): Values {
  if (loss === 'crossEntropy') return integers(random, rows, width)
  const values = uniform(random, rows * width)
  return loss === 'meanSquaredError' ? values : withMissing(random, values)
}

/** A row for each sequence is a step of which some sequences have none. */
function rowsOf({ every, group }: Edge, groups: readonly Rows[]): Rows {
  const rows = groups[group]!
  if (every === 'step') return rows
  return { steps: 1, lengths: rows.lengths.map((length) => Math.min(1, length)), swapped: false }
}

/**
 * Other values where a new model's are all 0 or 1. Those of an embedding, which go up to 4, become smaller: what enters
 * the scores of attention stays of order 1, as elsewhere.
 */
function spreadParameters(model: Model, dataSeed: number): void {
  const random = randomSource(dataSeed + 1)
  const parameters = Object.entries(model.getParameters()).map(([name, values]) => {
    const changes = uniform(random, values.length, 0.2)
    return [name, values.map((value, i) => value / 2 + changes[i]!)] as const
  })
  model.setParameters(Object.fromEntries(parameters))
}

const flat = (parameters: Parameters): Float64Array =>
  Float64Array.from(Object.values(parameters).flatMap((values) => Array.from(values)))

function relative(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  return largestDifference(actual, expected) / Math.max(1, largestMagnitude(expected))
}

/** The errors of predictions, by the outputs' names. */
function forwardErrors(
  { description, outputs }: DrawnGraph,
  batch: number,
  predictions: Predictions,
  expected: GraphReferenceResult,
): Record<string, number> {
  const errors = outputs.map(({ name, width, every }, i) => {
    const values = predictions[name]!
    const swapped = description.batchFirst === true && every === 'step'
    const ordered = swapped ? swapAxes(values, batch, values.length / (batch * width)) : values
    return [name, relative(ordered, expected.outputs[i]!)] as const
  })
  return Object.fromEntries(errors)
}

/** Where all gradients are 0, as those of one class are, so must the model's be. */
const orOne = (scale: number): number => (scale === 0 ? 1 : scale)

/** The errors of what a step of plain descent subtracted, by the parameters' names. */
function gradientErrors(
  before: Parameters,
  after: Parameters,
  { dParameters, dOutputs }: GraphReferenceResult,
): Record<string, number> {
  const largest = Math.max(...[dParameters, ...dOutputs].map(largestMagnitude))
  let offset = 0
  const errors = Object.entries(before).map(([name, start]) => {
    const truth = dParameters.subarray(offset, (offset += start.length))
    const gradient = Float64Array.from(after[name]!, (value, i) => (start[i]! - value) / LARGE_RATE)
    const scale = Math.max(largestMagnitude(truth), CANCELLED * largest)
    return [name, largestDifference(gradient, truth) / orOne(scale)] as const
  })
  return Object.fromEntries(errors)
}

/** The errors of a case that are beyond their bounds. */
async function failures(drawn: Case, form: Form): Promise<Record<string, number>> {
  const graph = drawGraph(drawn.plan)
  const { given, reference } = drawBatch(graph, drawn)
  using model = new Model({ ...graph.description, seed: drawn.seed })
  using trainer = new Trainer(model, { optimizer: { kind: 'sgd', learningRate: LARGE_RATE } })
  spreadParameters(model, drawn.seed)
  const before = model.getParameters()
  const referenceOf = (dropout: GraphReferenceCall['dropout']): GraphReferenceResult => {
    const options = checkDescription(graph.description).native
    return native().referenceGraph(options, flat(before), { ...reference, dropout })
  }
  const inference = referenceOf(null)
  const training = referenceOf({ seed: drawn.seed, pass: 0 })

  const predictions = await form.predict(model, given)
  const { loss } = await trainer.evaluate(given)
  const step = await form.step(trainer, given)
  const norm = Math.hypot(...training.dParameters)
  const terms = Math.max(norm, CANCELLED * Math.max(...training.dOutputs.map(largestMagnitude)))
  return {
    ...beyond(FORWARD, forwardErrors(graph, drawn.batch, predictions, inference)),
    ...beyond(FORWARD, { loss: relative([loss], [inference.loss]) }),
    ...beyond(FORWARD, { 'loss in training': relative([step.loss], [training.loss]) }),
    ...beyond(GRADIENT, { gradNorm: Math.abs(step.gradNorm - norm) / orOne(terms) }),
    ...beyond(GRADIENT, gradientErrors(before, model.getParameters(), training)),
  }
}

interface Form {
  readonly name: string
  predict(model: Model, batch: Required<ModelTrainingBatch>): Promise<Predictions>
  step(trainer: Trainer<Model>, batch: ModelTrainingBatch): Promise<StepResult>
}

const forms: readonly Form[] = [
  {
    name: 'Sync',
    predict: (model, { inputs, batch, lengths }) =>
      Promise.resolve(model.predictSync(inputs, { batch, lengths })),
    step: (trainer, batch) => Promise.resolve(trainer.stepSync(batch)),
  },
  {
    name: 'promise',
    predict: (model, { inputs, batch, lengths }) => model.predict(inputs, { batch, lengths }),
    step: (trainer, batch) => trainer.step(batch),
  },
]

test.each(forms)('any graph agrees with the reference, in the $name form', async (form) => {
  await fc.assert(
    fc.asyncProperty(anyCase, async (drawn) => {
      expect(await failures(drawn, form)).toEqual({})
    }),
    { seed, numRuns: 60 },
  )
})
