// The suites that compare numbers run again for every way in which the engine can compute them.
import { jestCheck } from './checks.mjs'

const PATTERN = '\\.numerics\\.test\\.ts$'

const numerics = (name, env) => jestCheck(`numerics, ${name}`, { pattern: PATTERN, env })

/**
 * The numerical suites with BLAS, where the addon has one, without it, and on each instruction set of the
 * machine besides the one chosen by default. `runtimeWith` tells what the engine runs on in a process with
 * further environment variables.
 */
export function numericsChecks(runtimeWith) {
  const hasBlas = runtimeWith({ GRU_NATIVE_BLAS: 'on' }).blas !== 'none'
  if (!hasBlas) console.log('\nleft out: numerics, BLAS on: the addon was built without a CBLAS')
  const { isa, isas } = runtimeWith({})
  return [
    ...(hasBlas ? [numerics('BLAS on', { GRU_NATIVE_BLAS: 'on' })] : []),
    numerics('BLAS off', { GRU_NATIVE_BLAS: 'off' }),
    ...isas.filter((name) => name !== isa).map((name) => numerics(name, { GRU_NATIVE_ISA: name })),
  ]
}
