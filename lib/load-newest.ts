/**
 * Loading the newest checkpoint of a folder.
 *
 * @module
 */
import { promises as fs } from 'node:fs'
import { GruError } from './errors'
import { readError } from './files'
import { numberedCheckpoints } from './fit/checkpoint-folder'
import { warn } from './warnings'

/** Whether there is a folder at a path. */
export async function isFolder(path: string): Promise<boolean> {
  try {
    return (await fs.stat(path)).isDirectory()
  } catch (cause) {
    throw readError(path, cause)
  }
}

/**
 * Loads the newest numbered checkpoint of a folder. If it is damaged, there is a warning, and the one before it is loaded.
 *
 * @param load - loads a file
 * @returns undefined if the folder has none or does not exist
 * @throws GruError ERR_GRU_FORMAT if all are damaged or the folder cannot be read; other errors of `load`
 */
export async function loadNewest<T>(
  folder: string,
  load: (file: string) => Promise<T>,
): Promise<T | undefined> {
  const files = await checkpointsOf(folder)
  for (const [index, { path }] of files.entries()) {
    try {
      return await load(path)
    } catch (error) {
      const isDamaged = error instanceof GruError && error.code === 'ERR_GRU_FORMAT'
      if (!isDamaged || index === files.length - 1) throw error
      warn('GRU_WARN_CHECKPOINT', `${error.message}; an older checkpoint is loaded`)
    }
  }
  return undefined
}

async function checkpointsOf(folder: string): ReturnType<typeof numberedCheckpoints> {
  try {
    return await numberedCheckpoints(folder)
  } catch (cause) {
    throw readError(folder, cause)
  }
}
