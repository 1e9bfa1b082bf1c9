import type { StepMetrics } from '../../binding'
import type { TrainingBatch } from '../../lib'
import { sequenceForm } from '../../lib/batch-forms'
import type { FitJobs } from '../../lib/fit/jobs'
import { FitPosition } from '../../lib/fit/position'
import { describeGraph } from '../../lib/graph'
import type { CheckedBatch } from '../../lib/model-batch'
import { checkArchitecture } from '../../lib/model-options'
import { options } from './trainer'

/** One update, as a trainer of the test's own was asked for it. */
export interface FakeStep {
  /** The first feature of each sequence of each batch. */
  readonly marks: readonly (readonly number[])[]
  readonly learningRate: number | undefined
}

/** A trainer that computes nothing. */
export interface FakeTrainer {
  readonly jobs: FitJobs
  readonly steps: FakeStep[]
  /** What was validated: the marks of each batch. */
  readonly validated: (readonly number[])[]
  /** What all of the model's parameters are: the updates that were made, or what was written. */
  parameter: number
  /** Milliseconds; each update takes 1000, each validation batch 100. */
  now: number
}

const marksOf = ({ inputs, batch }: CheckedBatch): number[] => {
  const { values } = inputs[0]!
  return Array.from({ length: batch }, (_, i) => values[2 * i]!)
}

/** A loss of the only output. */
const lossesOf = (loss: number, denominator: number): Pick<StepMetrics, 'loss' | 'outputs'> => ({
  loss,
  outputs: [{ loss, denominator, impossible: [] }],
})

/** @param losses - what batches lose: of updates by their number from 1 (NaN: it is skipped), of validation by its mark and the updates made */
export function fakeTrainer(
  losses: {
    readonly step?: (update: number) => number
    readonly validation?: (mark: number, updates: number) => number
  } = {},
): FakeTrainer {
  const graph = describeGraph(checkArchitecture(options).native)
  const fake: FakeTrainer = {
    jobs: {
      graph,
      form: sequenceForm,
      modelSeed: 5,
      baseRate: 0.1,
      clock: { now: () => fake.now, date: () => fake.now + 1e12 },
      epochs: { count: 0 },
      position: new FitPosition(),
      snapshot: () => Promise.resolve(() => Promise.resolve()),
      check: (given) => {
        const { input, target, batch = 1 } = given as TrainingBatch
        const steps = input.length / (2 * batch)
        const targets = [target as Float32Array]
        return { batch, inputs: [{ steps, lengths: null, values: input }], targets }
      },
      step: (batches, { learningRate, signal }) => {
        if (signal?.aborted) return Promise.reject(signal.reason as Error)
        fake.steps.push({ marks: batches.map(marksOf), learningRate })
        const loss = losses.step?.(fake.parameter + 1) ?? 1
        const skipped = Number.isNaN(loss)
        if (!skipped) fake.parameter++
        fake.now += 1000
        const denominator = batches.reduce((sum, { batch }) => sum + batch, 0)
        return Promise.resolve({ gradNorm: 1, skipped, ...lossesOf(loss, denominator) })
      },
      resetState: () => undefined,
      evaluate: (batch) => {
        const marks = marksOf(batch)
        fake.validated.push(marks)
        fake.now += 100
        const loss = losses.validation?.(marks[0]!, fake.parameter) ?? 1
        return Promise.resolve({ gradNorm: 0, skipped: false, ...lossesOf(loss, batch.batch) })
      },
      readParameters: () =>
        Promise.resolve(new Float32Array(graph.parameterCount).fill(fake.parameter)),
      writeParameters: (parameters) => {
        fake.parameter = parameters[0]!
        return Promise.resolve()
      },
    },
    steps: [],
    validated: [],
    parameter: 0,
    now: 0,
  }
  return fake
}

/** A batch of one sequence of one step, which is known by its mark. */
export const marked = (mark: number): TrainingBatch => ({
  input: Float32Array.of(mark, 0),
  target: new Float32Array(1),
})
