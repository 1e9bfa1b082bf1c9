/**
 * The work of a contender's process: a folder with one file for each tensor, and a description.
 *
 * @module
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import * as path from 'node:path'
import type { BenchCase, Mode } from './cases'
import { type CarriedState, CELLS } from './cells'
import type { Results } from './compare'
import { type ParameterSpec, parameterSpecs, type Tensors } from './tensors'

export interface Job {
  readonly case: BenchCase
  readonly mode: Mode
  readonly threads: number
  /** Has the tensors: NAME.f32 or NAME.i32, raw, in the machine's byte order. */
  readonly folder: string
  /** Where the contender writes its results, as NAME.f32. */
  readonly results: string
  readonly parameters: readonly ParameterSpec[]
  /** What the cell carries, for contenders that do not know cells.ts. */
  readonly states: readonly CarriedState[]
}

const FLOATS = [
  ...(['parameters', 'input', 'initialState', 'initialCell'] as const),
  ...(['dOutput', 'dState', 'dCell'] as const),
] as const
const INTEGERS = ['lengths', 'tokens', 'targets'] as const

export function writeTensors(folder: string, tensors: Tensors): void {
  mkdirSync(folder, { recursive: true })
  for (const name of FLOATS) writeFileSync(path.join(folder, `${name}.f32`), tensors[name])
  for (const name of INTEGERS) writeFileSync(path.join(folder, `${name}.i32`), tensors[name])
}

/** Writes the description of a job and returns its path. */
export function writeJob(
  contender: string,
  work: Pick<Job, 'case' | 'mode' | 'threads' | 'folder'>,
): { file: string; job: Job } {
  const results = path.join(work.folder, contender)
  mkdirSync(results, { recursive: true })
  const { states } = CELLS[work.case.cell]
  const job = { ...work, results, parameters: parameterSpecs(work.case), states }
  const file = path.join(results, 'job.json')
  writeFileSync(file, JSON.stringify(job))
  return { file, job }
}

export function readJob(file: string): Job {
  return JSON.parse(readFileSync(file, 'utf8')) as Job
}

/** A tensor of the job, in its own memory. */
export function readFloats(
  { folder }: Pick<Job, 'folder'>,
  name: (typeof FLOATS)[number],
): Float32Array {
  return new Float32Array(readAligned(path.join(folder, `${name}.f32`)))
}

export function readIntegers(
  { folder }: Pick<Job, 'folder'>,
  name: (typeof INTEGERS)[number],
): Int32Array {
  return new Int32Array(readAligned(path.join(folder, `${name}.i32`)))
}

/** Views of the parameters, by name. */
export function readParameters(
  job: Pick<Job, 'folder' | 'parameters'>,
): Record<string, Float32Array> {
  const all = readFloats(job, 'parameters')
  const views = job.parameters.map(({ name, offset, count }) => [
    name,
    all.subarray(offset, offset + count),
  ])
  return Object.fromEntries(views) as Record<string, Float32Array>
}

/** The model of a job for ONNX Runtime. */
export function onnxFile(folder: string): string {
  return path.join(folder, 'model.onnx')
}

export function writeResults({ results }: Pick<Job, 'results'>, values: Results): string[] {
  for (const [name, value] of Object.entries(values)) {
    writeFileSync(path.join(results, `${name}.f32`), Float32Array.from(value))
  }
  return Object.keys(values)
}

export function readResults({ results }: Pick<Job, 'results'>, names: readonly string[]): Results {
  const entries = names.map((name) => [
    name,
    new Float32Array(readAligned(path.join(results, `${name}.f32`))),
  ])
  return Object.fromEntries(entries) as Results
}

function readAligned(file: string): ArrayBuffer {
  const { buffer, byteOffset, byteLength } = readFileSync(file)
  const whole = byteOffset === 0 && byteLength === buffer.byteLength
  return whole ? buffer : buffer.slice(byteOffset, byteOffset + byteLength)
}
