/**
 * Finds the file that a job or a command line names.
 *
 * @module
 */
import * as fs from 'node:fs'
import { createRequire } from 'node:module'
import * as path from 'node:path'
import { argumentError, describe } from '../errors'

const IN_PACKAGE = /^npm:((?:@[^/]+\/)?[^/]+)\/(.+)$/

/**
 * The absolute path of a table.
 *
 * @param place - the name of the source in messages
 * @param source - a path, or `npm:PACKAGE/FILE` for a file of an installed package
 * @param folder - the folder that a relative path begins at
 * @throws GruError ERR_GRU_FORMAT if the package has no such file, or is not installed
 */
export function findTable(place: string, source: string, folder: string): string {
  const [, name, inside] = IN_PACKAGE.exec(source) ?? []
  if (name === undefined || inside === undefined) return path.resolve(folder, source)
  // Looked up as Node does it, from the folder upwards and then from this package. It is not resolved as a module, since
  // packages seldom export their data files.
  const resolvers = [
    createRequire(path.join(path.resolve(folder), 'job.json')),
    createRequire(__filename),
  ]
  for (const modules of resolvers.flatMap((resolver) => resolver.resolve.paths(name) ?? [])) {
    const candidate = path.join(modules, name, inside)
    if (fs.existsSync(candidate)) return candidate
  }
  const expected = `a file of an installed package (npm install ${name})`
  throw argumentError('ERR_GRU_FORMAT', place, expected, describe(source))
}
