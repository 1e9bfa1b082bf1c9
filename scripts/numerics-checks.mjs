// Runs the numerical suites again for every way in which the engine can compute.
import { jestCheck } from './checks.mjs'

/** The paths of the numerical suites. */
export const NUMERICS = '\\.numerics\\.test\\.ts$'
/** Those whose layers fit every tier of the emulated device except the smallest. */
const SMALL_NUMERICS = '(golden|reference|one-object)\\.numerics\\.test\\.ts$'

const numerics = (name, env, pattern = NUMERICS) => jestCheck(`numerics, ${name}`, { pattern, env })

/**
 * On the CUDA device, executed on the processor: in the tier that it chooses, and in each tier that fits layers of all
 * sizes.
 */
function emulatedChecks() {
  const env = { GRU_NATIVE_DEVICE: 'cuda-emulated' }
  return [
    numerics('cuda-emulated', env),
    numerics('cuda-emulated, stepwise', { ...env, GRU_NATIVE_CUDA_TIER: 'stepwise' }),
    numerics(
      'cuda-emulated, persistent',
      { ...env, GRU_NATIVE_CUDA_TIER: 'persistent' },
      SMALL_NUMERICS,
    ),
  ]
}

/**
 * The numerical suites with BLAS if the addon has one, without BLAS, on each instruction set of the machine except the
 * default, and on the emulated CUDA device. `runtimeWith` returns what the engine uses in a process with additional
 * environment variables.
 */
export function numericsChecks(runtimeWith) {
  const hasBlas = runtimeWith({ GRU_NATIVE_BLAS: 'on' }).blas !== 'none'
  if (!hasBlas) console.log('\nleft out: numerics, BLAS on: the addon was built without a CBLAS')
  const { isa, isas } = runtimeWith({})
  return [
    ...(hasBlas ? [numerics('BLAS on', { GRU_NATIVE_BLAS: 'on' })] : []),
    numerics('BLAS off', { GRU_NATIVE_BLAS: 'off' }),
    ...isas.filter((name) => name !== isa).map((name) => numerics(name, { GRU_NATIVE_ISA: name })),
    ...emulatedChecks(),
  ]
}
