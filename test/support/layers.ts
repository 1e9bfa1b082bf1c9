import type { ForwardSyncOptions, Gradients, GRU, GruResult, OutputGradients } from '../../lib'

/** One pass through a layer and back. */
export interface RoundTrip extends GruResult {
  readonly gradients: Gradients
}

/** The two forms of every call: each test that compares numbers runs both. */
export interface Form {
  readonly name: string
  forward(gru: GRU, input: Float32Array, options?: ForwardSyncOptions): Promise<GruResult>
  roundTrip(
    gru: GRU,
    input: Float32Array,
    given: OutputGradients,
    options?: ForwardSyncOptions,
  ): Promise<RoundTrip>
}

export const forms: readonly Form[] = [
  {
    name: 'Sync',
    forward: (gru, input, options) => Promise.resolve(gru.forwardSync(input, options)),
    roundTrip: (gru, input, given, options) => {
      const pass = gru.forwardTrainingSync(input, options)
      const gradients = pass.backwardSync(given)
      return Promise.resolve({ output: pass.output, state: pass.state, gradients })
    },
  },
  {
    name: 'promise',
    forward: (gru, input, options) => gru.forward(input, options),
    roundTrip: async (gru, input, given, options) => {
      const pass = await gru.forwardTraining(input, options)
      const gradients = await pass.backward(given)
      return { output: pass.output, state: pass.state, gradients }
    },
  },
]
