/**
 * The files of a folder of checkpoints.
 *
 * @module
 */
import { promises as fs } from 'node:fs'
import * as path from 'node:path'
import { makeFolder, unlessMissing } from '../files'
import { isTemporaryName } from '../replace-file'

/** The checkpoint of the best epoch. */
export const BEST_NAME = 'best.safetensors'

/** The name of the checkpoint after so many updates. */
export function checkpointName(updates: number): string {
  return `checkpoint-${String(updates).padStart(8, '0')}.safetensors`
}

/** A checkpoint that has the number of its updates in its name. */
export interface NumberedFile {
  readonly path: string
  readonly updates: number
}

/** The numbered checkpoints of a folder, the newest first; none if there is no such folder. */
export async function numberedCheckpoints(folder: string): Promise<readonly NumberedFile[]> {
  const names = (await unlessMissing(fs.readdir(folder))) ?? []
  return names
    .flatMap((name) => {
      const digits = /^checkpoint-(\d{8,})\.safetensors$/.exec(name)?.[1]
      if (digits === undefined) return []
      return [{ path: path.join(folder, name), updates: Number(digits) }]
    })
    .sort((a, b) => b.updates - a.updates)
}

/**
 * Removes all numbered checkpoints except the newest of those with at most `updates`. Those with more are from a training
 * that was continued from an earlier checkpoint.
 */
export async function removeOld(folder: string, updates: number, keep: number): Promise<void> {
  const all = await numberedCheckpoints(folder)
  const kept = all.filter((file) => file.updates <= updates).slice(0, keep)
  for (const file of all) {
    if (!kept.includes(file)) await fs.rm(file.path, { force: true })
  }
}

/** Creates the folder if it does not exist, and removes the unfinished files of a process that was killed. */
export async function prepareFolder(folder: string): Promise<void> {
  await makeFolder(folder)
  for (const name of await fs.readdir(folder)) {
    if (isTemporaryName(name)) await fs.rm(path.join(folder, name), { force: true })
  }
}
