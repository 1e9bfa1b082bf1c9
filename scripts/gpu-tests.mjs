// `npm run test:gpu`: runs every jest test on the first GPU with the tiers that the device chooses, and the numerical
// ones again in each tier that fits layers of all sizes. The last line of output is `N passed, N failed`.
//
//   node scripts/gpu-tests.mjs [--nvcc PATH]
//
// Exit status: 0 if all passed, 1 if some failed, 2 if there is no GPU.
import { execFileSync } from 'node:child_process'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { clearReports, jestCheck, runCheck, summarize } from './checks.mjs'
import { NUMERICS } from './numerics-checks.mjs'
import { buildPlugin, requireNvcc } from './nvcc.mjs'
import { inRoot, root, StepError } from './project.mjs'
import { setUp } from './setup.mjs'

const NO_GPU = 2

function cudaRuntime() {
  const script = "console.log(JSON.stringify(require('./dist').runtime().cuda))"
  return JSON.parse(execFileSync(process.execPath, ['-e', script], { cwd: root, encoding: 'utf8' }))
}

const onGpu = (name, pattern, env = {}) =>
  jestCheck(`${name}, cuda:0`, { pattern, env: { GRU_NATIVE_DEVICE: 'cuda:0', ...env } })

function checks() {
  const tiers = ['persistent', 'stepwise']
  return [
    onGpu('jest'),
    ...tiers.map((tier) => onGpu(`numerics, ${tier}`, NUMERICS, { GRU_NATIVE_CUDA_TIER: tier })),
  ]
}

try {
  const { values } = parseArgs({ options: { nvcc: { type: 'string' } } })
  const nvcc = requireNvcc(values.nvcc)
  setUp({ tests: true, 'warnings-are-errors': true })
  buildPlugin(nvcc, inRoot('build', 'Release'), ['-DGRU_WERROR=ON'])
  const { available, reason, devices } = cudaRuntime()
  if (available) {
    for (const { device, name } of devices) console.log(`${device}: ${name}`)
    clearReports()
    summarize(checks().map(runCheck))
  } else {
    console.error(`test:gpu: no test was run: ${reason}`)
    process.exitCode = NO_GPU
  }
} catch (error) {
  if (!(error instanceof StepError)) throw error
  console.error(`test:gpu: ${error.message}`)
  process.exitCode = 1
}
