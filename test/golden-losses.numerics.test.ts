import { readdirSync } from 'node:fs'
import * as path from 'node:path'
import type { NativeTarget, NativeTrainerOptions, StepMetrics } from '../binding'
import { type LossOptions, Model, type ModelOptions, setThreads } from '../lib'
import type { Safetensors } from '../lib/formats/safetensors-writer'
import { modelInternals } from '../lib/graph-model'
import { native } from '../lib/native'
import { requireChosenEngine } from './support/engine-choice'
import { beyond, largestDifference, largestMagnitude, swapAxes } from './support/numbers'
import { readWhole } from './support/safetensors'

requireChosenEngine()

// As of golden.numerics.test.ts; predictions beyond 1 and losses are measured by their magnitude.
const FORWARD = 2e-6
const GRADIENT = 1e-5
const LOSS = 1e-5

const folder = path.join(__dirname, 'golden-graph')
const names = readdirSync(folder)
  .filter((name) => name.startsWith('loss_'))
  .map((name) => path.parse(name).name)

interface Case {
  readonly graph: ModelOptions
  readonly steps: number
  readonly batch: number
  readonly lengths: readonly number[]
  readonly targetLengths?: readonly number[]
  readonly impossible?: readonly number[]
  readonly loss: number
  readonly denominator: number
}

interface Golden {
  readonly golden: Case
  readonly tensor: (name: string) => Float32Array
}

async function readCase(name: string): Promise<Golden> {
  const content: Safetensors = await readWhole(path.join(folder, `${name}.safetensors`))
  return {
    golden: JSON.parse(content.metadata['case']!) as Case,
    tensor: (tensor) => content.tensors.get(tensor)!.data as Float32Array,
  }
}

/** The target as its loss takes it, time first or batch first: files have numbers of one type alone. */
function targetOf({ golden, tensor }: Golden, batchFirst: boolean): NativeTarget {
  const { graph, batch, steps, targetLengths } = golden
  const { kind } = graph.outputs['head']!.loss as LossOptions
  const given = tensor('target')
  const ordered = batchFirst
    ? swapAxes(given, kind === 'ctc' ? given.length / batch : steps, batch)
    : given
  if (kind === 'crossEntropy') return Int32Array.from(ordered)
  if (kind !== 'ctc') return ordered
  return { labels: Int32Array.from(ordered), lengths: Int32Array.from(targetLengths!) }
}

/** Far more than the parameters, so that an update leaves the gradient, and little else. */
const learningRate = 2 ** 20
const plain: NativeTrainerOptions = {
  ...{ kind: 'sgd', learningRate, momentum: 0, beta1: 0, beta2: 0, decay: 0, epsilon: 0 },
  ...{ weightDecay: 0, clipNorm: 0, clipValue: 0 },
  ...{ parameters: [], averageDecay: null, nonFinite: 'throw' },
}

interface Found {
  readonly outputs: Float32Array
  readonly evaluated: StepMetrics
  readonly stepped: StepMetrics
  readonly gradients: Record<string, Float32Array>
}

async function compute(given: Golden, batchFirst: boolean): Promise<Found> {
  const { golden, tensor } = given
  const { graph, batch, steps } = golden
  using model = new Model({ ...graph, batchFirst })
  const before = { 'head.weight': tensor('head.weight'), 'head.bias': tensor('head.bias') }
  model.setParameters(before)
  const features = batchFirst ? swapAxes(tensor('features'), steps, batch) : tensor('features')
  const { head } = model.predictSync({ features }, { batch, lengths: golden.lengths })
  const trainer = new (native().NativeTrainer)(modelInternals(model).core.native, plain)
  const inputs = [{ steps, lengths: Int32Array.from(golden.lengths), values: features }]
  const target = targetOf(given, batchFirst)
  const whole = { batch, inputs, targets: [target] }
  const evaluated = await trainer.evaluate(whole, null)
  const stepped = trainer.stepSync([whole], { learningRate: null })
  trainer.dispose()
  const gradients = Object.entries(model.getParameters()).map(([name, values]) => [
    name,
    values.map((value, i) => (before[name as keyof typeof before][i]! - value) / learningRate),
  ])
  return {
    outputs: batchFirst ? swapAxes(head!, batch, steps) : head!,
    evaluated,
    stepped,
    gradients: Object.fromEntries(gradients) as Record<string, Float32Array>,
  }
}

function errorsOf({ golden, tensor }: Golden, found: Found): Record<string, number> {
  const relative = (loss: number): number => Math.abs(loss - golden.loss) / Math.abs(golden.loss)
  const outputs = tensor('outputs')
  const norm = Math.sqrt(
    ['head.weight', 'head.bias']
      .flatMap((name) => [...tensor(`grad.${name}`)])
      .reduce((sum, value) => sum + value * value, 0),
  )
  const gradients = Object.entries(found.gradients).map(([name, values]) => {
    const expected = tensor(`grad.${name}`)
    const error = largestDifference(values, expected) / largestMagnitude(expected)
    return [name, error / GRADIENT]
  })
  const largest = Math.max(1, largestMagnitude(outputs))
  return {
    outputs: largestDifference(found.outputs, outputs) / largest / FORWARD,
    evaluated: relative(found.evaluated.loss) / LOSS,
    stepped: relative(found.stepped.loss) / LOSS,
    gradNorm: Math.abs(found.stepped.gradNorm - norm) / norm / GRADIENT,
    ...(Object.fromEntries(gradients) as Record<string, number>),
  }
}

test('there is a case of every kind of loss', async () => {
  const kinds = await Promise.all(
    names.map(async (name) => {
      const { graph } = (await readCase(name)).golden
      return (graph.outputs['head']!.loss as LossOptions).kind
    }),
  )
  expect([...new Set(kinds)].sort()).toEqual([
    ...['binaryCrossEntropy', 'crossEntropy', 'ctc', 'gaussian', 'huber', 'meanAbsoluteError'],
    ...['meanSquaredError', 'quantile'],
  ])
})

test.each(names)('%s', async (name) => {
  const given = await readCase(name)
  const { golden } = given
  for (const threads of [1, 2]) {
    setThreads(threads)
    for (const batchFirst of [false, true]) {
      const found = await compute(given, batchFirst)
      expect(beyond(1, errorsOf(given, found))).toEqual({})
      for (const { loss, outputs } of [found.evaluated, found.stepped]) {
        const { denominator, impossible = [] } = golden
        expect(outputs).toEqual([{ loss, denominator, impossible }])
      }
    }
  }
})
