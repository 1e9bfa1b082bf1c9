/**
 * Text files of lines, which a later run may continue.
 *
 * @module
 */
import { promises as fs } from 'node:fs'
import { argumentError } from '../errors'
import { statusOfFile, writeError } from '../files'
import { AppendFile } from './append-file'
import { type Place, placeOf, type RecordPosition, type WrittenEntry } from './position'

const CHUNK = 65_536
const LINE_FEED = 0x0a

/** A file of lines, ready for the next line. */
export interface LineFile {
  readonly file: AppendFile
  /** The first line of the file without its end; undefined if the file is empty. */
  readonly firstLine: string | undefined
}

/** Reads an entry from its line; `firstLine` is that of the file. Undefined if the line is no entry. */
export type ReadLine = (line: string, firstLine: string) => WrittenEntry | undefined

/** What the files of one kind have in common. */
export interface LineFormat {
  /** The beginning of all files of this kind. */
  readonly beginning: string
  readonly read: ReadLine
}

/**
 * Opens a file of lines, or makes a new one. A last line without its end was not completely written, since a process
 * ended early. It is removed. A file that begins in another way than its format is not changed.
 *
 * @param position - if the last lines of the file are the entry there and then later ones, the later ones are removed
 * @throws GruError ERR_GRU_FORMAT if the file cannot be written, or begins with something else
 */
export async function openLineFile(
  path: string,
  { beginning, read }: LineFormat,
  position: RecordPosition | undefined,
): Promise<LineFile> {
  try {
    // Checked before the file is opened, since opening a pipe may wait forever.
    await statusOfFile(path)
    const handle = await fs.open(path, 'a+')
    try {
      const length = await cutToLines(path, handle, beginning)
      if (length === 0) return { file: new AppendFile(path, handle, 0), firstLine: undefined }
      const firstLine = await readFirstLine(handle)
      const place = (line: string): Place => {
        const entry = read(line, firstLine)
        return entry === undefined ? 'elsewhere' : placeOf(entry, position!)
      }
      const end = position === undefined ? length : await cutLater(handle, length, place)
      return { file: new AppendFile(path, handle, end), firstLine }
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

/** Removes the lines after the last one that is 'here', if all of them are 'later'. Returns the file's length. */
async function cutLater(
  handle: fs.FileHandle,
  length: number,
  place: (line: string) => Place,
): Promise<number> {
  for await (const { line, end } of linesFromEnd(handle, length)) {
    const found = place(line)
    if (found === 'elsewhere') break
    if (found === 'later') continue
    if (end < length) await handle.truncate(end)
    return end
  }
  return length
}

/** The lines of a file of complete lines, the last one first, each with the place after its end. */
async function* linesFromEnd(
  handle: fs.FileHandle,
  length: number,
): AsyncGenerator<{ readonly line: string; readonly end: number }, void, undefined> {
  let unread = length
  let bytes = Buffer.alloc(0)
  while (unread > 0 || bytes.length > 0) {
    // The last byte is the line feed of the last line.
    const before = bytes.subarray(0, -1).lastIndexOf(LINE_FEED)
    if (before === -1 && unread > 0) {
      const start = Math.max(unread - CHUNK, 0)
      bytes = Buffer.concat([await read(handle, start, unread), bytes])
      unread = start
      continue
    }
    yield { line: bytes.subarray(before + 1, -1).toString(), end: unread + bytes.length }
    bytes = bytes.subarray(0, before + 1)
  }
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
