/**
 * A file that grows by whole pieces.
 *
 * @module
 */
import * as fs from 'node:fs/promises'
import { argumentError } from '../errors'
import { writeError } from '../files'

/** Appends pieces one after another. A piece that fails leaves nothing of itself between others. */
export class AppendFile {
  readonly #path: string
  readonly #handle: fs.FileHandle
  #length: number
  /** Whether a part of a piece may lie behind the last whole one. */
  #isTorn = false
  /** Settles when all that was asked for so far is done; never rejects. */
  #done: Promise<void> = Promise.resolve()
  #closed: Promise<void> | undefined

  /**
   * @param handle - open for appending; this object closes it
   * @param length - of the file, in bytes
   */
  constructor(path: string, handle: fs.FileHandle, length: number) {
    this.#path = path
    this.#handle = handle
    this.#length = length
  }

  /**
   * Appends a piece, and resolves when the system has it.
   *
   * @param heading - comes before the piece where the file is empty
   * @throws GruError ERR_GRU_FORMAT where it cannot be written; ERR_GRU_DISPOSED after `close`
   */
  async append(piece: string | Uint8Array, heading = ''): Promise<void> {
    if (this.#closed !== undefined) {
      const got = 'one that was closed'
      throw argumentError('ERR_GRU_DISPOSED', this.#path, 'an open record', got)
    }
    await this.#enqueue(() => this.#append(piece, heading))
  }

  /**
   * Closes the file when all pieces are written and on the disk.
   *
   * @throws GruError ERR_GRU_FORMAT where they cannot be brought there
   */
  close(): Promise<void> {
    this.#closed ??= this.#enqueue(() => this.#close())
    return this.#closed
  }

  async #enqueue(job: () => Promise<void>): Promise<void> {
    const result = this.#done.then(job)
    this.#done = result.catch(() => undefined)
    try {
      await result
    } catch (cause) {
      throw writeError(this.#path, cause)
    }
  }

  async #append(piece: string | Uint8Array, heading: string): Promise<void> {
    await this.#mend()
    const before = Buffer.from(this.#length === 0 ? heading : '')
    const bytes = Buffer.concat([before, Buffer.from(piece)])
    this.#isTorn = true
    await fs.appendFile(this.#handle, bytes)
    this.#isTorn = false
    this.#length += bytes.length
  }

  async #mend(): Promise<void> {
    if (!this.#isTorn) return
    await this.#handle.truncate(this.#length)
    this.#isTorn = false
  }

  async #close(): Promise<void> {
    try {
      await this.#mend()
      await this.#handle.sync()
    } finally {
      await this.#handle.close()
    }
  }
}
