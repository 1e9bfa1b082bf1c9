/**
 * The bytes of a file, on a disk or in memory, in parts: so that reading it needs little memory and does not hold up the
 * event loop.
 *
 * @module
 */
import type { NonSharedFloat32Array, NonSharedUint8Array } from '../../binding'
import { setImmediate } from 'node:timers/promises'
import { types } from 'node:util'
import { argumentError } from '../errors'

/** The memory of an array, as bytes. */
export function bytesOf(view: NonSharedFloat32Array): NonSharedUint8Array
export function bytesOf(view: ArrayBufferView): Uint8Array
export function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}

/** Where the bytes of a file come from. */
export interface ByteSource {
  /** What messages call it: the file's path. */
  readonly name: string
  /** The number of bytes. */
  readonly size: number
  /** Fills `target` from the bytes at `position`. */
  read(target: Uint8Array, position: number): Promise<void>
  /**
   * The bytes at `position`, as many as `scratch` has: in place if they are in memory and `alignment` divides their
   * address, otherwise in `scratch`.
   */
  view(position: number, scratch: Uint8Array, alignment: number): Promise<Uint8Array>
}

function cutError(source: ByteSource, end: number, cut: number): Error {
  return argumentError('ERR_GRU_FORMAT', source.name, `${end} bytes`, `a file cut at ${cut}`)
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
}

const MAX_READ_BYTES = 2 ** 30

/** An open file. */
export class FileBytes implements ByteSource {
  readonly name: string
  readonly size: number
  readonly #handle: ReadableFile
  readonly #signal: AbortSignal | undefined

  /** @param signal - stops it between two reads */
  constructor(handle: ReadableFile, path: string, size: number, signal: AbortSignal | undefined) {
    this.#handle = handle
    this.name = path
    this.size = size
    this.#signal = signal
  }

  async read(target: Uint8Array, position: number): Promise<void> {
    let done = 0
    while (done < target.length) {
      this.#signal?.throwIfAborted()
      const length = Math.min(target.length - done, MAX_READ_BYTES)
      const { bytesRead } = await this.#handle.read(target, done, length, position + done)
      if (bytesRead === 0) throw cutError(this, position + target.length, position + done)
      done += bytesRead
    }
  }

  async view(position: number, scratch: Uint8Array): Promise<Uint8Array> {
    await this.read(scratch, position)
    return scratch
  }
}

/** Bytes to copy before the event loop turns. */
const COPIED_AT_ONCE = 2 ** 20

/**
 * The caller's array. It must not change before the call that reads it has ended. The event loop turns before each part:
 * promises of native jobs that settle one after another do not let it turn.
 */
export class MemoryBytes implements ByteSource {
  readonly name: string
  readonly size: number
  readonly #bytes: Uint8Array
  readonly #signal: AbortSignal | undefined

  constructor(bytes: Uint8Array, name: string, signal: AbortSignal | undefined) {
    this.#bytes = bytes
    this.name = name
    this.size = bytes.length
    this.#signal = signal
  }

  async read(target: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < target.length; done += COPIED_AT_ONCE) {
      const count = Math.min(target.length - done, COPIED_AT_ONCE)
      target.set(await this.#part(position + done, count), done)
    }
  }

  async view(position: number, scratch: Uint8Array, alignment: number): Promise<Uint8Array> {
    const part = await this.#part(position, scratch.length)
    // The native part refuses shared memory, which another thread may change between a check and a use.
    const isInPlace = part.byteOffset % alignment === 0 && types.isArrayBuffer(part.buffer)
    if (isInPlace) return part
    scratch.set(part)
    return scratch
  }

  async #part(position: number, count: number): Promise<Uint8Array> {
    await setImmediate()
    this.#signal?.throwIfAborted()
    // The caller may have detached or shortened the memory.
    const { length } = this.#bytes
    if (position + count > length) throw cutError(this, position + count, length)
    return this.#bytes.subarray(position, position + count)
  }
}
