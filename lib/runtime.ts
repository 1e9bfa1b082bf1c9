/**
 * What the engine runs on in this process.
 *
 * @module
 */
import type { CudaDevice, CudaRuntime, NativeRuntime } from '../binding'
import { native } from './native'
import { checkPositiveInteger } from './validate'

export type { CudaDevice, CudaRuntime }

/** What {@link runtime} tells. */
export interface Runtime extends Readonly<NativeRuntime> {
  /** The GPUs there are, or why there are none. Looked for when it is read, so that others need not wait for it. */
  readonly cuda: Readonly<CudaRuntime>
}

/**
 * Version, instruction set, threads, BLAS and GPUs: what the engine runs on, as it is now.
 *
 * @throws GruError ERR_GRU_LOAD where the native part cannot be loaded
 */
export function runtime(): Runtime {
  const surface = native()
  return {
    ...surface.runtime(),
    get cuda() {
      return surface.cudaRuntime()
    },
  }
}

/**
 * Sets the number of threads that compute, the caller's among them, for the whole process. The
 * default is the number of cores that the process may use, or GRU_NATIVE_THREADS. Results do not depend
 * on it, to the bit.
 *
 * @param threads - from 1 to 1024
 * @throws GruError ERR_GRU_TYPE or ERR_GRU_VALUE
 */
export function setThreads(threads: number): void {
  const surface = native()
  surface.setThreads(checkPositiveInteger('threads', threads, surface.limits.threads))
}
