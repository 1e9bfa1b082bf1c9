/**
 * Checkpoints of a training over epochs: when they are written, and where.
 *
 * @module
 */
import * as path from 'node:path'
import { argumentError, quote } from '../errors'
import { writeError } from '../files'
import { checkOptions, checkPath, checkPositiveInteger } from '../validate'
import {
  BEST_NAME,
  checkpointName,
  numberedCheckpoints,
  prepareFolder,
  removeOld,
} from './checkpoint-folder'
import type { FitState } from './state'

/** Where and when {@link Trainer.fit} writes checkpoints. */
export interface CheckpointOptions {
  /**
   * The path of a folder. It is created if it does not exist, and no other training may write there. It gets files
   * `checkpoint-UPDATES.safetensors`, and `best.safetensors` after each epoch that is the best so far.
   */
  readonly path: string
  /** After how many updates or epochs there is a checkpoint; the end always has one. Default `{ epochs: 1 }`. */
  readonly every?: { readonly updates: number } | { readonly epochs: number } | undefined
  /** How many of the newest to keep, besides the best one. Others are removed when a new one is complete. Default 1. */
  readonly keep?: number | undefined
}

/** {@link CheckpointOptions} with every default filled in. */
export interface CheckedCheckpoint {
  readonly path: string
  readonly every: { readonly unit: 'updates' | 'epochs'; readonly count: number }
  readonly keep: number
}

/** Checks when and where checkpoints are to be written. */
export function checkCheckpoint(argument: string, value: unknown): CheckedCheckpoint {
  const given = checkOptions(argument, value, ['path', 'every', 'keep'])
  const { every = { epochs: 1 }, keep = 1 } = given
  return {
    path: path.resolve(checkPath(`${argument}.path`, given.path)),
    every: checkEvery(`${argument}.every`, every),
    keep: checkPositiveInteger(`${argument}.keep`, keep),
  }
}

function checkEvery(argument: string, value: unknown): CheckedCheckpoint['every'] {
  const { updates, epochs } = checkOptions(argument, value, ['updates', 'epochs'])
  if ((updates === undefined) === (epochs === undefined)) {
    const got = updates === undefined ? 'neither' : 'both'
    throw argumentError('ERR_GRU_VALUE', argument, 'either updates or epochs', got)
  }
  if (updates === undefined) {
    return { unit: 'epochs', count: checkPositiveInteger(`${argument}.epochs`, epochs) }
  }
  return { unit: 'updates', count: checkPositiveInteger(`${argument}.updates`, updates) }
}

/** Writes what a trainer held at one moment into a file. */
export type WriteSnapshot = (file: string) => Promise<void>

/** Writes the checkpoints of one training, one at a time, while its next updates go on. */
export class Checkpoints {
  readonly #options: CheckedCheckpoint
  readonly #snapshot: (state: FitState) => Promise<WriteSnapshot>
  /** Updates of the last checkpoint; at first those of the state that the training begins with. */
  #updates: number
  /** Settles when the write that was begun last has ended, and is never rejected. */
  #written: Promise<void> = Promise.resolve()
  #failure: { readonly error: unknown } | undefined

  /** @param from - the state that the training goes on from; undefined for one that begins */
  constructor(
    options: CheckedCheckpoint,
    snapshot: (state: FitState) => Promise<WriteSnapshot>,
    from: FitState | undefined,
  ) {
    this.#options = options
    this.#snapshot = snapshot
    this.#updates = from?.updates ?? 0
  }

  /**
   * Makes the folder ready.
   *
   * @param isNew - whether the training begins, so that checkpoints in the folder are another's
   * @throws GruError ERR_GRU_VALUE if there are checkpoints of another training, ERR_GRU_FORMAT if the folder cannot
   *   be written
   */
  async open(isNew: boolean): Promise<void> {
    const folder = this.#options.path
    try {
      const [other] = isNew ? await numberedCheckpoints(folder) : []
      if (other !== undefined) {
        const expected =
          'a folder without checkpoints of another training (Trainer.load loads them)'
        const got = `${quote(path.basename(other.path))} in ${folder}`
        throw argumentError('ERR_GRU_VALUE', 'checkpoint.path', expected, got)
      }
      await prepareFolder(folder)
    } catch (cause) {
      throw writeError(folder, cause)
    }
  }

  /** @throws what went wrong with a checkpoint that was written meanwhile */
  async afterUpdate(state: FitState): Promise<void> {
    this.#throwFailure()
    const { unit, count } = this.#options.every
    if (unit === 'updates' && hasPassed(count, this.#updates, state.updates)) {
      await this.#write(state, [checkpointName(state.updates)])
    }
  }

  /**
   * @param isOver - whether it was the last epoch
   * @throws as {@link afterUpdate}
   */
  async afterEpoch(state: FitState, isOver: boolean): Promise<void> {
    this.#throwFailure()
    const { unit, count } = this.#options.every
    const { epoch, updates, stopping } = state
    const isDue = unit === 'epochs' ? epoch % count === 0 : hasPassed(count, this.#updates, updates)
    // The best one first: a training that goes on from the other one finds it.
    const names = stopping.best?.epoch === epoch ? [BEST_NAME] : []
    if (isDue || isOver) names.push(checkpointName(updates))
    if (names.length > 0) await this.#write(state, names)
  }

  /**
   * Waits for the last write.
   *
   * @throws as {@link afterUpdate}
   */
  async close(): Promise<void> {
    await this.#written
    this.#throwFailure()
  }

  /** Begins to write, when the write before it has ended: at most one snapshot is held. */
  async #write(state: FitState, names: readonly string[]): Promise<void> {
    await this.close()
    const write = await this.#snapshot(state)
    this.#updates = state.updates
    this.#written = this.#writeAll(write, names, state.updates)
  }

  async #writeAll(write: WriteSnapshot, names: readonly string[], updates: number): Promise<void> {
    const { path: folder, keep } = this.#options
    try {
      for (const name of names) await write(path.join(folder, name))
      if (names.includes(checkpointName(updates))) await removeOld(folder, updates, keep)
    } catch (error) {
      this.#failure = { error }
    }
  }

  #throwFailure(): void {
    const failure = this.#failure
    this.#failure = undefined
    if (failure !== undefined) throw failure.error
  }
}

/** Whether a multiple of `count` lies after `from` and not after `to`. */
function hasPassed(count: number, from: number, to: number): boolean {
  return Math.floor(to / count) > Math.floor(from / count)
}
