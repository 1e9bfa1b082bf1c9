/**
 * The choice of the native part in Node: the file that the user names, a build or a prebuilt file, or WebAssembly.
 *
 * @module
 */
import type * as Binding from '../binding'
import { GruError } from './errors'
import { findAddon, findFallback, findNamed, type Found, loadWorkerThreads } from './load-addon'
import { explainFallback, explainLoadError, explainNamed } from './load-error'
import { currentPlatform } from './platform'
import { warn, warnOfVariable } from './warnings'

/**
 * Finds and loads the native part.
 *
 * @throws GruError ERR_GRU_LOAD, with advice, if none loads
 */
export function findBinding(): typeof Binding {
  const named = process.env['GRU_NATIVE_ADDON']
  const platform = currentPlatform()
  if (named) return required(findNamed(named), (failures) => explainNamed(platform, failures))
  const found = findAddon(platform.name)
  if (found.addon !== undefined || !allowsFallback()) {
    return required(found, (failures) => explainLoadError(__dirname, platform, failures))
  }
  const fallback = findFallback()
  const failures = [...found.failures, ...fallback.failures]
  const binding = required({ ...fallback, failures }, (all) =>
    explainLoadError(__dirname, platform, all),
  )
  if (isFirstFallback()) {
    warn('GRU_WARN_FALLBACK', explainFallback(__dirname, platform, found.failures))
  }
  return binding
}

/**
 * Whether no thread of the process has used the WebAssembly, as far as this one knows. A worker thread knows what was so
 * when it started.
 */
function isFirstFallback(): boolean {
  const threads = loadWorkerThreads()
  const key = 'gru-native: the WebAssembly is in use'
  if (threads.getEnvironmentData(key) === true) return false
  threads.setEnvironmentData(key, true)
  return true
}

/** What was found, or the error that explains why nothing was. */
function required(
  { addon, failures }: Found,
  explain: (failures: Found['failures']) => string,
): typeof Binding {
  if (addon !== undefined) return addon
  throw new GruError('ERR_GRU_LOAD', explain(failures), { cause: failures[0]?.cause })
}

/** Whether the WebAssembly may be used where the native part does not load. */
function allowsFallback(): boolean {
  const value = process.env['GRU_NATIVE_FALLBACK'] ?? ''
  if (!['', 'on', 'off'].includes(value)) {
    const ignored = { variable: 'GRU_NATIVE_FALLBACK', value, expected: 'on or off', used: 'on' }
    warnOfVariable(ignored)
  }
  return value !== 'off'
}
