/**
 * This project: one call of a lane.
 */
import { readFloats, readIntegers, readParameters, writeResults } from '../../job'
import { type Runner, serveRunner } from '../../serve'
import type { Way } from '../cases'
import { readServingJob, type ServingJob } from '../job'
import { createModel, library, useThreads, VERSION } from './library'

/** Calls before the compared one, so that states which are not carried show. */
const CALLS_BEFORE = 4

type OwnWay = Exclude<Way, 'stateful' | 'stateless'>

const WAYS: Readonly<Record<OwnWay, (job: ServingJob) => Runner>> = {
  layer,
  session,
  awaited,
  predicted,
  sessions,
  predictions,
  requests,
}

void serveRunner(VERSION, () => {
  const job = readServingJob()
  useThreads(job.threads)
  const { run, check } = WAYS[job.way as OwnWay](job)
  return Promise.resolve({ run, write: async () => writeResults(job, await check()) })
})

/** Results are those of the last of some calls. */
function checkLast(run: () => unknown, output: Float32Array): Runner {
  return {
    run,
    check: async () => {
      for (let call = 0; call <= CALLS_BEFORE; call++) await run()
      return { output }
    },
  }
}

/** Results are what the call resolves to, of the first request. */
function checkResolved(run: () => Promise<readonly Float32Array[]>): Runner {
  return { run, check: async () => ({ output: (await run())[0]! }) }
}

function layer(job: ServingJob): Runner {
  const { inputSize, hiddenSize } = job.case
  const gru = new library.GRU({ inputSize, hiddenSize, seed: 1 })
  gru.setParameters(readParameters(job))
  const input = readFloats(job, 'input')
  const output = new Float32Array(hiddenSize)
  // The state is read and written in place.
  const state = readFloats(job, 'initialState')
  const options = { initialState: state, output, state }
  return checkLast(() => gru.forwardSync(input, options), output)
}

function session(job: ServingJob): Runner {
  const { batch, vocabulary } = job.case
  const made = createModel(job).session({ batch })
  const tokens = readIntegers(job, 'tokens')
  const output = new Float32Array(batch * vocabulary)
  return checkLast(() => made.stepSync(tokens, output), output)
}

function awaited(job: ServingJob): Runner {
  const made = createModel(job).session()
  const tokens = readIntegers(job, 'tokens')
  const output = new Float32Array(job.case.vocabulary)
  return checkLast(() => made.step(tokens, { output }), output)
}

function predicted(job: ServingJob): Runner {
  const model = createModel(job)
  const tokens = readIntegers(job, 'tokens')
  return checkResolved(async () => [await model.predict(tokens)])
}

function sessions(job: ServingJob): Runner {
  const { batch, vocabulary } = job.case
  const model = createModel(job)
  const batcher = new library.Batcher(model, { maxBatch: batch })
  const tokens = readIntegers(job, 'tokens')
  const all = Array.from(tokens, (_, i) => ({
    session: model.session(),
    token: tokens.subarray(i, i + 1),
  }))
  const output = new Float32Array(batch * vocabulary)
  return checkLast(async () => {
    const steps = await Promise.all(all.map((one) => batcher.step(one.session, one.token)))
    for (const [i, logits] of steps.entries()) output.set(logits, i * vocabulary)
  }, output)
}

function predictions(job: ServingJob): Runner {
  const model = createModel(job)
  const tokens = readIntegers(job, 'tokens')
  return checkResolved(() => together(job, () => model.predict(tokens)))
}

function requests(job: ServingJob): Runner {
  const batcher = new library.Batcher(createModel(job), { maxBatch: job.requests })
  const tokens = readIntegers(job, 'tokens')
  return checkResolved(() => together(job, () => batcher.predict(tokens)))
}

function together(
  job: ServingJob,
  request: () => Promise<Float32Array>,
): Promise<readonly Float32Array[]> {
  return Promise.all(Array.from({ length: job.requests }, request))
}
