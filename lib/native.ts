/**
 * The native part. It is found, loaded and initialised when it is first used.
 *
 * @module
 */
import type * as Binding from '../binding'
import { GruError, type GruErrorCode, quote } from './errors'
import { findAddon, findFallback, findNamed, type Found } from './load-addon'
import { explainFallback, explainLoadError, explainNamed } from './load-error'
import { currentPlatform } from './platform'
import { warn, warnOnce } from './warnings'

export type Native = Binding.NativeSurface

/** The native part's code for a job that its abort flag stopped. No {@link GruError} has it outside of lib. */
export const ABORTED = 'ERR_GRU_ABORTED'

let loaded: Native | undefined
let formulas: Binding.ShapeFormulas | undefined

/**
 * The native part.
 *
 * @throws GruError ERR_GRU_LOAD, with advice, if it cannot be loaded
 */
export function native(): Native {
  loaded ??= load()
  return loaded
}

/**
 * The formulas of messages. They are a copy: to read a property of the native part's own object takes longer, and every
 * call of a layer reads several.
 */
export function shapeFormulas(): Readonly<Binding.ShapeFormulas> {
  formulas ??= { ...native().shapeFormulas }
  return formulas
}

function load(): Native {
  const { initialize } = findBinding()
  const surface = initialize((code, message) => new GruError(code as GruErrorCode, message))
  surface.takeIgnoredVariables().forEach(warnOfVariable)
  return surface
}

function findBinding(): typeof Binding {
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
  warnOnce('GRU_WARN_FALLBACK', explainFallback(__dirname, platform, found.failures))
  return binding
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

function warnOfVariable({ variable, value, expected, used }: Binding.IgnoredVariable): void {
  const message = `${variable}: expected ${expected}, got ${quote(value)}; in use: ${used}`
  warn('GRU_WARN_ENVIRONMENT', message)
}
