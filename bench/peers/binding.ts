/**
 * One forward call of this project's addon without the TypeScript layer.
 */
import { createRequire } from 'node:module'
import type * as Binding from '../../binding'
import { readFloats } from '../job'
import { nativeOptions } from '../reference'
import { serve } from '../serve'

const ADDON = process.env['GRU_NATIVE_ADDON'] ?? process.argv[3]!

const { initialize } = createRequire(__filename)(ADDON) as typeof Binding
const addon = initialize((code, message) => Object.assign(new Error(message), { code }))

void serve(addon.runtime().version, (job) => {
  const { steps, batch } = job.case
  addon.setThreads(job.threads)
  const gru = new addon.NativeGru(nativeOptions(job.case), 1, { name: 'cpu', precision: 'float32' })
  gru.writeParametersSync(readFloats(job, 'parameters'))
  const input = readFloats(job, 'input')
  const initialState = readFloats(job, 'initialState')
  const output = new Float32Array(steps * batch * job.case.hiddenSize)
  const state = new Float32Array(initialState.length)
  const run = (): void => {
    gru.forwardSync(steps, batch, null, input, initialState, output, state)
  }
  return {
    run,
    check: () => {
      run()
      return { output, state }
    },
  }
})
