/**
 * What the services are asked. All models predict one value after the last step.
 */
const modelOf = (hiddenSize) => ({
  input: { features: 4 },
  gru: { hiddenSize },
  output: { size: 1, loss: 'meanSquaredError', every: 'last' },
  seed: 1,
})

/** `steps` of a request. `isStream`: each request is a step of a session on a WebSocket. */
export const SHAPES = {
  short: { about: '50 steps, H = 128, JSON', model: modelOf(128), steps: 50 },
  long: { about: '200 steps, H = 256, JSON', model: modelOf(256), steps: 200 },
  stream: { about: 'one step, H = 512, WebSocket', model: modelOf(512), steps: 1, isStream: true },
}

/** An input with three decimals, as measured values have. */
export function inputOf({ model, steps }) {
  const { features } = model.input
  return Array.from({ length: steps * features }, (_, i) => Math.round(1000 * Math.sin(i)) / 1000)
}
