/**
 * What the callers of a soak share: the batcher, its present model, the random numbers and the counts.
 *
 * @module
 */
import type * as Library from 'gru-native'
import { library } from '../../serving/inside/library'
import { Random } from '../../tensors'
import type { SoakCounts } from '../results'
import { ServedModel, TOKENS } from './models'

export class Service {
  readonly random: Random
  readonly batcher: Library.Batcher<Library.SequenceModel>
  readonly counts: SoakCounts = {
    ...{ steps: 0, requests: 0, aborted: 0, refused: 0, replacements: 0 },
    ...{ sessions: 0, moves: 0, wrong: 0 },
  }
  #present: ServedModel

  constructor(seed: number) {
    this.random = new Random(seed)
    this.#present = new ServedModel(seed)
    this.batcher = new library.Batcher(this.#present.model, { maxBatch: 64, maxQueue: 120 })
  }

  get present(): ServedModel {
    return this.#present
  }

  token(): number {
    return this.random.integer(0, TOKENS - 1)
  }

  /** True once in so many calls. */
  chance(calls: number): boolean {
    return this.random.integer(1, calls) === 1
  }

  async replace(): Promise<void> {
    const old = this.#present
    const next = new ServedModel(this.random.integer(1, 1e9))
    this.#present = next
    await this.batcher.replace(next.model)
    old.leave()
    this.counts.replacements++
  }

  async close(): Promise<void> {
    await this.batcher.close()
    this.#present.leave()
  }

  /**
   * Makes a call with a signal that is aborted now and then. Returns undefined if it was aborted; tries it again if it was
   * refused.
   */
  async attempt<T>(
    call: (options: { signal?: AbortSignal }) => Promise<T>,
  ): Promise<T | undefined> {
    for (;;) {
      try {
        return await (this.chance(50) ? this.#abortLater(call) : call({}))
      } catch (error) {
        const { code, name } = error as { code?: string; name?: string }
        if (name === 'AbortError') {
          this.counts.aborted++
          return undefined
        }
        if (code !== 'ERR_GRU_FULL') throw error
        this.counts.refused++
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
  }

  /** Aborts after some turns of the event loop: the call waits, is computed, or is done. */
  #abortLater<T>(call: (options: { signal: AbortSignal }) => Promise<T>): Promise<T> {
    const controller = new AbortController()
    let turns = this.random.integer(0, 3)
    const turn = (): void => {
      if (turns-- === 0) controller.abort()
      else setImmediate(turn)
    }
    const result = call({ signal: controller.signal })
    turn()
    return result
  }
}
