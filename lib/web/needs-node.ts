/**
 * The errors of what only Node can do.
 *
 * @module
 */
import { argumentError, GruError, quote } from '../errors'

/** The error of a function that needs Node. */
export function functionNeedsNode(name: string, remedy: string): GruError {
  return new GruError('ERR_GRU_FORMAT', `${name} needs Node, since it uses files: ${remedy}`)
}

/** The error of a path: here are no files. */
export function pathNeedsNode(path: unknown): GruError {
  const place = typeof path === 'string' ? path : 'path'
  const got = typeof path === 'string' ? `the path ${quote(path)}` : 'a path'
  const expected = 'the bytes of a file, or Node: here are no files'
  return argumentError('ERR_GRU_FORMAT', place, expected, got)
}
