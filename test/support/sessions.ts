/**
 * Models and sequences for the tests of sessions.
 *
 * @module
 */
import { type ModelOptions, SequenceModel, Trainer } from '../../lib'
import { bitsOf, randomSource, uniform } from './numbers'

const random = randomSource(41)
export const BATCH = 2
export const STEPS = 6

export const options = {
  input: { features: 2 },
  gru: { hiddenSize: 5, numLayers: 2 },
  output: { size: 3, loss: 'meanSquaredError', every: 'last' },
  seed: 7,
} as const
export const STATE = 2 * BATCH * 5
export const x = uniform(random, STEPS * BATCH * 2)
export const stepAt = (step: number): Float32Array =>
  x.slice(step * BATCH * 2, (step + 1) * BATCH * 2)

const models: SequenceModel[] = []
export function make(): SequenceModel {
  const model = new SequenceModel(options)
  models.push(model)
  return model
}
afterEach(() => {
  for (const model of models.splice(0)) model.dispose()
})

/** The bits of the predictions after the steps of these numbers, by one call for the whole sequence each. */
export function wholeBits(model: SequenceModel, steps: readonly number[]): string[] {
  return steps.map((_, index) => {
    const input = Float32Array.from(steps.slice(0, index + 1).flatMap((step) => [...stepAt(step)]))
    return bitsOf(model.predictSync(input, { batch: BATCH }))
  })
}

/** A session after the first `count` steps. */
export function stepped(model: SequenceModel, count: number) {
  const session = model.session({ batch: BATCH })
  for (let step = 0; step < count; step++) session.stepSync(stepAt(step))
  return session
}

/** A call that all calls after it wait for: a small step is done at once if nothing is before it. */
export async function occupy(model: SequenceModel, steps = 10_000): Promise<void> {
  const trainer = new Trainer(model, { optimizer: { kind: 'sgd', learningRate: 0.1 } })
  const input = new Float32Array(steps * BATCH * 2)
  await trainer.evaluate({ input, target: new Float32Array(BATCH * 3), batch: BATCH })
  trainer.dispose()
}
export const mixed: ModelOptions = {
  inputs: { level: { features: 2 }, kind: { tokens: 4 } },
  layers: {
    // The order differs from the order of computation.
    value: { type: 'linear', input: 'high', size: 2 },
    high: { type: 'lstm', input: 'low', hiddenSize: 4 },
    low: { type: 'gru', input: 'both', hiddenSize: 3, numLayers: 2 },
    both: { type: 'concat', inputs: ['level', 'vector'] },
    vector: { type: 'embedding', input: 'kind', size: 2 },
    last: { type: 'select', input: 'low' },
  },
  outputs: { value: { loss: 'meanSquaredError' }, last: { loss: 'meanSquaredError' } },
  seed: 3,
}
const levels = uniform(random, STEPS * BATCH * 2)
export const kinds = Int32Array.from({ length: STEPS * BATCH }, (_, i) => (i * 3) % 4)
export const inputsAt = (from: number, to = from + 1) => ({
  level: levels.slice(from * BATCH * 2, to * BATCH * 2),
  kind: kinds.slice(from * BATCH, to * BATCH),
})
