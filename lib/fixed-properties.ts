/**
 * Classes whose objects take what they are made of once, when they are made. A property that is set later would change
 * nothing, so setting one is an error: also in sloppy mode, where a frozen object ignores it without a word.
 *
 * @module
 */
import { inspect } from 'node:util'
import { argumentError, describe } from './errors'

/**
 * Makes assignments to the objects of a class throw a GruError (ERR_GRU_VALUE): to accessors without a setter, and to names
 * that the class does not have, such as `trainer.learningRate`. Methods may be replaced, as tests do. Objects of
 * classes derived from it may have fields of their own, and are their author's to guard.
 *
 * Printed, an object shows its accessors, which util.inspect leaves out where they are a class's.
 *
 * @param reason - why, for the message: 'options are given to new Trainer'
 */
export function fixProperties(
  fixed: abstract new (...args: never) => object,
  reason: string,
): void {
  const prototype = fixed.prototype as object
  const refuse = (key: PropertyKey, value: unknown): never => {
    const argument = `${fixed.name}.${String(key)}`
    throw argumentError('ERR_GRU_VALUE', argument, `no assignment (${reason})`, describe(value))
  }
  const accessors: string[] = []
  for (const [key, property] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    if ('value' in property) continue
    const set = (value: unknown): never => refuse(key, value)
    Object.defineProperty(prototype, key, { ...property, set })
    accessors.push(key)
  }
  Object.defineProperty(prototype, inspect.custom, { value: inspector(fixed.name, accessors) })
  Object.setPrototypeOf(prototype, guard(prototype, refuse))
}

/** The end of the prototype chain: an assignment comes to it only where no property of that name was found before. */
function guard(prototype: object, refuse: (key: PropertyKey, value: unknown) => never): object {
  return new Proxy(Object.create(Object.prototype) as object, {
    set: (target, key, value, receiver: object) =>
      Object.getPrototypeOf(receiver) === prototype
        ? refuse(key, value)
        : Reflect.set(target, key, value, receiver),
  })
}

function inspector(name: string, accessors: readonly string[]) {
  return function (this: object, _depth: number, options: object, show: typeof inspect): string {
    const values = accessors.map((key) => [key, Reflect.get(this, key) as unknown] as const)
    return `${name} ${show(Object.fromEntries(values), options)}`
  }
}
