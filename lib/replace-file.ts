/**
 * Writing a file so that it is never half written.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs/promises'
import * as path from 'node:path'
import { quote } from './errors'
import { placeError, statusOfFile, unlessMissing, writeError } from './files'

/** A text, bytes, or bytes in pieces. */
export type FileContent = string | Uint8Array | readonly Uint8Array[]

const PERMISSION_BITS = 0o7777

/**
 * Writes a file under a name of its own beside its place, and moves it there only when all of it is
 * on the disk: whatever happens meanwhile, the place holds the whole old file or the whole new one.
 * A file that is replaced hands down its permissions. Other hard links to it keep the old content.
 *
 * Symbolic links are followed, one after another, to the place that the last one names, in whatever
 * folder or file system it lies, and stay as they are. Where there is no file yet, it is made there.
 * They are followed once, at the start: a file that is removed meanwhile is made anew, and a link
 * that is changed meanwhile does not count.
 *
 * @param file - the path of the file
 * @param content - its new content, which must not change before the promise settles
 * @throws GruError ERR_GRU_FORMAT where the file cannot be written, with the system's error as
 *   cause, where links go in a circle, or where the place is a folder's or a device's; the message
 *   names `file`. The old file and all links are then as they were, and nothing else is left behind
 */
export async function replaceFile(file: string, content: FileContent): Promise<void> {
  try {
    const target = await followLinks(file)
    // A rename would put a file in the place of a device such as /dev/null.
    const old = await statusOfFile(target, file)
    const mode = old === undefined ? undefined : old.mode & PERMISSION_BITS
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
    throw writeError(file, cause)
  }
}

function temporaryBeside(target: string): string {
  const suffix = randomBytes(8).toString('hex')
  return path.join(path.dirname(target), `.gru-native-${suffix}.tmp`)
}

/** Whether a file's name is one under which {@link replaceFile} writes: what a process left that died meanwhile. */
export function isTemporaryName(name: string): boolean {
  return /^\.gru-native-[0-9a-f]{16}\.tmp$/.test(name)
}

// As many as Linux follows.
const MAX_LINKS = 40

/** The place that a path names after all symbolic links, whether or not there is something. */
async function followLinks(file: string): Promise<string> {
  let place = file
  for (let links = 0; links <= MAX_LINKS; links++) {
    checkNamesFile(file, place)
    // The system's own way through folders, since `..` after a link is not what comes before the link.
    const folder = await fs.realpath(path.dirname(place))
    const name = path.join(folder, path.basename(place))
    const next = await targetOfLink(name)
    if (next === undefined) return name
    place = path.isAbsolute(next) ? next : folder + path.sep + next
  }
  throw placeError(file, 'symbolic links in a circle')
}

/** A separator at the end names a folder, also where there is none yet. */
function checkNamesFile(file: string, place: string): void {
  if (!place.endsWith('/') && !place.endsWith(path.sep)) return
  throw placeError(file, `the path of a folder, ${quote(place)}`)
}

/** What a symbolic link says; undefined where there is something else or nothing. */
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
