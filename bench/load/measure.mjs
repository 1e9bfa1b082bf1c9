/**
 * The figures of a service under a load: those of figures.mjs, and `service`, the cores that the service took.
 */
import { execFile } from 'node:child_process'
import process from 'node:process'
import { promisify } from 'node:util'
import { inRoot } from '../../scripts/project.mjs'
import { processorSeconds } from './services.mjs'
import { inputOf } from './shapes.mjs'

const WARM_UP_SECONDS = 1

async function drive(shape, { url }, load) {
  const script = shape.isStream ? 'drive-stream.mjs' : 'drive-requests.mjs'
  const job = JSON.stringify({ url, input: inputOf(shape), ...load })
  const command = [inRoot('bench', 'load', script), job]
  const { stdout } = await promisify(execFile)(process.execPath, command)
  return JSON.parse(stdout)
}

/** @param load - connections and seconds, and for an open loop the rate, requests a second */
export async function measure(shape, service, load) {
  await drive(shape, service, { ...load, rate: undefined, seconds: WARM_UP_SECONDS })
  const before = processorSeconds(service.pid)
  const figures = await drive(shape, service, load)
  return { ...figures, service: (processorSeconds(service.pid) - before) / load.seconds }
}
