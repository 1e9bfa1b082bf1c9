/**
 * Reads an open file directly into arrays.
 *
 * @module
 */
import { argumentError } from '../errors'

/** The memory of an array, as bytes. */
export function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}

/**
 * What is used of Node's FileHandle. The package's declarations reach this file, and they must compile in projects
 * that do not have the types of Node.
 */
export interface ReadableFile {
  read(
    target: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }>
  stat(): Promise<{ readonly size: number; isFile(): boolean }>
}

const MAX_READ_BYTES = 2 ** 30

/** The bytes of an open file, from a position on. */
export class FileBytes {
  readonly path: string
  readonly #handle: ReadableFile
  readonly #start: number

  constructor(handle: ReadableFile, path: string, start: number) {
    this.#handle = handle
    this.path = path
    this.#start = start
  }

  /** Fills `target` from the bytes at `position`. */
  async read(target: Uint8Array, position: number): Promise<void> {
    const begin = this.#start + position
    let done = 0
    while (done < target.length) {
      const length = Math.min(target.length - done, MAX_READ_BYTES)
      const { bytesRead } = await this.#handle.read(target, done, length, begin + done)
      if (bytesRead === 0) {
        const expected = `${begin + target.length} bytes`
        throw argumentError('ERR_GRU_FORMAT', this.path, expected, `a file cut at ${begin + done}`)
      }
      done += bytesRead
    }
  }
}
