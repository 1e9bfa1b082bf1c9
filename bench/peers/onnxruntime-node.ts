/**
 * onnxruntime-node: inference only.
 */
import { CELLS, eachState } from '../cells'
import { type Job, onnxFile, readFloats, readIntegers } from '../job'
import { serve, Unsupported } from '../serve'
import { directions } from '../tensors'
import { concatenate } from './onnx-model'
import { loadOrt, openSession, type Ort, ORT_VERSION, type OrtResults, type OrtTensor } from './ort'

void serve(ORT_VERSION, async (job) => {
  if (job.mode !== 'forward') throw new Unsupported('computes no gradients')
  const ort = loadOrt()
  const session = await openSession(ort, onnxFile(job.folder), job.threads)
  const feeds = feedsOf(ort, job)
  const run = (): Promise<OrtResults> => session.run(feeds)
  return {
    run,
    check: async () => {
      const results = await run()
      const layers = Array.from({ length: job.case.numLayers }, (_, layer) => layer)
      return {
        output: joinDirections(results['output']!.data, job),
        ...eachState(job.case.cell, ({ final }) => [
          final,
          concatenate(layers.map((layer) => results[`${final}_l${layer}`]!.data)),
        ]),
      }
    },
  }
})

function feedsOf(ort: Ort, job: Job): Record<string, OrtTensor> {
  const { cell, steps, batch, inputSize, hiddenSize, numLayers, ragged } = job.case
  const shape = [directions(job.case), batch, hiddenSize]
  const feeds: Record<string, OrtTensor> = {
    input: new ort.Tensor('float32', readFloats(job, 'input'), [steps, batch, inputSize]),
  }
  for (const { initial } of CELLS[cell].states) {
    const states = readFloats(job, initial)
    const count = states.length / numLayers
    for (let layer = 0; layer < numLayers; layer++) {
      const state = states.slice(layer * count, (layer + 1) * count)
      feeds[`${initial}_l${layer}`] = new ort.Tensor('float32', state, shape)
    }
  }
  if (ragged) feeds['lengths'] = new ort.Tensor('int32', readIntegers(job, 'lengths'), [batch])
  return feeds
}

/** [steps, D, batch, H] -> [steps, batch, D*H]. */
function joinDirections(output: Float32Array, { case: given }: Job): Float32Array {
  const { batch, hiddenSize } = given
  const ways = directions(given)
  if (ways === 1) return output
  const joined = new Float32Array(output.length)
  for (let from = 0; from < output.length; from += hiddenSize) {
    const row = from / hiddenSize
    const sequence = row % batch
    const way = Math.floor(row / batch) % ways
    const step = Math.floor(row / (batch * ways))
    const to = ((step * batch + sequence) * ways + way) * hiddenSize
    joined.set(output.subarray(from, from + hiddenSize), to)
  }
  return joined
}
