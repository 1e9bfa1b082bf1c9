/**
 * The optional packages that only the command needs. They are loaded when the command needs them.
 *
 * @module
 */
import { GruError } from '../errors'

interface Peers {
  'csv-parse/sync': typeof import('csv-parse/sync')
  'cli-progress': typeof import('cli-progress')
  echarts: typeof import('echarts')
}

const INSTALL = 'npm install echarts cli-progress csv-parse'

/**
 * Loads an optional package.
 *
 * @throws GruError ERR_GRU_LOAD if it is not installed; the message has the command that installs
 *   it
 */
export function loadPeer<Name extends keyof Peers>(name: Name): Peers[Name] {
  try {
    // Not an import: they are optional peers, and the package must load without them.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    return require(name) as Peers[Name]
  } catch (cause) {
    const [pack] = name.split('/')
    const message = `this command needs the package ${String(pack)}: ${INSTALL}`
    throw new GruError('ERR_GRU_LOAD', message, { cause })
  }
}

/**
 * Loads all of them, so that a missing one is noticed before the work and not after it.
 *
 * @throws GruError ERR_GRU_LOAD as {@link loadPeer}
 */
export function loadPeers(): void {
  loadPeer('csv-parse/sync')
  loadPeer('cli-progress')
  loadPeer('echarts')
}
