/**
 * A WebSocket with a session of its own. Each message is a step, `{ "input": [...] }`, and has an answer,
 * `{ "step": 1, "predictions": [...] }` or `{ "error": "...", "code": "..." }`, in the order of the messages. After an error
 * the session stands where it stood, and the message may be sent again.
 */
import { Failure, failureOf } from './failures.mjs'

/** A client that sends without reading the answers is not read beyond these messages. */
const MOST_WAITING = 32

/** WebSocket's code of an end that is going away. */
const GOING_AWAY = 1001

export class Stream {
  #socket
  #session
  #form
  #gone = new AbortController()
  #waiting = 0
  #steps = 0
  #last = Promise.resolve()

  constructor(socket, session, form) {
    this.#socket = socket
    this.#session = session
    this.#form = form
    socket.on('message', (message) => {
      this.#accept(message)
    })
    socket.once('close', () => {
      this.#gone.abort(new Failure(499, 'GONE', 'the client has gone'))
      void session.dispose()
    })
  }

  /** Answers what came so far, and closes the socket. */
  async end() {
    while (this.#waiting > 0) await this.#last
    this.#socket.close(GOING_AWAY, 'the service ends')
  }

  #accept(message) {
    this.#waiting++
    if (this.#waiting === MOST_WAITING) this.#socket.pause()
    this.#last = this.#last.then(async () => {
      const answer = await this.#answer(message)
      if (this.#waiting === MOST_WAITING) this.#socket.resume()
      this.#waiting--
      this.#socket.send(JSON.stringify(answer))
    })
  }

  async #answer(message) {
    try {
      const signal = this.#gone.signal
      const predictions = await this.#session.step(this.#read(message), { signal })
      this.#steps++
      return { step: this.#steps, predictions: Array.from(predictions) }
    } catch (error) {
      const { code, error: text } = failureOf(error)
      return { error: text, code }
    }
  }

  #read(message) {
    const body = parse(message)
    if (this.#form.isValid(body)) return this.#form.read(body)
    throw new Failure(400, 'MESSAGE', 'expected {"input": [...]} as JSON')
  }
}

function parse(message) {
  try {
    return JSON.parse(message)
  } catch {
    return undefined
  }
}
