/**
 * This project, through its public API: synchronous calls with the caller's arrays.
 */
import {
  GRU,
  LSTM,
  type LstmForwardSyncOptions,
  Model,
  runtime,
  setThreads,
  Trainer,
} from 'gru-native'
import type { BenchCase } from '../cases'
import { eachState } from '../cells'
import type { Results } from '../compare'
import { type Job, readFloats, readIntegers, readParameters } from '../job'
import { CHECKED_STEPS } from '../model-truth'
import { type Runner, serve } from '../serve'
import { directions, stateCount } from '../tensors'

void serve(runtime().version, (job) => {
  setThreads(job.threads)
  if (job.mode === 'training') return training(job)
  return job.mode === 'forward' ? forward(job) : gradients(job)
})

type Layer = GRU | LSTM

function createLayer(job: Job): Layer {
  const { cell, inputSize, hiddenSize, numLayers, bidirectional, resetAfter } = job.case
  const options = { inputSize, hiddenSize, numLayers, bidirectional, seed: 1 }
  const layer = cell === 'lstm' ? new LSTM(options) : new GRU({ ...options, resetAfter })
  layer.setParameters(readParameters(job))
  return layer
}

function outputCount(given: BenchCase): number {
  return given.steps * given.batch * directions(given) * given.hiddenSize
}

/** The arrays of a call, the ones that it fills apart: they are its results, by the bench's names too. */
function callArrays(job: Job): { options: LstmForwardSyncOptions; results: Results } {
  const { cell, batch, ragged } = job.case
  const results = {
    output: new Float32Array(outputCount(job.case)),
    ...eachState(cell, ({ final }) => [final, new Float32Array(stateCount(job.case))]),
  }
  const options = {
    ...{ batch, lengths: ragged ? readIntegers(job, 'lengths') : undefined },
    ...eachState(cell, ({ initial }) => [initial, readFloats(job, initial)]),
    ...results,
  }
  return { options, results }
}

function forward(job: Job): Runner {
  const layer = createLayer(job)
  const input = readFloats(job, 'input')
  const { options, results } = callArrays(job)
  const run = (): unknown => layer.forwardSync(input, options)
  return {
    run,
    check: () => {
      run()
      return results
    },
  }
}

function gradients(job: Job): Runner {
  const { cell } = job.case
  const layer = createLayer(job)
  const input = readFloats(job, 'input')
  const { options, results } = callArrays(job)
  const start = {
    output: readFloats(job, 'dOutput'),
    ...eachState(cell, ({ final, dFinal }) => [final, readFloats(job, dFinal)]),
  }
  const dInitial = eachState(cell, ({ initial }) => [
    initial,
    new Float32Array(stateCount(job.case)),
  ])
  const targets = {
    input: new Float32Array(input.length),
    ...dInitial,
    parameters: new Float32Array(layer.parameterCount),
  }
  const run = (): ReturnType<ReturnType<Layer['forwardTrainingSync']>['backwardSync']> =>
    layer.forwardTrainingSync(input, options).backwardSync(start, targets)
  return {
    run,
    check: () => {
      const found = run()
      const parameters = Object.entries(found.parameters)
      return {
        ...results,
        d_input: found.input,
        ...eachState(cell, ({ gradient, initial }) => [gradient, dInitial[initial]!]),
        ...Object.fromEntries(parameters.map(([name, values]) => [`d_${name}`, values])),
      }
    },
  }
}

function training(job: Job): Runner {
  const { cell, vocabulary, inputSize, hiddenSize, numLayers, batch } = job.case
  const model = new Model({
    inputs: { tokens: { tokens: vocabulary } },
    layers: {
      embedding: { type: 'embedding', input: 'tokens', size: inputSize },
      [cell]: { type: cell, input: 'embedding', hiddenSize, numLayers },
      head: { type: 'linear', input: cell, size: vocabulary },
    },
    outputs: { head: { loss: 'crossEntropy' } },
    seed: 1,
  })
  model.setParameters(readParameters(job))
  const trainer = new Trainer(model, { optimizer: { kind: 'adam' } })
  const step = {
    inputs: { tokens: readIntegers(job, 'tokens') },
    targets: { head: readIntegers(job, 'targets') },
    batch,
  }
  const run = (): number => trainer.stepSync(step).loss
  return { run, check: () => ({ losses: Float32Array.from({ length: CHECKED_STEPS }, run) }) }
}
