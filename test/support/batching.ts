import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import {
  type BatchableModel,
  Batcher,
  type BatcherOptions,
  type BatchMessage,
  Model,
  type ModelInputs,
  type ModelOptions,
  type ModelSession,
  type PredictionsOf,
  type RequestInput,
  SequenceModel,
  type SequenceModelOptions,
  type SequenceSession,
} from '../../lib'
import { bitsOf, integers, uniform } from './numbers'

export type Input = RequestInput<BatchableModel>
export type Output = PredictionsOf<BatchableModel>
type AnySession = SequenceSession | ModelSession

/** A kind of model, and the inputs that it reads. */
export interface Subject {
  readonly name: string
  readonly create: (seed: number) => BatchableModel
  /** A sequence. An input that is not joined with the first one may have other steps. */
  readonly draw: (random: () => number, steps: number, otherSteps: number) => Input
  /** The input of a step of so many sequences. */
  readonly drawStep: (random: () => number, sequences: number) => Input
}

function sequenceSubject(name: string, options: SequenceModelOptions): Subject {
  const { input } = options
  const draw = (random: () => number, rows: number): Input =>
    'tokens' in input
      ? integers(random, rows, input.tokens)
      : uniform(random, rows * input.features)
  return {
    name,
    create: (seed) => keep(new SequenceModel({ ...options, seed })),
    draw,
    drawStep: draw,
  }
}

const gru = { hiddenSize: 5, numLayers: 2 } as const
const features = { input: { features: 3 }, gru } as const
const values = { size: 4, loss: 'meanSquaredError' } as const

export const plain = sequenceSubject('a SequenceModel of features', { ...features, output: values })

/** An input that is joined with another one and one that is not; an output of each, once or at each step. */
const joined: ModelOptions = {
  inputs: { weather: { features: 2 }, side: { features: 3 }, kind: { tokens: 5 } },
  layers: {
    both: { type: 'concat', inputs: ['weather', 'side'] },
    memory: { type: 'lstm', input: 'both', hiddenSize: 4, numLayers: 2 },
    last: { type: 'select', input: 'memory' },
    season: { type: 'linear', input: 'last', size: 3 },
    kindVector: { type: 'embedding', input: 'kind', size: 3 },
    reader: { type: 'gru', input: 'kindVector', hiddenSize: 3 },
    level: { type: 'linear', input: 'reader', size: 2 },
  },
  outputs: { season: { loss: 'crossEntropy' }, level: { loss: 'meanSquaredError' } },
}

function modelSubject(name: string, options: ModelOptions): Subject {
  const inputsOf = (random: () => number, rows: number, others: number): ModelInputs => ({
    weather: uniform(random, rows * 2),
    side: uniform(random, rows * 3),
    kind: integers(random, others, 5),
  })
  return {
    name,
    create: (seed) => keep(new Model({ ...options, seed })),
    draw: inputsOf,
    drawStep: (random, sequences) => inputsOf(random, sequences, sequences),
  }
}

export const named = modelSubject('a Model of three inputs and two outputs', joined)

export const subjects: readonly Subject[] = [
  plain,
  sequenceSubject('a SequenceModel of tokens, with one output a sequence', {
    ...{ input: { tokens: 7, embeddingSize: 3 }, gru },
    output: { size: 4, loss: 'crossEntropy', every: 'last' },
  }),
  sequenceSubject('a SequenceModel with batchFirst', {
    ...{ ...features, output: values },
    gru: { ...gru, batchFirst: true },
  }),
  named,
  modelSubject('a Model with batchFirst', { ...joined, batchFirst: true }),
]

const disposables: { dispose(): void }[] = []

/** An object for one test, disposed of after it. */
export function keep<T extends { dispose(): void }>(object: T): T {
  disposables.push(object)
  return object
}

const batchers: Batcher<BatchableModel>[] = []

/** A batcher for one test, closed after it. */
export function makeBatcher(
  model: BatchableModel,
  options?: BatcherOptions,
): Batcher<BatchableModel> {
  const batcher = new Batcher(model, options)
  batchers.push(batcher)
  return batcher
}

const channelName = 'gru-native:batch'
const listeners: ((message: unknown) => void)[] = []

/** The messages of all batches of a test from now on. */
export function recordBatches(): BatchMessage[] {
  const messages: BatchMessage[] = []
  const listener = (message: unknown): void => {
    messages.push(message as BatchMessage)
  }
  subscribe(channelName, listener)
  listeners.push(listener)
  return messages
}

afterEach(async () => {
  await Promise.all(batchers.splice(0).map((batcher) => batcher.close()))
  for (const listener of listeners.splice(0)) unsubscribe(channelName, listener)
  for (const object of disposables.splice(0).reverse()) object.dispose()
})

/** Digests of an answer. */
export function bitsOfOutput(output: Output): string[] {
  return (output instanceof Float32Array ? [output] : Object.values(output)).map(bitsOf)
}

/** What the model itself predicts. */
export function alone(model: BatchableModel, input: Input): string[] {
  const output =
    model instanceof SequenceModel
      ? model.predictSync(input as Float32Array)
      : model.predictSync(input as ModelInputs)
  return bitsOfOutput(output)
}

/** What the session itself computes. */
export function stepAlone(session: AnySession, input: Input): string[] {
  const step = session.stepSync.bind(session) as (given: Input) => Output
  return bitsOfOutput(step(input))
}

/** The reason of each promise that was rejected, and undefined for the others. */
export async function reasonsOf(promises: readonly Promise<unknown>[]): Promise<unknown[]> {
  const results = await Promise.allSettled(promises)
  return results.map((result) =>
    result.status === 'rejected' ? (result.reason as unknown) : undefined,
  )
}

/** After the event loop's callbacks of this moment, and those of setImmediate. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(() => {
      setImmediate(resolve)
    })
  })
}

/** A whole number from `smallest` to `largest`. */
export function between(random: () => number, smallest: number, largest: number): number {
  return smallest + Math.floor(random() * (largest - smallest + 1))
}
