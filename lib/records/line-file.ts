/**
 * Text files of lines, which a later run may continue.
 *
 * @module
 */
import * as fs from 'node:fs/promises'
import { argumentError } from '../errors'
import { statusOfFile, writeError } from '../files'
import { AppendFile } from './append-file'

const CHUNK = 65_536
const LINE_FEED = 0x0a

/** A file of lines, ready for the next line. */
export interface LineFile {
  readonly file: AppendFile
  /** The first line of the file without its end; undefined if the file is empty. */
  readonly firstLine: string | undefined
}

/**
 * Opens a file of lines, or makes a new one. A last line without its end was not completely written, since a process
 * ended early. It is removed.
 *
 * @param beginning - the beginning of all files of this kind; any other file is not changed
 * @throws GruError ERR_GRU_FORMAT if the file cannot be written, or begins with something else
 */
export async function openLineFile(path: string, beginning: string): Promise<LineFile> {
  try {
    // Checked before the file is opened, since opening a pipe may wait forever.
    await statusOfFile(path)
    const handle = await fs.open(path, 'a+')
    try {
      const length = await cutToLines(path, handle, beginning)
      const firstLine = length === 0 ? undefined : await readFirstLine(handle)
      return { file: new AppendFile(path, handle, length), firstLine }
    } catch (error) {
      await handle.close()
      throw error
    }
  } catch (cause) {
    throw writeError(path, cause)
  }
}

/** Returns the length of the file's complete lines. Everything after them is removed. */
async function cutToLines(path: string, handle: fs.FileHandle, beginning: string): Promise<number> {
  const { size } = await handle.stat()
  const head = await read(handle, 0, Math.min(size, beginning.length))
  if (!beginning.startsWith(head.toString('latin1'))) {
    const expected = `a training record, which begins with ${beginning}, or none`
    throw argumentError('ERR_GRU_FORMAT', path, expected, 'something else')
  }
  const length = await endOfLastLine(handle, size)
  if (length < size) await handle.truncate(length)
  return length
}

async function endOfLastLine(handle: fs.FileHandle, size: number): Promise<number> {
  for (let end = size; end > 0; end -= CHUNK) {
    const start = Math.max(end - CHUNK, 0)
    const index = (await read(handle, start, end)).lastIndexOf(LINE_FEED)
    if (index !== -1) return start + index + 1
  }
  return 0
}

/** For a file with at least one complete line. */
async function readFirstLine(handle: fs.FileHandle): Promise<string> {
  const chunks: Buffer[] = []
  for (let start = 0; ; start += CHUNK) {
    const chunk = await read(handle, start, start + CHUNK)
    const index = chunk.indexOf(LINE_FEED)
    chunks.push(index === -1 ? chunk : chunk.subarray(0, index))
    // If another program truncates the file meanwhile, there is no line feed any more.
    if (index !== -1 || chunk.length === 0) return Buffer.concat(chunks).toString()
  }
}

/** The bytes from `start` to `end`, or fewer at the file's end. */
async function read(handle: fs.FileHandle, start: number, end: number): Promise<Buffer> {
  const buffer = Buffer.alloc(end - start)
  let filled = 0
  while (filled < buffer.length) {
    const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, start + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.subarray(0, filled)
}
