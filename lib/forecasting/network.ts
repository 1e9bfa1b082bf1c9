/**
 * The network of a forecaster: an encoder reads the rows of the window, and a decoder, which starts from the encoder's
 * last state, reads what is known of each step ahead and gives the quantiles of each target there. All steps ahead are
 * computed at once; none reads the forecast of another one.
 *
 * @module
 */
import type { LayerOptions } from '../layer-options'
import { Model } from '../model'
import type { SequenceModel } from '../sequence-model'
import type { ForecastFacts } from './facts'
import { futureWidth } from './future-features'
import type { CheckedOptions } from './options'
import { pastWidth } from './prepared-series'

/** The names of the network's inputs and of its output. */
export const PAST = 'past'
export const PAST_SERIES = 'pastSeries'
export const FUTURE = 'future'
export const FUTURE_SERIES = 'futureSeries'
export const FORECAST = 'forecast'

/** A network and what it needs. Files of version 1 have a SequenceModel, which forecasts one step from the past alone. */
export interface Network {
  readonly model: Model | SequenceModel
  readonly facts: ForecastFacts
}

/** Values that the network gives for a target at a step. */
export function outputsOfTarget({ distribution, quantiles }: ForecastFacts): number {
  return distribution === 'normal' ? 2 : quantiles.length
}

/** Whether the network has a vector for each series. */
export function knowsSeries({ seriesNames }: ForecastFacts): boolean {
  return seriesNames.length > 0
}

/** @param hiddenSize - of encoder and decoder */
export function createNetwork(
  facts: ForecastFacts,
  { model, seed, device }: Pick<CheckedOptions, 'model' | 'seed' | 'device'>,
  hiddenSize: number,
): Model {
  const { cell, numLayers, dropout, bidirectional } = model
  const { quantiles, distribution, targets } = facts
  const shared = { hiddenSize } as const
  const series = knowsSeries(facts)
  const encoder = { type: cell, input: series ? 'encoderInput' : PAST, ...shared } as const
  const decoder = { type: cell, input: series ? 'decoderInput' : FUTURE, ...shared } as const
  const layers: Record<string, LayerOptions> = {
    ...(series ? seriesLayers(facts.seriesNames.length) : {}),
    encoder: { ...encoder, numLayers, dropout, bidirectional },
    encoded: { type: 'select', input: 'encoder' },
    start: { type: 'linear', input: 'encoded', size: hiddenSize, activation: 'tanh' },
    decoder: { ...decoder, initialState: 'start' },
    [FORECAST]: { type: 'linear', input: 'decoder', size: targets.length * outputsOfTarget(facts) },
  }
  const loss =
    distribution === 'normal'
      ? ({ kind: 'gaussian', ignoreMissing: true } as const)
      : ({ kind: 'quantile', quantiles, ignoreMissing: true } as const)
  return new Model({
    inputs: {
      [PAST]: { features: pastWidth(facts) },
      [FUTURE]: { features: futureWidth(facts) },
      ...(series ? seriesInputs(facts.seriesNames.length + 1) : {}),
    },
    layers,
    outputs: { [FORECAST]: { loss } },
    batchFirst: true,
    seed,
    device,
  })
}

function seriesInputs(tokens: number): Record<string, { tokens: number }> {
  return { [PAST_SERIES]: { tokens }, [FUTURE_SERIES]: { tokens } }
}

const LARGEST_VECTOR = 16

function seriesLayers(count: number): Record<string, LayerOptions> {
  const size = Math.min(LARGEST_VECTOR, 1 + Math.ceil(Math.sqrt(count)))
  return {
    pastVector: { type: 'embedding', input: PAST_SERIES, size },
    encoderInput: { type: 'concat', inputs: [PAST, 'pastVector'] },
    futureVector: { type: 'embedding', input: FUTURE_SERIES, size },
    decoderInput: { type: 'concat', inputs: [FUTURE, 'futureVector'] },
  }
}
