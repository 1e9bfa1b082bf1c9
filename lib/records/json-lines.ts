/**
 * Training records of JSON lines (jsonlines.org): one object for each line.
 *
 * @module
 */
import { openLineFile } from './line-file'
import type { RecordPosition, WrittenEntry } from './position'
import type { CheckedEntry, RecordWriter } from './record'

/**
 * Opens a record of JSON lines. A line is
 * `{"time":"2024-05-01T12:00:00.000Z","kind":"step","step":1,"epoch":1,"loss":0.5}`, with each value of the entry under
 * its name. JSON has no NaN and no infinities: they are the texts "NaN", "Infinity" and "-Infinity".
 */
export async function openJsonLines(
  path: string,
  position: RecordPosition | undefined,
): Promise<RecordWriter> {
  const { file } = await openLineFile(path, { beginning: '{"time":"', read: readLine }, position)
  return {
    write: (entry) => file.append(`${lineOf(entry)}\n`),
    close: () => file.close(),
  }
}

function readLine(line: string): WrittenEntry | undefined {
  try {
    const fields = Object.entries(JSON.parse(line) as object)
    return new Map(fields.map(([name, value]) => [name, String(value)]))
  } catch {
    return undefined
  }
}

function lineOf({ time, kind, step, epoch, values }: CheckedEntry): string {
  const fields: [name: string, value: unknown][] = [
    ['time', new Date(time).toISOString()],
    ['kind', kind],
    ['step', step],
    ['epoch', epoch],
  ]
  for (const [name, value] of values) {
    if (value !== undefined) fields.push([name, Number.isFinite(value) ? value : String(value)])
  }
  // Not by assignment, which would lose the key __proto__ and put keys that are numbers first.
  return `{${fields.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`
}
