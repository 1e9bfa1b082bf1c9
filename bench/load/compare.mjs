/**
 * The example service beside its equal around onnxruntime-node, with more and more connections.
 */
import { StepError } from '../../scripts/project.mjs'
import { measure } from './measure.mjs'
import { startOurs, startPeer, writeModel } from './services.mjs'
import { inputOf } from './shapes.mjs'
import { printHead, printRow } from './table.mjs'

const CONNECTIONS = [4, 8, 16, 32, 64, 128]

/** How far the answers of float32 may differ for one input. */
const TOLERANCE = 1e-5

async function checkAnswers(shape, services) {
  const answers = await Promise.all(
    services.map(async ({ url }) => {
      const body = JSON.stringify({ input: inputOf(shape) })
      const headers = { 'content-type': 'application/json' }
      const response = await fetch(`${url}/predict`, { method: 'POST', headers, body })
      return (await response.json()).predictions[0]
    }),
  )
  const [ours, peer] = answers
  if (!(Math.abs(peer - ours) <= TOLERANCE))
    throw new StepError(`the services answer ${answers.join(' and ')}`)
}

const fastest = (points) => points.reduce((best, each) => (each.rate > best.rate ? each : best))

/** The best rate of the project where its p99 is not above the peer's at the peer's best rate. */
function printVerdict(ours, peer) {
  const limit = fastest(peer)
  const fitting = ours.filter(({ p99 }) => p99 <= limit.p99)
  const ratio = fitting.length === 0 ? 0 : fastest(fitting).rate / limit.rate
  const verdict = ratio === 0 ? 'gru-native has no such p99' : `${ratio.toFixed(2)} times the rate`
  console.log(`at a p99 of at most ${limit.p99.toFixed(2)} ms, that of the peer's best: ${verdict}`)
}

/** @param options - seconds of each measurement, and the threads of a request in ONNX Runtime */
export async function compare(shape, { seconds, peerThreads }) {
  const file = await writeModel(shape)
  const services = [await startOurs(file), await startPeer(file, peerThreads)]
  await checkAnswers(shape, services)
  const points = services.map(() => [])
  printHead(shape)
  for (const connections of CONNECTIONS) {
    for (const [index, name] of ['gru-native', 'onnxruntime-node'].entries()) {
      const load = { connections, seconds }
      const figures = { connections, ...(await measure(shape, services[index], load)) }
      points[index].push(figures)
      printRow(name, figures)
    }
  }
  for (const service of services) await service.stop()
  printVerdict(...points)
}
