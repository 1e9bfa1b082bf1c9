/**
 * What the library uses of node:os, where there is no computer with a name.
 *
 * @module
 */
export const hostname = (): string => 'web'
