/**
 * Drives the example service, and its equal around onnxruntime-node, in turn:
 *
 *     node bench/load/main.mjs [--shape short|long|stream] [--seconds 2] [--peer-threads 1] [--overload]
 *
 * For each shape it prints requests a second and latencies with more and more connections, and compares the services at
 * the same 99th percentile. ONNX Runtime computes each request on --peer-threads threads. With --overload it sends
 * instead twice the requests that the example service bears.
 */
import { existsSync } from 'node:fs'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { inRoot, StepError } from '../../scripts/project.mjs'
import { buildScripts } from '../build.mjs'
import { SHAPES } from './shapes.mjs'

const OPTIONS = {
  shape: { type: 'string' },
  seconds: { type: 'string', default: '2' },
  'peer-threads': { type: 'string', default: '1' },
  overload: { type: 'boolean', default: false },
}

function checkPackages() {
  for (const place of ['examples/service', 'bench']) {
    if (existsSync(inRoot(place, 'node_modules'))) continue
    throw new StepError(`expected packages in ${place}: npm ci --prefix ${place} --ignore-scripts`)
  }
}

function chosenShapes(name) {
  if (name === undefined) return Object.values(SHAPES)
  if (name in SHAPES) return [SHAPES[name]]
  throw new StepError(`--shape: expected one of ${Object.keys(SHAPES).join(', ')}, got ${name}`)
}

function positive(name, text) {
  const number = Number(text)
  if (number > 0) return number
  throw new StepError(`--${name}: expected a number above 0, got ${text}`)
}

try {
  const { values } = parseArgs({ options: OPTIONS })
  const seconds = positive('seconds', values.seconds)
  const peerThreads = positive('peer-threads', values['peer-threads'])
  const shapes = chosenShapes(values.shape)
  checkPackages()
  buildScripts()
  // They import what has just been compiled.
  const { compare } = await import('./compare.mjs')
  const { overload } = await import('./overload.mjs')
  if (values.overload) await overload(SHAPES.long, seconds)
  else for (const shape of shapes) await compare(shape, { seconds, peerThreads })
} catch (error) {
  if (!(error instanceof StepError)) throw error
  console.error(`load: ${error.message}`)
  process.exitCode = 1
}
