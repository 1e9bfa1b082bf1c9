// Runs the tests of the CUDA plug-in with the prebuilt addon. There is no GPU: the emulator runs the kernels on the
// processor. It is compiled as the plug-in for GPUs is, and lies beside the addon in the folder of the build.
import { mkdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { jestCheck, reports, runCheck } from '../checks.mjs'
import { inRoot, StepError } from '../project.mjs'
import { buildAddon, configuration } from './build.mjs'
import { must } from './commands.mjs'
import { TARGET } from './cuda.mjs'

function buildEmulated() {
  const purpose = 'building the emulated CUDA plug-in'
  const folder = inRoot('build', 'release', TARGET.name)
  const configure = ['cmake', '-S', inRoot(), '-B', folder, '--log-level=WARNING']
  must(purpose, [...configure, ...configuration(TARGET), '-DGRU_CUDA_EMULATED=ON'])
  const jobs = String(availableParallelism())
  const build = ['cmake', '--build', folder, '--target', 'gru_native_cuda_emulated']
  must(purpose, [...build, '--parallel', jobs])
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
