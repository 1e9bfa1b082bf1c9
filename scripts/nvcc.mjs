// Finds the CUDA compiler, and builds the CUDA plug-in with it.
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import process from 'node:process'
import { inRoot, root, run, StepError, succeeds } from './project.mjs'

/** The file name of the plug-in. The addon looks for it in its own folder. */
export const PLUGIN = 'gru_native_cuda.so'

const inFolder = (folder) => join(folder, 'nvcc')

/** The places where nvcc is searched for, in this order. */
function places(environment) {
  const { PATH = '', CUDA_HOME, CUDA_PATH } = environment
  const toolkits = [CUDA_HOME, CUDA_PATH, '/usr/local/cuda'].filter(Boolean)
  return [
    ...PATH.split(delimiter).filter(Boolean),
    ...toolkits.map((folder) => join(folder, 'bin')),
  ]
}

/** The path of nvcc: the given one, or the first that is found; undefined if there is none. */
export function findNvcc(named, environment = process.env) {
  const candidates = named ? [resolve(named)] : places(environment).map(inFolder)
  return candidates.find((file) => existsSync(file) && succeeds([file, '--version']))
}

/** As findNvcc, but fails with advice if there is none. */
export function requireNvcc(named, environment = process.env) {
  const found = findNvcc(named, environment)
  if (found) return found
  throw new StepError(
    (named
      ? `${named} is no CUDA compiler\n`
      : 'no CUDA compiler: nvcc is not on the PATH, nor below CUDA_HOME, CUDA_PATH or /usr/local/cuda\n') +
      '  remedy:  install the CUDA toolkit (https://developer.nvidia.com/cuda-downloads), or name nvcc:\n' +
      '           npm run build:cuda -- --nvcc /path/to/bin/nvcc',
  )
}

const BUILD = inRoot('build', 'cuda')

function must(command) {
  const status = run(command)
  if (status === 0) return
  throw new StepError(
    `exit status ${status} of: ${command.join(' ')}\n  remedy:  read the first error above`,
  )
}

/**
 * Configures the plug-in's own build with additional options of CMake, and returns its folder. The build puts the
 * library into `folder`.
 */
export function configurePlugin(nvcc, { folder = join(BUILD, 'lib'), options = [] } = {}) {
  must([
    ...['cmake', '-S', root, '-B', BUILD, '--log-level=WARNING', '-DCMAKE_BUILD_TYPE=Release'],
    ...['-DGRU_BLAS=OFF', '-DGRU_CUDA=ON', `-DGRU_NVCC=${nvcc}`],
    ...['-DCMAKE_EXPORT_COMPILE_COMMANDS=ON', `-DCMAKE_LIBRARY_OUTPUT_DIRECTORY=${folder}`],
    ...options,
  ])
  return BUILD
}

/** Builds the plug-in for every target into `folder`, with additional options of CMake. */
export function buildPlugin(nvcc, folder, options = []) {
  const build = configurePlugin(nvcc, { folder, options })
  const jobs = String(availableParallelism())
  must(['cmake', '--build', build, '--target', 'gru_native_cuda', '--parallel', jobs])
}
