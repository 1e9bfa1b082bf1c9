/**
 * The cells of a file, where there are no files.
 *
 * @module
 */
import { pathNeedsNode } from './needs-node'

export const readFileSource = (path: string): Promise<never> => Promise.reject(pathNeedsNode(path))
