/**
 * onnxruntime-node: one call of a lane.
 */
import { onnxFile, readFloats, readIntegers, writeResults } from '../../job'
import {
  loadOrt,
  openSession,
  type Ort,
  ORT_VERSION,
  type OrtResults,
  type OrtSession,
  type OrtTensor,
} from '../../peers/ort'
import { type Runner, serveRunner } from '../../serve'
import { readServingJob, type ServingJob } from '../job'

const CALLS_BEFORE = 4

void serveRunner(ORT_VERSION, async () => {
  const job = readServingJob()
  const ort = loadOrt()
  const session = await openSession(ort, onnxFile(job.folder), job.threads)
  const make = job.way === 'stateful' ? stateful : stateless
  const { run, check } = make(job, ort, session)
  return { run, write: async () => writeResults(job, await check()) }
})

const STATE = 'initialState_l0'

function inputOf(job: ServingJob, ort: Ort): OrtResults {
  const { steps, batch, inputSize, vocabulary } = job.case
  return vocabulary > 0
    ? { tokens: new ort.Tensor('int32', readIntegers(job, 'tokens'), [steps, batch]) }
    : { input: new ort.Tensor('float32', readFloats(job, 'input'), [steps, batch, inputSize]) }
}

function firstState(job: ServingJob, ort: Ort): OrtTensor {
  const { batch, hiddenSize, vocabulary } = job.case
  const zero = new Float32Array(batch * hiddenSize)
  const values = vocabulary > 0 ? zero : readFloats(job, 'initialState')
  return new ort.Tensor('float32', values, [1, batch, hiddenSize])
}

function outputOf(results: OrtResults): Float32Array {
  return (results['logits'] ?? results['output'])!.data
}

function stateful(job: ServingJob, ort: Ort, session: OrtSession): Runner {
  const feeds: Record<string, OrtTensor> = { ...inputOf(job, ort), [STATE]: firstState(job, ort) }
  const run = async (): Promise<OrtResults> => {
    const results = await session.run(feeds)
    feeds[STATE] = results['state_l0']!
    return results
  }
  return {
    run,
    check: async () => {
      for (let call = 0; call < CALLS_BEFORE; call++) await run()
      return { output: outputOf(await run()) }
    },
  }
}

function stateless(job: ServingJob, ort: Ort, session: OrtSession): Runner {
  const feeds = { ...inputOf(job, ort), [STATE]: firstState(job, ort) }
  const run = (): Promise<OrtResults[]> =>
    Promise.all(Array.from({ length: job.requests }, () => session.run(feeds)))
  return { run, check: async () => ({ output: outputOf((await run())[0]!) }) }
}
