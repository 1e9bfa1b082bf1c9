/**
 * Runs command lines in this process, with jobs and tables in a temporary folder.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { Writable } from 'node:stream'
import { run } from '../../lib/cli/run'

/** Collects what is written to it. */
export class Recorder extends Writable {
  text = ''
  readonly isTTY: boolean

  constructor(isTTY = false) {
    super()
    this.isTTY = isTTY
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    done()
  }
}

export interface Outcome {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

export async function gru(...args: string[]): Promise<Outcome> {
  return gruUntil(new AbortController().signal, new Recorder(), ...args)
}

/** Runs a command line that a signal may end. It writes to the given stdout. */
export async function gruUntil(
  signal: AbortSignal,
  stdout: Recorder,
  ...args: string[]
): Promise<Outcome> {
  const stderr = new Recorder()
  const status = await run(args, { stdout, stderr, signal })
  return { status, stdout: stdout.text, stderr: stderr.text }
}

const folders: string[] = []

export function newFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'gru-cli-'))
  folders.push(folder)
  return folder
}

export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
}

export const HEADER = 'day,warmth,sky'

/**
 * `count` days from 2019-12-30 on, including a leap day. The warmth varies with a period of 12
 * days.
 */
export function rowsOfDays(count: number): string[] {
  return Array.from({ length: count }, (_, row) => {
    const day = new Date(Date.UTC(2019, 11, 30 + row)).toISOString().slice(0, 10)
    const warmth = (10 + 5 * Math.sin((2 * Math.PI * row) / 12)).toFixed(2)
    return `${day},${warmth},${row % 3 === 0 ? 'rain' : 'sun'}`
  })
}

export function writeTable(file: string, rows: readonly string[]): string {
  writeFileSync(file, [HEADER, ...rows, ''].join('\n'))
  return file
}

/** A job over {@link rowsOfDays}, small enough to train in well under a second. */
export function smallJob(): Record<string, unknown> {
  return {
    csv: 'table.csv',
    columns: { day: 'date', warmth: 'number', sky: 'category' },
    target: 'warmth',
    unit: 'K',
    window: 6,
    model: { hiddenSize: 5 },
    training: { epochs: 4, batch: 16, learningRate: 0.01 },
    seed: 7,
  }
}

/** Writes a job and its table into a new folder, and returns the job's path. */
export function writeJob(job: unknown, rows: readonly string[] = rowsOfDays(120)): string {
  const folder = newFolder()
  writeTable(path.join(folder, 'table.csv'), rows)
  const file = path.join(folder, 'small.json')
  writeFileSync(file, typeof job === 'string' ? job : JSON.stringify(job))
  return file
}

/** The same rows except for one. */
export function withRow(rows: readonly string[], index: number, row: string): string[] {
  return rows.map((old, i) => (i === index ? row : old))
}
