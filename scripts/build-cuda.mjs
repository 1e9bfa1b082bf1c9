// Builds the CUDA plug-in with nvcc, by default beside the addon in build/Release.
//
//   node scripts/build-cuda.mjs [--nvcc PATH] [--into FOLDER] [-- CMAKE-OPTION...]
//
// nvcc is searched for on the PATH, below CUDA_HOME and CUDA_PATH, and in /usr/local/cuda.
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { buildPlugin, PLUGIN, requireNvcc } from './nvcc.mjs'
import { inRoot, StepError } from './project.mjs'

try {
  const { values, positionals: further } = parseArgs({
    allowPositionals: true,
    options: { nvcc: { type: 'string' }, into: { type: 'string' } },
  })
  const nvcc = requireNvcc(values.nvcc)
  console.log(`building ${PLUGIN} with ${nvcc}`)
  const folder = values.into ? resolve(values.into) : inRoot('build', 'Release')
  buildPlugin(nvcc, folder, further)
} catch (error) {
  if (!(error instanceof StepError)) throw error
  console.error(`build:cuda: ${error.message}`)
  process.exitCode = 1
}
