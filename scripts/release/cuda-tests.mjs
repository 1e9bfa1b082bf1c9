// Runs the tests of the CUDA plug-in with the prebuilt addon. There is no GPU: the emulator runs the kernels on the
// processor. It is compiled as the plug-in for GPUs is, and lies beside the addon in the folder of the build.
import { mkdirSync } from 'node:fs'
import { jestCheck, reports, runCheck } from '../checks.mjs'
import { inRoot, StepError } from '../project.mjs'
import { buildAddon, configuration } from './build.mjs'
import { buildByCMake } from './commands.mjs'
import { TARGET } from './cuda.mjs'

function buildEmulated() {
  buildByCMake('building the emulated CUDA plug-in', {
    folder: inRoot('build', 'release', TARGET.name),
    options: [...configuration(TARGET), '-DGRU_CUDA_EMULATED=ON'],
    target: 'gru_native_cuda_emulated',
  })
}

/** Returns how many tests passed. Fails if one did not. */
export function runCudaTests() {
  const env = { GRU_NATIVE_ADDON: buildAddon(TARGET) }
  buildEmulated()
  mkdirSync(reports, { recursive: true })
  const name = 'tests of the CUDA device with the prebuilt addon'
  const { passed, failed } = runCheck(jestCheck(name, { pattern: '/test/cuda-', env }))
  if (failed > 0) throw new StepError(`${name}: ${failed} failed`)
  return passed
}
