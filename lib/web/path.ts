/**
 * What the library uses of node:path, where there are no files. These paths only reach the errors of `fs.ts`.
 *
 * @module
 */
export const sep = '/'

export const join = (...parts: readonly string[]): string => parts.join(sep)

export const resolve = join

export const isAbsolute = (path: string): boolean => path.startsWith(sep)

export const basename = (path: string): string => path.slice(path.lastIndexOf(sep) + 1)

export const dirname = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf(sep)))
