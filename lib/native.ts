/**
 * The native part. It is found, loaded and initialised when it is first used.
 *
 * @module
 */
import type * as Binding from '../binding'
import { GruError, type GruErrorCode } from './errors'
import { findBinding } from './find-binding'
import { warnOfVariable } from './warnings'

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
