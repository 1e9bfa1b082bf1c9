/**
 * This project, through its public API: synchronous calls with the caller's arrays.
 */
import { GRU, runtime, SequenceModel, setThreads, Trainer } from 'gru-native'
import type { BenchCase } from '../cases'
import { type Job, readFloats, readIntegers, readParameters } from '../job'
import { CHECKED_STEPS } from '../model-truth'
import { type Runner, serve } from '../serve'
import { directions, stateCount } from '../tensors'

void serve(runtime().version, (job) => {
  setThreads(job.threads)
  if (job.mode === 'training') return training(job)
  return job.mode === 'forward' ? forward(job) : gradients(job)
})

function createLayer(job: Job): GRU {
  const { inputSize, hiddenSize, numLayers, bidirectional, resetAfter } = job.case
  const gru = new GRU({ inputSize, hiddenSize, numLayers, bidirectional, resetAfter, seed: 1 })
  gru.setParameters(readParameters(job))
  return gru
}

function outputCount(given: BenchCase): number {
  return given.steps * given.batch * directions(given) * given.hiddenSize
}

function callOptions(job: Job): {
  batch: number
  lengths: Int32Array | undefined
  initialState: Float32Array
  output: Float32Array
  state: Float32Array
} {
  return {
    batch: job.case.batch,
    lengths: job.case.ragged ? readIntegers(job, 'lengths') : undefined,
    initialState: readFloats(job, 'initialState'),
    output: new Float32Array(outputCount(job.case)),
    state: new Float32Array(stateCount(job.case)),
  }
}

function forward(job: Job): Runner {
  const gru = createLayer(job)
  const input = readFloats(job, 'input')
  const options = callOptions(job)
  const run = (): unknown => gru.forwardSync(input, options)
  return {
    run,
    check: () => {
      run()
      return { output: options.output, state: options.state }
    },
  }
}

function gradients(job: Job): Runner {
  const gru = createLayer(job)
  const input = readFloats(job, 'input')
  const options = callOptions(job)
  const start = { output: readFloats(job, 'dOutput'), state: readFloats(job, 'dState') }
  const targets = {
    input: new Float32Array(input.length),
    initialState: new Float32Array(options.state.length),
    parameters: new Float32Array(gru.parameterCount),
  }
  const run = (): ReturnType<ReturnType<GRU['forwardTrainingSync']>['backwardSync']> =>
    gru.forwardTrainingSync(input, options).backwardSync(start, targets)
  return {
    run,
    check: () => {
      const found = run()
      const parameters = Object.entries(found.parameters)
      return {
        output: options.output,
        state: options.state,
        d_input: found.input,
        d_initial_state: found.initialState,
        ...Object.fromEntries(parameters.map(([name, values]) => [`d_${name}`, values])),
      }
    },
  }
}

function training(job: Job): Runner {
  const { vocabulary, inputSize, hiddenSize, numLayers, batch } = job.case
  const model = new SequenceModel({
    input: { tokens: vocabulary, embeddingSize: inputSize },
    gru: { hiddenSize, numLayers },
    output: { size: vocabulary, loss: 'crossEntropy', every: 'step' },
    seed: 1,
  })
  model.setParameters(readParameters(job))
  const trainer = new Trainer(model, { optimizer: { kind: 'adam' } })
  const step = {
    input: readIntegers(job, 'tokens'),
    target: readIntegers(job, 'targets'),
    batch,
  }
  const run = (): number => trainer.stepSync(step).loss
  return { run, check: () => ({ losses: Float32Array.from({ length: CHECKED_STEPS }, run) }) }
}
