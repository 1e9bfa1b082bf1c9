import {
  Dataset,
  type Progress,
  SequenceModel,
  type SequenceModelOptions,
  Trainer,
  type TrainerOptions,
} from '../../lib'
import { bitsOf, randomSource, uniform } from './numbers'

export const options: SequenceModelOptions = {
  input: { features: 2 },
  gru: { hiddenSize: 6 },
  output: { size: 1, loss: 'meanSquaredError', every: 'last' },
  seed: 1,
}
export const adam: TrainerOptions = { optimizer: { kind: 'adam', learningRate: 0.02 } }
export const random = randomSource(11)

const disposables: { dispose(): void }[] = []
/** A model and its trainer for one test, disposed of after it. */
export function make(
  modelOptions: SequenceModelOptions = options,
  trainerOptions: TrainerOptions = adam,
): { model: SequenceModel; trainer: Trainer } {
  const model = new SequenceModel(modelOptions)
  const trainer = new Trainer(model, trainerOptions)
  disposables.push(trainer, model)
  return { model, trainer }
}
afterEach(() => {
  for (const disposable of disposables.splice(0)) disposable.dispose()
})

export const bits = (model: SequenceModel): string[] =>
  Object.values(model.getParameters()).map(bitsOf)

/** Four steps of three sequences: the target is the mean of the first feature. */
export const batch = {
  input: uniform(random, 4 * 3 * 2),
  target: Float32Array.of(0.1, -0.2, 0.3),
  batch: 3,
}

/** Sequences of 1 to 5 steps, whose target is the sum of the first feature. */
export const sequences = Array.from({ length: 11 }, (_, index) => {
  const input = uniform(random, 2 * (1 + (index % 5)))
  const sum = input.reduce((total, value, i) => total + (i % 2 === 0 ? value : 0), 0)
  return { input, target: Float32Array.of(sum) }
})
export const data = new Dataset(sequences)

export async function collect(progress: AsyncIterable<Progress>): Promise<Progress[]> {
  const all: Progress[] = []
  for await (const one of progress) all.push(one)
  return all
}

/** Progress without what depends on the machine. */
export type Untimed = Omit<Progress, 'elapsed' | 'samplesPerSecond' | 'secondsLeft'>

export function withoutTimes(all: readonly Progress[]): Untimed[] {
  const times = ['elapsed', 'samplesPerSecond', 'secondsLeft']
  return all.map((progress) => {
    const rest = Object.entries(progress).filter(([name]) => !times.includes(name))
    return Object.fromEntries(rest) as unknown as Untimed
  })
}
