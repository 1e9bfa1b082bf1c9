/**
 * The optional packages that the command needs. They are loaded when it needs them.
 *
 * @module
 */
import { GruError } from '../errors'
import { readUplot } from './report/uplot'

interface Peers {
  'cli-progress': typeof import('cli-progress')
}

const INSTALL = 'npm install uplot cli-progress csv-parse'

/**
 * Loads an optional package.
 *
 * @throws GruError ERR_GRU_LOAD if it is not installed; the message has the command that installs it
 */
export function loadPeer<Name extends keyof Peers>(name: Name): Peers[Name] {
  try {
    // Not an import: they are optional peers, and the package must load without them.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    return require(name) as Peers[Name]
  } catch (cause) {
    const message = `this command needs the package ${name}: ${INSTALL}`
    throw new GruError('ERR_GRU_LOAD', message, { cause })
  }
}

/**
 * Loads what a training needs, so that a missing package is noticed before the work and not after it.
 *
 * @throws GruError ERR_GRU_LOAD as {@link loadPeer}
 */
export function loadPeers(): void {
  loadPeer('cli-progress')
  readUplot()
}
