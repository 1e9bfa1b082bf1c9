/**
 * The CUDA plug-in's package, where there are no plug-ins.
 *
 * @module
 */
export const findCudaPlugin = (): string => ''
