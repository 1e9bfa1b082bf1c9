import { Model, type ModelOptions } from '../../lib'
import { randomSource, uniform } from './numbers'

/**
 * Two inputs with different steps, and two outputs: classes for each sequence of one input, values for each step of the
 * other.
 */
export const twoSided: ModelOptions = {
  inputs: { weather: { features: 2 }, kind: { tokens: 5 } },
  layers: {
    // The order differs from the order of computation.
    season: { type: 'linear', input: 'last', size: 3 },
    last: { type: 'select', input: 'memory' },
    memory: { type: 'gru', input: 'weather', hiddenSize: 4, bidirectional: true },
    kindVector: { type: 'embedding', input: 'kind', size: 3 },
    reader: { type: 'gru', input: 'kindVector', hiddenSize: 3, numLayers: 2 },
    level: { type: 'linear', input: 'reader', size: 2 },
  },
  outputs: { season: { loss: 'crossEntropy' }, level: { loss: 'meanSquaredError' } },
  seed: 4,
}

const random = randomSource(21)

/** Three sequences: 4 steps of weather, 5 of kinds. */
export const inputs = {
  weather: uniform(random, 4 * 3 * 2),
  kind: Int32Array.from({ length: 5 * 3 }, (_, i) => (i * 3) % 5),
}
export const lengths = { weather: [4, 2, 3], kind: Int32Array.of(1, 5, 4) }
export const targets = {
  season: Int32Array.of(0, 2, 1),
  level: uniform(random, 5 * 3 * 2),
}
export const batch = { inputs, targets, batch: 3, lengths }

const models: Model[] = []

/** A model for one test, disposed of after it. */
export function makeModel(options: ModelOptions = twoSided): Model {
  const model = new Model(options)
  models.push(model)
  return model
}
afterEach(() => {
  for (const model of models.splice(0)) model.dispose()
})
