/**
 * Copies of this package. A package manager or a test runner may load it more than once in one process. An object of
 * one copy does not belong to the classes of another copy, although their names are the same.
 *
 * @module
 */
import * as path from 'node:path'
import { types } from 'node:util'

// Each symbol is unique, even if the same folder is loaded twice.
const THIS_COPY = Symbol(path.dirname(__dirname))

// This symbol is in the global registry, which all copies share.
const COPY = Symbol.for('gru-native.copy')

/** Marks a class whose objects are passed to functions of the package, so that {@link otherCopy} recognises them. */
export function markClass(constructor: { readonly prototype: object }): void {
  Object.defineProperty(constructor.prototype, COPY, { value: THIS_COPY })
}

/**
 * Where an object of another copy's class comes from, as the end of a phrase (`of another copy of gru-native (...)`);
 * undefined for all other objects. Runs no code of the object.
 */
export function otherCopy(value: object): string | undefined {
  const copy = copyOf(value)
  if (copy === undefined || copy === THIS_COPY) return undefined
  const [here, there] = [THIS_COPY.description, copy.description]
  const places = here === there ? `${here} is loaded twice` : `${here} and ${there} are loaded`
  return `of another copy of gru-native (${places})`
}

function copyOf(value: object): symbol | undefined {
  let place: unknown = value
  while (typeof place === 'object' && place !== null && !types.isProxy(place)) {
    const copy: unknown = Object.getOwnPropertyDescriptor(place, COPY)?.value
    if (typeof copy === 'symbol') return copy
    place = Object.getPrototypeOf(place)
  }
  return undefined
}
