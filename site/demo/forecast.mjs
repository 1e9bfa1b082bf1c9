// Fits a network to the curve that a reader has drawn, and goes on with it.
import { SequenceModel, Trainer } from 'gru-native'

const HIDDEN = 32
const RATE = 0.01
/** Windows of the curve in one update. */
const BATCH = 8
const LONGEST_WINDOW = 48
/** The input is disturbed, so that the network goes on from values of its own, which are never quite right. */
const NOISE = 0.05
export const UPDATES = 400

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length
const spread = (values, middle) =>
  Math.sqrt(mean(values.map((value) => (value - middle) ** 2))) || 1

/** A number from about -2 to 2, most often near 0. */
const disturbance = () => Math.random() + Math.random() + Math.random() + Math.random() - 2

/** Curves of every height look alike to the network: it sees a value and the change to it, and tells the next change. */
class Curve {
  constructor(values) {
    this.middle = mean(values)
    this.scale = spread(values, this.middle)
    this.values = values.map((value) => (value - this.middle) / this.scale)
    const changes = this.values.slice(1).map((value, i) => value - this.values[i])
    this.step = spread(changes, 0)
  }

  /** Windows of the curve for one update. */
  batch() {
    const { values, step } = this
    const steps = Math.min(LONGEST_WINDOW, values.length - 2)
    const input = new Float32Array(steps * BATCH * 2)
    const target = new Float32Array(steps * BATCH)
    for (let column = 0; column < BATCH; column++) {
      const first = 1 + Math.floor(Math.random() * (values.length - 1 - steps))
      let before = values[first - 1]
      for (let row = 0; row < steps; row++) {
        const value = values[first + row] + NOISE * disturbance()
        const at = row * BATCH + column
        input.set([value, (value - before) / step], 2 * at)
        target[at] = (values[first + row + 1] - value) / step
        before = value
      }
    }
    return { input, target, batch: BATCH }
  }

  /** Reads the curve and goes on with it. */
  goOn(model, length) {
    const { values, step } = this
    const session = model.session()
    const change = new Float32Array(1)
    const forecast = []
    let [before, value] = values
    for (let at = 2; forecast.length < length; at++) {
      session.stepSync(Float32Array.of(value, (value - before) / step), change)
      const next = at < values.length ? values[at] : value + change[0] * step
      if (at >= values.length) forecast.push(next * this.scale + this.middle)
      ;[before, value] = [value, next]
    }
    session.dispose()
    return forecast
  }
}

/**
 * Trains a network on a curve. Yields after each update a function that gives the forecast by the network as it is.
 *
 * @param values - of the curve, at least 4
 * @param length - of the forecasts
 */
export async function* forecasts(values, length) {
  const curve = new Curve(values)
  const model = new SequenceModel({
    ...{ input: { features: 2 }, gru: { hiddenSize: HIDDEN } },
    ...{ output: { size: 1, loss: 'meanSquaredError' }, seed: 1 },
  })
  const trainer = new Trainer(model, {
    optimizer: { kind: 'adam', learningRate: RATE },
    clipNorm: 1,
  })
  try {
    for (let update = 1; update <= UPDATES; update++) {
      const learningRate = (RATE * (1 + Math.cos((Math.PI * update) / UPDATES))) / 2 + RATE / 100
      await trainer.step(curve.batch(), { learningRate })
      const { parameterCount } = model
      yield { update, parameterCount, forecast: () => curve.goOn(model, length) }
    }
  } finally {
    trainer.dispose()
    model.dispose()
  }
}
