/**
 * This project, through its public API: synchronous calls with the caller's arrays. The second argument is the folder of
 * the checkout whose build is loaded, which may be of an earlier version.
 */
import type * as Library from 'gru-native'
import type { BenchCase } from '../cases'
import { eachState } from '../cells'
import type { Results } from '../compare'
import { type Job, readFloats, readIntegers, readParameters } from '../job'
import { CHECKED_STEPS } from '../model-truth'
import { type Runner, serve } from '../serve'
import { directions, stateCount } from '../tensors'
import { loadPeer } from './load-peer'

const library = loadPeer('gru-native') as typeof Library

void serve(library.runtime().version, (job) => {
  library.setThreads(job.threads)
  if (job.mode === 'training') return training(job)
  return job.mode === 'forward' ? forward(job) : gradients(job)
})

type Layer = Library.GRU | Library.LSTM

function createLayer(job: Job): Layer {
  const { cell, inputSize, hiddenSize, numLayers, bidirectional, resetAfter } = job.case
  const options = { inputSize, hiddenSize, numLayers, bidirectional, seed: 1 }
  const layer =
    cell === 'lstm' ? new library.LSTM(options) : new library.GRU({ ...options, resetAfter })
  layer.setParameters(readParameters(job))
  return layer
}

/** Undefined: every sequence has all steps. */
function lengthsOf(job: Job): Int32Array | undefined {
  return job.case.ragged ? readIntegers(job, 'lengths') : undefined
}

function outputCount(given: BenchCase): number {
  return given.steps * given.batch * directions(given) * given.hiddenSize
}

/** The arrays of a call, the ones that it fills apart: they are its results, by the bench's names too. */
function callArrays(job: Job): { options: Library.LstmForwardSyncOptions; results: Results } {
  const { cell, batch } = job.case
  const results = {
    output: new Float32Array(outputCount(job.case)),
    ...eachState(cell, ({ final }) => [final, new Float32Array(stateCount(job.case))]),
  }
  const options = {
    ...{ batch, lengths: lengthsOf(job) },
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
  const run = job.case.cell === 'lstm' ? lstmTraining(job) : gruTraining(job)
  return { run, check: () => ({ losses: Float32Array.from({ length: CHECKED_STEPS }, run) }) }
}

/** A step that returns its loss. Earlier versions have a SequenceModel too, but no Model. */
function gruTraining(job: Job): () => number {
  const { vocabulary, inputSize, resetAfter, batch } = job.case
  const model = new library.SequenceModel({
    input: { tokens: vocabulary, embeddingSize: inputSize },
    gru: { ...stackOptions(job.case), resetAfter },
    output: { size: vocabulary, loss: 'crossEntropy', every: 'step' },
    seed: 1,
  })
  model.setParameters(readParameters(job))
  const trainer = new library.Trainer(model, trainerOptions(job.case))
  const step = {
    ...{ input: readIntegers(job, 'tokens'), target: readIntegers(job, 'targets') },
    ...{ lengths: lengthsOf(job), batch },
  }
  return () => trainer.stepSync(step).loss
}

function lstmTraining(job: Job): () => number {
  const { vocabulary, inputSize, batch } = job.case
  const model = new library.Model({
    inputs: { tokens: { tokens: vocabulary } },
    layers: {
      embedding: { type: 'embedding', input: 'tokens', size: inputSize },
      lstm: { type: 'lstm', input: 'embedding', ...stackOptions(job.case) },
      head: { type: 'linear', input: 'lstm', size: vocabulary },
    },
    outputs: { head: { loss: 'crossEntropy' } },
    seed: 1,
  })
  model.setParameters(readParameters(job))
  const trainer = new library.Trainer(model, trainerOptions(job.case))
  const lengths = lengthsOf(job)
  const step = {
    inputs: { tokens: readIntegers(job, 'tokens') },
    targets: { head: readIntegers(job, 'targets') },
    lengths: lengths && { tokens: lengths },
    batch,
  }
  return () => trainer.stepSync(step).loss
}

function stackOptions({ hiddenSize, numLayers, bidirectional }: BenchCase): {
  hiddenSize: number
  numLayers: number
  bidirectional: boolean
} {
  return { hiddenSize, numLayers, bidirectional }
}

/** Earlier versions refuse the option, even if it is false. */
function trainerOptions({ recomputeActivations }: BenchCase): Library.TrainerOptions {
  return { optimizer: { kind: 'adam' }, ...(recomputeActivations && { recomputeActivations }) }
}
