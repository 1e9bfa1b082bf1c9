/**
 * A session that goes on with the newest model.
 */
export class ServedSession {
  #served
  #generation
  #session
  #onEnd
  #isDisposed = false
  #last = Promise.resolve()

  constructor(served, onEnd) {
    this.#served = served
    this.#generation = served.acquire()
    this.#session = this.#generation.model.session()
    this.#onEnd = onEnd
  }

  step(input, options) {
    return this.#inTurn(() => this.#served.batcher.step(this.#session, input, options))
  }

  /** Moves to the newest model, if its states have the same meaning there. Otherwise the session keeps its model. */
  follow() {
    return this.#inTurn(async () => {
      const { model } = this.#served
      if (this.#isDisposed || !haveSameStates(this.#generation.model, model)) return
      const generation = this.#served.acquire()
      const session = generation.model.session()
      await session.setState(await this.#session.getState())
      this.#release()
      this.#generation = generation
      this.#session = session
    })
  }

  /** After the calls that were made before. */
  dispose() {
    return this.#inTurn(() => {
      if (this.#isDisposed) return
      this.#isDisposed = true
      this.#release()
      this.#onEnd()
    })
  }

  #release() {
    this.#session.dispose()
    this.#generation.release()
  }

  /** The states may be read only while no step waits in the batcher's queue. */
  #inTurn(work) {
    const done = this.#last.then(work)
    this.#last = done.catch(() => {})
    return done
  }
}

function haveSameStates(one, other) {
  const [a, b] = [one, other].map(({ options }) => options.gru)
  return a.hiddenSize === b.hiddenSize && a.numLayers === b.numLayers
}
