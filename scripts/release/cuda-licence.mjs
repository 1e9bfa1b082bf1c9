// NVIDIA's licence for the parts of the CUDA toolkit that the plug-in contains.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { inRoot, StepError } from '../project.mjs'
import { output } from './commands.mjs'

/** What is linked into the plug-in. The licence lists what may be passed on. */
const LIBRARY = 'libcudart_static.a'

/** The toolkit's folder. nvcc tells it, since a command on the PATH may lead to an nvcc elsewhere. */
function toolkitOf(nvcc) {
  const told = output(['sh', '-c', '"$0" --dryrun -x cu /dev/null 2>&1', nvcc], inRoot())
  const [, folder] = /^#\$ TOP=(.*)$/m.exec(told) ?? []
  if (folder === undefined)
    throw new StepError(`${nvcc} --dryrun does not tell its folder: ${told}`)
  return resolve(folder)
}

/** The places of the licence: of NVIDIA's installers, and of its packages for Python. */
function places(toolkit) {
  const descriptions = join(toolkit, 'dist-info')
  const ofRuntime = existsSync(descriptions)
    ? readdirSync(descriptions).filter((name) => /^nvidia_cuda_runtime/.test(name))
    : []
  return [
    join(toolkit, 'EULA.txt'),
    join(toolkit, 'LICENSE'),
    ...ofRuntime.map((name) => join(descriptions, name, 'licenses', 'License.txt')),
  ]
}

/** The file of the licence that came with a toolkit. It must allow to pass on the runtime library. */
export function findCudaLicence(nvcc) {
  const all = places(toolkitOf(nvcc))
  const found = all.find((file) => existsSync(file) && readFileSync(file, 'utf8').includes(LIBRARY))
  if (found !== undefined) return found
  throw new StepError(
    `expected NVIDIA's licence, which names ${LIBRARY}, in one of: ${all.join(', ')}\n` +
      '  remedy:  copy EULA.txt of this version of the CUDA toolkit to the first place',
  )
}
