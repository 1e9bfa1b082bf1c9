/**
 * Prepares a case: its tensors in a folder, its model for ONNX Runtime, its correct results.
 *
 * @module
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import type { BenchCase } from './cases'
import { onnxFile, writeTensors } from './job'
import type { PreparedCase } from './lanes'
import { onnxModel } from './peers/onnx-model'
import type { Reference } from './reference'
import { parameterSpecs } from './tensors'
import { findTruth, prepareTensors } from './truth'

/** Prepares a case, runs a function with it, and removes its files. */
export async function withCase<T>(
  native: Reference,
  given: BenchCase,
  work: (prepared: PreparedCase) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(path.join(tmpdir(), 'gru-bench-'))
  const remove = (): void => {
    rmSync(folder, { recursive: true })
  }
  // If a signal ends the bench, `finally` does not run.
  process.once('exit', remove)
  try {
    return await work(prepare(native, given, folder))
  } finally {
    process.off('exit', remove)
    remove()
  }
}

function prepare(native: Reference, given: BenchCase, folder: string): PreparedCase {
  const tensors = prepareTensors(given)
  writeTensors(folder, tensors)
  if (given.vocabulary === 0) {
    const model = onnxModel(given, parameterSpecs(given), tensors.parameters)
    writeFileSync(onnxFile(folder), model)
  }
  const truth = findTruth(native, given, tensors)
  return { case: given, folder, lengths: tensors.lengths, truth }
}
