/**
 * The model that answers, which a newer file may replace while requests come in.
 */
import { Batcher, SequenceModel } from 'gru-native'
import { ServedSession } from './served-session.mjs'

/** A model, and how many sessions need it. */
class Generation {
  sessions = 0
  #isReplaced = false

  constructor(model) {
    this.model = model
  }

  release() {
    this.sessions--
    this.#disposeIfUnused()
  }

  replaced() {
    this.#isReplaced = true
    this.#disposeIfUnused()
  }

  #disposeIfUnused() {
    if (this.#isReplaced && this.sessions === 0) this.model.dispose()
  }
}

export class ServedModel {
  #file
  #generation
  #sessions = new Set()
  #reloading = Promise.resolve()
  reloads = 0
  failedReloads = 0

  static async open({ file, maxBatch, maxQueue }) {
    const model = await SequenceModel.load(file)
    return new ServedModel(file, model, new Batcher(model, { maxBatch, maxQueue }))
  }

  constructor(file, model, batcher) {
    this.#file = file
    this.#generation = new Generation(model)
    this.batcher = batcher
  }

  get model() {
    return this.#generation.model
  }

  get sessions() {
    return this.#sessions.size
  }

  /** The newest model, for one session more. */
  acquire() {
    this.#generation.sessions++
    return this.#generation
  }

  openSession() {
    const session = new ServedSession(this, () => this.#sessions.delete(session))
    this.#sessions.add(session)
    return session
  }

  /** Loads the file again. If it cannot be used, the model that answers stays. */
  reload() {
    const loaded = this.#reloading.then(() => this.#replace())
    this.#reloading = loaded.catch(() => {
      this.failedReloads++
    })
    return loaded
  }

  async #replace() {
    const next = await SequenceModel.load(this.#file)
    try {
      await this.batcher.replace(next)
    } catch (error) {
      next.dispose()
      throw error
    }
    const old = this.#generation
    this.#generation = new Generation(next)
    this.reloads++
    try {
      await Promise.all([...this.#sessions].map((session) => session.follow()))
    } finally {
      old.replaced()
    }
  }

  /** Answers what waits, for up to `deadline` milliseconds, and frees the model. */
  async close(deadline) {
    await this.batcher.close({ deadline })
    await this.#reloading
    await Promise.all([...this.#sessions].map((session) => session.dispose()))
    this.#generation.replaced()
  }
}
