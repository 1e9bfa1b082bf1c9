/**
 * What the library uses of node:fs, where there are no files: every call rejects.
 *
 * @module
 */
import { pathNeedsNode } from './needs-node'

const refuse = (path: unknown): Promise<never> => Promise.reject(pathNeedsNode(path))

export const promises = {
  ...{ open: refuse, readFile: refuse, writeFile: refuse, appendFile: refuse },
  ...{ mkdir: refuse, readdir: refuse, stat: refuse, lstat: refuse },
  ...{ readlink: refuse, realpath: refuse, rename: refuse, rm: refuse },
}
