/**
 * Copies of this package. A package manager or a test runner may load it more than once in one process, and then an
 * object of one copy is none of the other's classes, though their names are the same.
 *
 * @module
 */
import * as path from 'node:path'
import { types } from 'node:util'

// A symbol is like no other, even where the same folder is loaded twice.
const THIS_COPY = Symbol(path.dirname(__dirname))

// This one is in the registry of symbols, which all copies share.
const COPY = Symbol.for('gru-native.copy')

/** Marks a class whose objects are given to functions of the package, so that {@link otherCopy} knows them. */
export function markClass(constructor: { readonly prototype: object }): void {
  Object.defineProperty(constructor.prototype, COPY, { value: THIS_COPY })
}

/**
 * Where an object of another copy's class comes from, as the end of a phrase (`of another copy of gru-native (...)`);
 * undefined for all other objects. Runs none of the object's own code.
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
