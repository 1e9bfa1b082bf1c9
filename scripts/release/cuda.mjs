// The package of the CUDA plug-in. It exchanges C++ objects with the prebuilt addon, so it is built as that one is: by the
// same Clang, with the same C++ standard library, for the same glibc. nvcc compiles the kernels, and has that Clang
// compile their code for the processor.
import { join } from 'node:path'
import { findNvcc, PLUGIN } from '../nvcc.mjs'
import { inRoot, succeeds } from '../project.mjs'
import { configuration } from './build.mjs'
import { buildByCMake } from './commands.mjs'
import { findCudaLicence } from './cuda-licence.mjs'
import { runtimeParts } from './prebuilt.mjs'
import { checkSymbols } from './symbols.mjs'
import { packageName, TARGETS } from './targets.mjs'
import { provideZig, writeCommands } from './toolchain.mjs'

/** The package's name, after `@gru-native/`. */
export const CUDA = 'cuda-linux-x64'

/** The target whose addon it is for. */
export const TARGET = TARGETS.find(({ name }) => name === 'linux-x64')

/** It has the machine code of each kernel for seven kinds of GPUs, which is most of its size. */
const MAX_BYTES = 16e6

/**
 * NVIDIA's headers refuse libc++ on x86-64 unless they are told otherwise. CMake looks for librt, which CUDA's runtime needs,
 * among the files of this machine, but the compiler has it by its name.
 */
function options(nvcc) {
  const flags = [
    '-D_ALLOW_UNSUPPORTED_LIBCPP',
    `-Xcompiler=-include,${inRoot('scripts/release/cuda-libcxx.h')}`,
    `-Xcompiler=-ffile-prefix-map=${inRoot()}=.`,
  ]
  return [
    ...['-DGRU_CUDA=ON', `-DGRU_NVCC=${nvcc}`, '-DCUDAToolkit_rt_LIBRARY=rt'],
    `-DCMAKE_CUDA_HOST_COMPILER=${join(writeCommands(TARGET), 'c++')}`,
    `-DCMAKE_CUDA_FLAGS=${flags.join(' ')}`,
    ...(succeeds(['ccache', '--version']) ? ['-DCMAKE_CUDA_COMPILER_LAUNCHER=ccache'] : []),
  ]
}

/**
 * Builds the plug-in, stripped, and returns its path. It is built in the folder of the addon, since both contain the engine.
 */
function buildPlugin(nvcc) {
  const folder = inRoot('build', 'release', TARGET.name)
  const all = [...configuration(TARGET), ...options(nvcc)]
  buildByCMake(`building ${PLUGIN}`, { folder, options: all, target: 'gru_native_cuda' })
  return join(folder, PLUGIN)
}

function parts(nvcc) {
  const runtime =
    'the CUDA runtime, by NVIDIA Corporation (in Attachment A of this licence: libcudart_static.a)'
  return [...runtimeParts(TARGET), [runtime, findCudaLicence(nvcc)]]
}

function buildPackage(nvcc) {
  provideZig()
  const plugin = buildPlugin(nvcc)
  return {
    name: packageName({ name: CUDA }),
    what: 'The CUDA plug-in',
    installation:
      `Install it beside gru-native where there is a GPU of NVIDIA: \`npm install ${packageName({ name: CUDA })}\`. Both must ` +
      'have the same version. It contains the CUDA runtime, whose licence by NVIDIA is in NOTICE.',
    license: 'SEE LICENSE IN NOTICE',
    files: [plugin],
    maxBytes: MAX_BYTES,
    parts: parts(nvcc),
    limits: { os: ['linux'], cpu: ['x64'], libc: ['glibc'] },
    needs: checkSymbols(plugin, TARGET),
  }
}

/** The plug-in's entry in the list of builds. Where there is no nvcc, says so and has none. */
export function cudaBuilds() {
  const nvcc = findNvcc()
  if (nvcc !== undefined) return [[CUDA, () => buildPackage(nvcc)]]
  console.log(`left out: ${packageName({ name: CUDA })}, since there is no nvcc`)
  return []
}
