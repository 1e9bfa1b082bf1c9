/**
 * Writes a file so that it is never incomplete.
 *
 * @module
 */
import { promises as fs } from 'node:fs'
import * as path from 'node:path'
import { quote } from './errors'
import { placeError, statusOfFile, unlessMissing, writeError } from './files'

/** A text, bytes, or bytes in several parts. */
export type FileContent = string | Uint8Array | readonly Uint8Array[]

const PERMISSION_BITS = 0o7777

/**
 * Writes a temporary file in the same folder, and renames it to the file's name only when it is completely on the disk.
 * Whatever happens meanwhile, the path has the complete old file or the complete new one. The new file gets the
 * permissions of the old one. Other hard links to the old file keep its content.
 *
 * Symbolic links are followed, one after another, to the path that the last one names, in whatever folder or file
 * system it is. The links do not change. If there is no file yet, it is made there. Links are followed once, at the
 * start: a file that is removed meanwhile is made again, and a link that is changed meanwhile has no effect.
 *
 * @param file - the path of the file
 * @param content - its new content, which must not change before the promise settles
 * @throws GruError ERR_GRU_FORMAT if the file cannot be written (with the system's error as cause), if links form a
 *   cycle, or if a folder or a device is at the path; the message names `file`. The old file and all links are then
 *   unchanged, and no other file is left
 */
export async function replaceFile(file: string, content: FileContent): Promise<void> {
  try {
    const target = await followLinks(file)
    // A rename would replace a device such as /dev/null by a file.
    const old = await statusOfFile(target, file)
    const mode = old === undefined ? undefined : old.mode & PERMISSION_BITS
    const temporary = temporaryBeside(target)
    try {
      await writeWhole(temporary, content, mode)
      await fs.rename(temporary, target)
    } catch (error) {
      // If the temporary file cannot be removed either, the first error is more useful than the second.
      await fs.rm(temporary, { force: true }).catch(() => undefined)
      throw error
    }
    await syncFolder(path.dirname(target))
  } catch (cause) {
    throw writeError(file, cause)
  }
}

function temporaryBeside(target: string): string {
  const suffix = Buffer.from(crypto.getRandomValues(new Uint8Array(8))).toString('hex')
  return path.join(path.dirname(target), `.gru-native-${suffix}.tmp`)
}

/** Whether a name is one that {@link replaceFile} gives to unfinished files. A process that is killed leaves such a file. */
export function isTemporaryName(name: string): boolean {
  return /^\.gru-native-[0-9a-f]{16}\.tmp$/.test(name)
}

// The number that Linux follows.
const MAX_LINKS = 40

/** The path after all symbolic links. It may not exist. */
async function followLinks(file: string): Promise<string> {
  let place = file
  for (let links = 0; links <= MAX_LINKS; links++) {
    checkNamesFile(file, place)
    // Uses the system's path of the folder, since `..` after a link is not the folder before the link.
    const folder = await fs.realpath(path.dirname(place))
    const name = path.join(folder, path.basename(place))
    const next = await targetOfLink(name)
    if (next === undefined) return name
    place = path.isAbsolute(next) ? next : folder + path.sep + next
  }
  throw placeError(file, 'symbolic links in a circle')
}

/** A separator at the end names a folder, even if none exists yet. */
function checkNamesFile(file: string, place: string): void {
  if (!place.endsWith('/') && !place.endsWith(path.sep)) return
  throw placeError(file, `the path of a folder, ${quote(place)}`)
}

/** The target of a symbolic link; undefined if there is something else or nothing. */
async function targetOfLink(name: string): Promise<string | undefined> {
  const status = await unlessMissing(fs.lstat(name))
  return status?.isSymbolicLink() ? unlessMissing(fs.readlink(name)) : undefined
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
 * Makes a rename survive a power failure, if the system and the folder's permissions allow it.
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
    // The file is complete and has its name. Windows and some network file systems can do no more.
  }
}
