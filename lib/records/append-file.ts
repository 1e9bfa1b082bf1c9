/**
 * A file that grows by complete pieces.
 *
 * @module
 */
import { promises as fs } from 'node:fs'
import { argumentError } from '../errors'
import { writeError } from '../files'

/**
 * Appends pieces one after another. If a piece fails, no part of it stays in the file between other
 * pieces.
 */
export class AppendFile {
  readonly #path: string
  readonly #handle: fs.FileHandle
  #length: number
  /** Whether a part of a piece may be after the last complete piece. */
  #isTorn = false
  /** Settles when all calls so far are done. Never rejects. */
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
   * Appends a piece. Resolves when the system has taken it.
   *
   * @param heading - written before the piece if the file is empty
   * @throws GruError ERR_GRU_FORMAT if it cannot be written; ERR_GRU_DISPOSED after `close`
   */
  async append(piece: string | Uint8Array, heading = ''): Promise<void> {
    if (this.#closed !== undefined) {
      const got = 'one that was closed'
      throw argumentError('ERR_GRU_DISPOSED', this.#path, 'an open record', got)
    }
    await this.#enqueue(() => this.#append(piece, heading))
  }

  /**
   * Closes the file after all pieces are written and on the disk.
   *
   * @throws GruError ERR_GRU_FORMAT if they cannot be written to the disk
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
