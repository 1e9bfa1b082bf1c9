/**
 * The hardware and software that the engine uses in this process.
 *
 * @module
 */
import type { CudaDevice, CudaRuntime, NativeRuntime } from '../binding'
import { findCudaPlugin } from './cuda-plugin'
import { native } from './native'
import { checkPositiveInteger } from './validate'

export type { CudaDevice, CudaRuntime }

/** The result of {@link runtime}. */
export interface Runtime extends Readonly<NativeRuntime> {
  /** The GPUs, or why there are none. They are searched when this is read, so that other callers do not wait. */
  readonly cuda: Readonly<CudaRuntime>
}

/**
 * Version, instruction set, threads, BLAS and GPUs that the engine uses now.
 *
 * @throws GruError ERR_GRU_LOAD if the native part cannot be loaded
 */
export function runtime(): Runtime {
  const surface = native()
  return {
    ...surface.runtime(),
    get cuda() {
      return surface.cudaRuntime(findCudaPlugin())
    },
  }
}

/**
 * Sets the number of threads that compute, including the caller's, for the whole process. The default is the number of
 * cores that the process may use, or GRU_NATIVE_THREADS. By default, a call computes on no more threads than there are idle
 * cores when it begins, as far as the system tells (on Linux); a number that was set is used in any case. Results have the
 * same bits for every number of threads.
 *
 * @param threads - from 1 to 1024
 * @throws GruError ERR_GRU_TYPE or ERR_GRU_VALUE
 */
export function setThreads(threads: number): void {
  const surface = native()
  surface.setThreads(checkPositiveInteger('threads', threads, surface.limits.threads))
}
