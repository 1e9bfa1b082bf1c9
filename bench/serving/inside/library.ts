/**
 * The project in a process of the bench: its build in the folder that the second argument names, and models of a job.
 *
 * @module
 */
import type * as Library from 'gru-native'
import { type Job, readParameters } from '../../job'
import { loadPeer } from '../../peers/load-peer'

export const library = loadPeer('gru-native') as typeof Library

export const VERSION = library.runtime().version

/** Without a number the project chooses. */
export function useThreads(threads: number | undefined): void {
  if (threads !== undefined) library.setThreads(threads)
}

/** The model of a case with tokens. Its parameters are those of the peer's. */
export function createModel(
  job: Pick<Job, 'case' | 'folder' | 'parameters'>,
): Library.SequenceModel {
  const { vocabulary, inputSize, hiddenSize, numLayers } = job.case
  const model = new library.SequenceModel({
    input: { tokens: vocabulary, embeddingSize: inputSize },
    gru: { hiddenSize, numLayers },
    output: { size: vocabulary, loss: 'crossEntropy', every: 'step' },
    seed: 1,
  })
  model.setParameters(readParameters(job))
  return model
}
