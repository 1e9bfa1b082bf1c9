/**
 * A session and the sequence that it computes. When the sequence ends, all its predictions are compared with those of the
 * whole sequence at once.
 *
 * @module
 */
import type * as Library from 'gru-native'
import { CLASSES, sameBytes, type ServedModel } from './models'
import type { Service } from './service'

/** Short, so that few of the models that were replaced are still in use. */
const LONGEST = 20

export class Stream {
  readonly #service: Service
  #served: ServedModel
  #session: Library.SequenceSession
  #tokens: number[] = []
  #length: number
  /** The predictions, folded to a few numbers, since those of all sessions would need much memory. */
  readonly #folded = new Int32Array(CLASSES)

  constructor(service: Service) {
    this.#service = service
    this.#served = service.present.use()
    this.#session = this.#open()
    this.#length = service.random.integer(1, LONGEST)
  }

  /** One step. A sequence that ends is checked, and another one begins. */
  async step(): Promise<void> {
    const service = this.#service
    if (service.chance(200)) await this.#move()
    const token = service.token()
    const input = Int32Array.of(token)
    const output = await service.attempt((options) =>
      service.chance(10)
        ? this.#session.step(input, options)
        : service.batcher.step(this.#session, input, options),
    )
    // Whether an aborted step took effect is not known, so the sequence ends before it.
    if (output === undefined) {
      this.#begin()
      return
    }
    this.#tokens.push(token)
    fold(this.#folded, output)
    service.counts.steps++
    if (this.#tokens.length === this.#length) this.#begin()
  }

  close(): void {
    this.#check()
    this.#session.dispose()
    this.#served.leave()
  }

  #open(): Library.SequenceSession {
    this.#service.counts.sessions++
    return this.#served.model.session()
  }

  /** Checks the sequence and begins another one, after a reset or with a session of the present model. */
  #begin(): void {
    this.#check()
    this.#tokens = []
    this.#folded.fill(0)
    this.#length = this.#service.random.integer(1, LONGEST)
    if (this.#served === this.#service.present && !this.#service.chance(5)) {
      this.#session.reset()
      return
    }
    // Half of the sessions are left to the garbage collector. A model that is disposed of ends its sessions.
    if (this.#service.chance(2)) this.#session.dispose()
    this.#served.leave()
    this.#served = this.#service.present.use()
    this.#session = this.#open()
  }

  /** Lets another session go on with the state, as another process would. */
  async #move(): Promise<void> {
    const next = this.#open()
    await next.setState(await this.#session.getState())
    this.#session.dispose()
    this.#session = next
    this.#service.counts.moves++
  }

  #check(): void {
    if (this.#tokens.length === 0) return
    const expected = this.#served.expected(Int32Array.from(this.#tokens))
    const folded = new Int32Array(CLASSES)
    for (let at = 0; at < expected.length; at += CLASSES) {
      fold(folded, expected.subarray(at, at + CLASSES))
    }
    if (!sameBytes(folded, this.#folded)) this.#service.counts.wrong++
  }
}

/** Mixes the bits of values into `folded`, so that the order of the calls matters. */
function fold(folded: Int32Array, values: Float32Array): void {
  const bits = new Int32Array(values.buffer, values.byteOffset, CLASSES)
  for (let i = 0; i < CLASSES; i++) folded[i] = Math.imul(folded[i]! ^ bits[i]!, 0x01000193)
}
