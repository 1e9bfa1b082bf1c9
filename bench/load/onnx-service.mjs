/**
 * The app of examples/service around onnxruntime-node, each request computed by itself:
 *
 *     node onnx-service.mjs MODEL.onnx OPTIONS.json THREADS
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import process from 'node:process'
import { createApp } from '../../examples/service/app.mjs'
import { readConfig } from '../../examples/service/config.mjs'

const { InferenceSession, Tensor } = createRequire(import.meta.url)('onnxruntime-node')

const [file, optionsFile, threads] = process.argv.slice(2)
const options = JSON.parse(readFileSync(optionsFile, 'utf8'))
const { features } = options.input
const { hiddenSize } = options.gru
const onnx = await InferenceSession.create(file, {
  executionProviders: ['cpu'],
  graphOptimizationLevel: 'all',
  intraOpNumThreads: Number(threads),
  interOpNumThreads: 1,
})

const zeroState = () => new Tensor('float32', new Float32Array(hiddenSize), [1, 1, hiddenSize])

function run(input, initialState) {
  const shape = [input.length / features, 1, features]
  return onnx.run({ input: new Tensor('float32', input, shape), initialState })
}

/** What the app needs of a batcher. */
const batcher = {
  statistics: {},
  predict: async (input) => (await run(input, zeroState())).output.data,
}

function openSession() {
  let state = zeroState()
  return {
    async step(input) {
      const results = await run(input, state)
      state = results.state
      return results.output.data
    },
    dispose() {},
  }
}

const served = { model: { options }, batcher, openSession, sessions: 0 }
const config = readConfig(process.env, [file])
const app = await createApp(served, config, { isReady: true })
process.once('SIGTERM', () => app.close())
console.log(`listening on ${await app.listen(config)}`)
