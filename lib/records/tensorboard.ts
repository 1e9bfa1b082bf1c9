/**
 * Training records for TensorBoard.
 *
 * @module
 */
import { promises as fs } from 'node:fs'
import { hostname } from 'node:os'
import * as path from 'node:path'
import { makeFolder, writeError } from '../files'
import { AppendFile } from './append-file'
import { scalarRecord, startRecord, versionRecord } from './event-file'
import type { RecordPosition } from './position'
import type { RecordWriter } from './record'

/** Gives the files of one process different names. */
let files = 0

/**
 * Opens a record in a folder that TensorBoard reads (`tensorboard --logdir FOLDER`). The folder is made if it is
 * missing. Each record has its own event file there, `events.out.tfevents.TIME.HOST.PID.NUMBER`. Values are scalars
 * with the tags `step/NAME` and `epoch/NAME`, as float32, against the number of updates. The file of a training that
 * resumes says which steps of the files before TensorBoard has to drop: those files are never changed.
 */
export async function openTensorBoard(
  folder: string,
  position: RecordPosition | undefined,
): Promise<RecordWriter> {
  const file = await openEventFile(folder, position)
  return {
    write: async ({ kind, time, step, values }) => {
      const scalars: [tag: string, value: number][] = []
      for (const [name, value] of values) {
        if (value !== undefined) scalars.push([`${kind}/${name}`, value])
      }
      await file.append(scalarRecord({ wallTime: time / 1000, step, values: scalars }))
    },
    close: () => file.close(),
  }
}

async function openEventFile(
  folder: string,
  position: RecordPosition | undefined,
): Promise<AppendFile> {
  try {
    await makeFolder(folder)
    const now = Date.now() / 1000
    const name = nameAfter(await fs.readdir(folder), Math.floor(now))
    const place = path.join(folder, name)
    const file = new AppendFile(place, await fs.open(place, 'ax'), 0)
    const start = position === undefined ? [] : [startRecord(now, position.step + 1)]
    await file
      .append(Buffer.concat([versionRecord(now), ...start]))
      .catch(async (error: unknown) => {
        await file.close().catch(() => undefined)
        throw error
      })
    return file
  } catch (cause) {
    throw writeError(folder, cause)
  }
}

/**
 * A name that sorts after those of the folder's event files. TensorBoard reads files in the order of their names, and
 * skips a new file that sorts before one it has read.
 */
function nameAfter(names: readonly string[], now: number): string {
  const times = names.map((name) =>
    Number(/^events\.out\.tfevents\.(\d{10})\./.exec(name)?.[1] ?? 0),
  )
  const time = Math.max(now, ...times.map((other) => other + 1))
  const host = hostname().replaceAll(/[^\w.-]/g, '_')
  return `events.out.tfevents.${time}.${host}.${process.pid}.${files++}`
}
