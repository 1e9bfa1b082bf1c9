import { GRU, LSTM } from '../../lib'
import type {
  Gradients,
  GruOptions,
  LstmForwardSyncOptions,
  LstmOptions,
  LstmOutputGradients,
} from '../../lib'

/** A layer of either cell. */
export type Layer = GRU | LSTM

/** A layer's options, with its cell. */
export type LayerOptions = (GruOptions & { cell: 'gru' }) | (LstmOptions & { cell: 'lstm' })

export function createLayer({ cell, ...options }: LayerOptions): Layer {
  return cell === 'gru' ? new GRU(options) : new LSTM(options)
}

/** The result of a forward call of either cell. A GRU has no cell state. */
export interface LayerResult {
  readonly output: Float32Array
  readonly state: Float32Array
  readonly cell?: Float32Array
}

export type LayerGradients = Gradients & { readonly initialCell?: Float32Array }

/** One pass through a layer and back. */
export interface RoundTrip extends LayerResult {
  readonly gradients: LayerGradients
}

/**
 * The two forms of every call. Each test that compares numbers runs both. Members for the cell are for an LSTM only.
 */
export interface Form {
  readonly name: string
  forward(layer: Layer, input: Float32Array, options?: LstmForwardSyncOptions): Promise<LayerResult>
  roundTrip(
    layer: Layer,
    input: Float32Array,
    given: LstmOutputGradients,
    options?: LstmForwardSyncOptions,
  ): Promise<RoundTrip>
}

export const forms: readonly Form[] = [
  {
    name: 'Sync',
    forward: (layer, input, options) => Promise.resolve(layer.forwardSync(input, options)),
    roundTrip: (layer, input, given, options) => {
      const pass = layer.forwardTrainingSync(input, options)
      return Promise.resolve({ ...resultsOf(pass), gradients: pass.backwardSync(given) })
    },
  },
  {
    name: 'promise',
    forward: (layer, input, options) => layer.forward(input, options),
    roundTrip: async (layer, input, given, options) => {
      const pass = await layer.forwardTraining(input, options)
      return { ...resultsOf(pass), gradients: await pass.backward(given) }
    },
  },
]

function resultsOf(pass: LayerResult): LayerResult {
  const { output, state, cell } = pass
  return cell === undefined ? { output, state } : { output, state, cell }
}
