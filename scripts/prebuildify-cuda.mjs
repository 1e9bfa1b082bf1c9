// Runs after prebuildify: puts the CUDA plug-in beside the prebuilt addon, if there is a CUDA compiler.
import process from 'node:process'
import { buildPlugin, findNvcc, PLUGIN } from './nvcc.mjs'
import { inRoot, StepError } from './project.mjs'

try {
  const nvcc = findNvcc()
  if (nvcc) buildPlugin(nvcc, inRoot('prebuilds', `${process.platform}-${process.arch}`))
  else console.log(`left out: ${PLUGIN}, since there is no nvcc`)
} catch (error) {
  if (!(error instanceof StepError)) throw error
  console.error(`prebuildify: ${error.message}`)
  process.exitCode = 1
}
