/**
 * The network's forecasts of many origins, as quantiles of distances on the scale of their series.
 *
 * @module
 */
import { SequenceModel } from '../sequence-model'
import type { ForecastFacts } from './facts'
import { FORECAST, type Network, PAST } from './network'
import { normalQuantile } from './normal'
import { joinSamples, type SampleInputs } from './samples'

/** Origins that are computed in one call. */
const BATCH = 256

/**
 * Computes the quantiles of every sample.
 *
 * @param inputOf - makes the inputs of a sample when its batch is computed
 * @returns [samples, horizon, targets, quantiles], increasing over the quantiles
 */
export async function predictQuantiles(
  { model, facts }: Network,
  samples: number,
  inputOf: (sample: number) => SampleInputs,
  signal?: AbortSignal,
): Promise<Float64Array> {
  const { horizon, targets, quantiles } = facts
  const size = horizon * targets.length * quantiles.length
  const all = new Float64Array(samples * size)
  for (let begin = 0; begin < samples; begin += BATCH) {
    const count = Math.min(BATCH, samples - begin)
    const inputs = Array.from({ length: count }, (_, i) => inputOf(begin + i))
    const output = await runNetwork(model, joinSamples(inputs, facts), signal)
    all.set(quantilesOf(output, count * horizon, facts), begin * size)
  }
  return all
}

async function runNetwork(
  model: Network['model'],
  { inputs, batch, lengths }: ReturnType<typeof joinSamples>,
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  if (model instanceof SequenceModel) {
    return model.predict(inputs[PAST]!, { batch, lengths: lengths[PAST]!, signal })
  }
  return (await model.predict(inputs, { batch, lengths, signal }))[FORECAST]!
}

/** @param rows - steps ahead over all samples */
function quantilesOf(
  output: Float32Array,
  rows: number,
  { distribution, quantiles, targets }: ForecastFacts,
): Float64Array {
  if (distribution === 'quantiles') return sortEach(Float64Array.from(output), quantiles.length)
  const scores = quantiles.map(normalQuantile)
  const width = targets.length
  const values = new Float64Array(rows * width * scores.length)
  for (let row = 0; row < rows; row++) {
    for (let j = 0; j < width; j++) {
      const mean = output[row * 2 * width + j]!
      const deviation = Math.exp(output[row * 2 * width + width + j]! / 2)
      for (const [q, score] of scores.entries()) {
        values[(row * width + j) * scores.length + q] = mean + deviation * score
      }
    }
  }
  return values
}

/** Puts each group of `count` numbers in order: quantiles that were learnt apart may cross. */
function sortEach(values: Float64Array, count: number): Float64Array {
  for (let begin = 0; begin < values.length; begin += count) {
    values.subarray(begin, begin + count).sort()
  }
  return values
}
