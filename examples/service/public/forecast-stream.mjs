/**
 * A session of the service's model, over a WebSocket.
 */
import { HORIZON, QUANTILES, toCelsius, toModel } from './series.mjs'

export class ForecastStream {
  #socket
  /** The caller of the step that has no answer yet. */
  #caller
  /** Why the connection ended. */
  #end

  static open() {
    const socket = new WebSocket(new URL('stream', location.href.replace(/^http/, 'ws')))
    return new Promise((resolve, reject) => {
      socket.onopen = () => {
        resolve(new ForecastStream(socket))
      }
      socket.onerror = () => {
        reject(new Error('no connection'))
      }
    })
  }

  constructor(socket) {
    this.#socket = socket
    socket.onmessage = ({ data }) => {
      const { predictions, error } = JSON.parse(data)
      if (error === undefined) this.#caller.resolve(forecastOf(predictions))
      else this.#caller.reject(new Error(error))
    }
    socket.onclose = ({ reason }) => {
      this.#end = new Error(reason || 'the connection ended')
      this.#caller?.reject(this.#end)
    }
  }

  /** Tells the next hour, and returns the quantiles of the hours after it. */
  step(celsius) {
    return new Promise((resolve, reject) => {
      if (this.#end !== undefined) throw this.#end
      this.#caller = { resolve, reject }
      // A connection that is closing tells its reason soon.
      if (this.#socket.readyState !== WebSocket.OPEN) return
      this.#socket.send(JSON.stringify({ input: [toModel(celsius)] }))
    })
  }
}

function forecastOf(predictions) {
  if (predictions.length !== HORIZON * QUANTILES.length)
    throw new Error('this page shows only the model that the service trains itself')
  return Array.from({ length: HORIZON }, (_, hour) => {
    const place = hour * QUANTILES.length
    const [low, median, high] = predictions.slice(place, place + QUANTILES.length).map(toCelsius)
    return { low, median, high }
  })
}
