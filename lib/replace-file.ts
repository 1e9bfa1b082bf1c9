/**
 * Writing a file so that it is never half written.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs/promises'
import * as path from 'node:path'
import { argumentError, GruError } from './errors'

/** A text, bytes, or bytes in pieces. */
export type FileContent = string | Uint8Array | readonly Uint8Array[]

const PERMISSION_BITS = 0o7777

/**
 * Writes a file under a name of its own beside its place, and moves it there only when all of it is
 * on the disk: whatever happens meanwhile, the place holds the whole old file or the whole new one.
 * A file that is replaced hands down its permissions; a symbolic link keeps pointing to the file.
 *
 * @param file - the path of the file
 * @param content - its new content, which must not change before the promise settles
 * @throws GruError ERR_GRU_FORMAT where the file cannot be written, with the system's error as
 *   cause; the old file is then as it was, and nothing else is left behind
 */
export async function replaceFile(file: string, content: FileContent): Promise<void> {
  try {
    const target = await resolveLinks(file)
    const mode = await modeOfOldFile(target)
    const temporary = temporaryBeside(target)
    try {
      await writeWhole(temporary, content, mode)
      await fs.rename(temporary, target)
    } catch (error) {
      // Where it cannot be removed either, the first error says more than the second.
      await fs.rm(temporary, { force: true }).catch(() => undefined)
      throw error
    }
    await syncFolder(path.dirname(target))
  } catch (cause) {
    if (cause instanceof GruError) throw cause
    const got = (cause as Error).message
    throw argumentError('ERR_GRU_FORMAT', file, 'a file that can be written', got, { cause })
  }
}

function temporaryBeside(target: string): string {
  const suffix = randomBytes(8).toString('hex')
  return path.join(path.dirname(target), `.gru-native-${suffix}.tmp`)
}

async function resolveLinks(file: string): Promise<string> {
  try {
    return await fs.realpath(file)
  } catch (error) {
    if (isMissing(error)) return path.resolve(file)
    throw error
  }
}

/** The permissions of the file to be replaced; undefined where there is none yet. */
async function modeOfOldFile(target: string): Promise<number | undefined> {
  try {
    const status = await fs.stat(target)
    if (status.isFile()) return status.mode & PERMISSION_BITS
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
  // A rename would put a file in the place of a device such as /dev/null.
  throw argumentError('ERR_GRU_FORMAT', target, 'a regular file or none', 'something else')
}

async function writeWhole(
  file: string,
  content: FileContent,
  mode: number | undefined,
): Promise<void> {
  const handle = await fs.open(file, 'wx')
  try {
    await fs.writeFile(handle, content)
    if (mode !== undefined) await handle.chmod(mode)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/**
 * Makes a rename last through a power failure, where the system and the folder's permissions let
 * it.
 */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await fs.open(folder, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch {
    // The file is in its place and whole; Windows and some network file systems cannot do more.
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}
