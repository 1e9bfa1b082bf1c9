import { Model, type ModelOptions } from '../../lib'
import { integers, randomSource, sequenceOf, uniform } from './numbers'

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

/** A model with every type of layer, and every score, activation and kind of initial state. */
export const everyLayer = {
  inputs: { source: { tokens: 6 }, target: { features: 3 }, side: { features: 3 } },
  layers: {
    sourceVector: { type: 'embedding', input: 'source', size: 5 },
    encoder: {
      ...{ type: 'gru', input: 'sourceVector', hiddenSize: 4, bidirectional: true },
      ...{ numLayers: 2, dropout: 0.25 },
    },
    encoded: { type: 'select', input: 'encoder' },
    bridge: { type: 'linear', input: 'encoded', size: 7, activation: 'tanh' },
    joined: { type: 'concat', inputs: ['target', 'side', 'target'] },
    decoder: { type: 'lstm', input: 'joined', hiddenSize: 7, initialState: 'bridge' },
    context: {
      ...{ type: 'attention', query: 'decoder', memory: 'encoder' },
      ...{ score: 'additive', size: 6 },
    },
    masked: { type: 'dropout', input: 'context', probability: 0.25 },
    wide: { type: 'linear', input: 'decoder', size: 8, activation: 'sigmoid' },
    sum: { type: 'add', inputs: ['masked', 'wide'] },
    norm: { type: 'layerNorm', input: 'sum' },
    again: { type: 'attention', query: 'norm', memory: 'norm' },
    start: { type: 'linear', input: 'encoded', size: 10, activation: 'relu' },
    reader: {
      ...{ type: 'gru', input: 'again', hiddenSize: 5, numLayers: 2 },
      ...{ initialState: 'start', resetAfter: false },
    },
    word: { type: 'linear', input: 'reader', size: 4 },
    mean: { type: 'select', input: 'norm', step: 'mean' },
    level: { type: 'linear', input: 'mean', size: 2 },
  },
  outputs: { word: { loss: 'crossEntropy' }, level: { loss: 'meanSquaredError' } },
  seed: 12,
} as const satisfies ModelOptions

/** A batch for {@link everyLayer}, of other random numbers for each seed. Lengths are not zero. */
export function drawEveryLayer(dataSeed: number, steps: number, size: number) {
  const source = randomSource(dataSeed)
  const rows = steps * size
  const lengthsOf = () => integers(source, size, steps).map((length) => length + 1)
  const [sourceLengths, targetLengths] = [lengthsOf(), lengthsOf()]
  return {
    batch: size,
    inputs: {
      source: integers(source, rows, 6),
      target: uniform(source, rows * 3),
      side: uniform(source, rows * 3),
    },
    lengths: { source: sourceLengths, target: targetLengths, side: targetLengths },
    targets: { word: integers(source, rows, 4), level: uniform(source, size * 2) },
  }
}

/** One sequence of such a batch, without the steps beyond its lengths. */
export function sequenceOfBatch(
  { inputs: all, lengths: full, batch: size }: ReturnType<typeof drawEveryLayer>,
  steps: number,
  index: number,
) {
  const own = <T extends Float32Array | Int32Array>(values: T, count: number): T =>
    sequenceOf(values, { steps, batch: size }, index, count)
  return {
    source: own(all.source, full.source[index]!),
    target: own(all.target, full.target[index]!),
    side: own(all.side, full.side[index]!),
  }
}

/** A model of {@link everyLayer} whose hidden sizes are so many times as large; its batches and outputs are the same. */
export function widened(times: number): ModelOptions {
  const sizes = ['size', 'hiddenSize']
  const wider = Object.entries(everyLayer.layers).map(([name, layer]) => {
    if (name in everyLayer.outputs) return [name, layer] as const
    const entries = Object.entries(layer).map(([key, value]) => [
      key,
      sizes.includes(key) ? times * Number(value) : (value as unknown),
    ])
    return [name, Object.fromEntries(entries) as unknown] as const
  })
  return { ...everyLayer, layers: Object.fromEntries(wider) as ModelOptions['layers'] }
}
