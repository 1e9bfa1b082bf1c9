/**
 * A function that answers one request, by the way that a job names.
 *
 * @module
 */
import { onnxFile, readIntegers } from '../../job'
import type { ServingJob } from '../job'
import { MOST_WAITING } from '../overload'

/** Answers one request, of one sequence. Rejects with the code ERR_GRU_FULL if it is refused. */
export type Requester = () => Promise<unknown>

/** The ways are those of whole sequences. The parts are loaded only here, since only one folder is given. */
export async function openRequester(job: ServingJob): Promise<Requester> {
  const tokens = readIntegers(job, 'tokens')
  if (job.way === 'stateless') {
    const { loadOrt, openSession } = await import('../../peers/ort.js')
    const ort = loadOrt()
    const session = await openSession(ort, onnxFile(job.folder), job.threads)
    const { steps, batch, hiddenSize } = job.case
    const feeds = {
      tokens: new ort.Tensor('int32', tokens, [steps, batch]),
      initialState_l0: new ort.Tensor('float32', new Float32Array(hiddenSize), [1, 1, hiddenSize]),
    }
    return () => session.run(feeds)
  }
  const { createModel, library, useThreads } = await import('./library.js')
  useThreads(job.threads)
  const model = createModel(job)
  if (job.way === 'predictions') return () => model.predict(tokens)
  const batcher = new library.Batcher(model, { maxQueue: MOST_WAITING })
  return () => batcher.predict(tokens)
}
