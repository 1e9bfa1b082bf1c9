/**
 * The work of a process: a folder with the tensors and the peer's model, and a description.
 *
 * @module
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import type { BenchCase } from '../cases'
import { type Job, onnxFile, writeTensors } from '../job'
import { onnxModel, onnxTokenModel } from '../peers/onnx-model'
import { drawTensors, parameterSpecs } from '../tensors'
import type { Way } from './cases'

export interface ServingJob extends Pick<Job, 'case' | 'folder' | 'results' | 'parameters'> {
  readonly way: Way
  readonly requests: number
  /** Undefined: the default */
  readonly threads?: number
}

/** Makes a folder for a case, runs a function with it, and removes it. */
export async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(path.join(tmpdir(), 'gru-bench-'))
  const remove = (): void => {
    rmSync(folder, { recursive: true, force: true })
  }
  // If a signal ends the bench, `finally` does not run.
  process.once('exit', remove)
  try {
    return await work(folder)
  } finally {
    process.off('exit', remove)
    remove()
  }
}

/** Writes the tensors of a case, and its model for the peer. */
export function writeCase(folder: string, given: BenchCase): void {
  const tensors = drawTensors(given, given.batch)
  const specs = parameterSpecs(given)
  const makeModel = given.vocabulary > 0 ? onnxTokenModel : onnxModel
  writeTensors(folder, tensors)
  writeFileSync(onnxFile(folder), makeModel(given, specs, tensors.parameters))
}

/** Writes a job in a folder of its own within the case's, and returns its file. */
export function writeServingJob(
  name: string,
  work: Omit<ServingJob, 'results' | 'parameters'>,
): { file: string; job: ServingJob } {
  const results = path.join(work.folder, name.replaceAll(/\W+/g, '-'))
  mkdirSync(results, { recursive: true })
  const job = { ...work, results, parameters: parameterSpecs(work.case) }
  const file = path.join(results, 'job.json')
  writeFileSync(file, JSON.stringify(job))
  return { file, job }
}

export function readServingJob(): ServingJob {
  return JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as ServingJob
}
