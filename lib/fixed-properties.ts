/**
 * Classes whose objects get their settings only when they are made. To set a property later would have no effect, so it
 * is an error. This also holds in sloppy mode, where a frozen object would ignore the assignment silently.
 *
 * @module
 */
import { inspect } from 'node:util'
import { argumentError, describe } from './errors'

/**
 * Makes assignments to the objects of a class throw a GruError (ERR_GRU_VALUE): assignments to accessors without a
 * setter, and to names that the class does not have, such as `trainer.learningRate`. Names of its base classes count as
 * its own. Methods may be replaced, as tests do. Objects of derived classes may have their own fields, which are not
 * protected.
 *
 * When an object is printed, its accessors are shown. util.inspect would omit accessors of a class.
 *
 * @param reason - the reason in the message: 'options are given to new Trainer'
 */
export function fixProperties(
  fixed: abstract new (...args: never) => object,
  reason: string,
): void {
  const prototype = fixed.prototype as object
  const refuse: Refusal = (key, value) => {
    const argument = `${fixed.name}.${String(key)}`
    throw argumentError('ERR_GRU_VALUE', argument, `no assignment (${reason})`, describe(value))
  }
  const chain = prototypes(prototype)
  const found = chain
    .flatMap((each) => Object.entries(Object.getOwnPropertyDescriptors(each)))
    .filter(([, property]) => !('value' in property))
  for (const [key, property] of found) {
    const set = (value: unknown): never => refuse(key, value)
    Object.defineProperty(prototype, key, { ...property, set })
  }
  const accessors = found.map(([key]) => key)
  Object.defineProperty(prototype, inspect.custom, { value: inspector(fixed.name, accessors) })
  refusals.set(prototype, refuse)
  const root = chain[0]!
  if (Object.getPrototypeOf(root) !== guard) Object.setPrototypeOf(root, guard)
}

type Refusal = (key: PropertyKey, value: unknown) => never

/** For the prototype of a class, the function that refuses an assignment to its objects. */
const refusals = new WeakMap<object, Refusal>()

/**
 * The end of the prototype chains. An assignment reaches it only if no object before it has a property of that name.
 */
const guard = new Proxy(Object.create(Object.prototype) as object, {
  set: (target, key, value, receiver: object) => {
    const refuse = refusals.get(Object.getPrototypeOf(receiver) as object)
    return refuse === undefined ? Reflect.set(target, key, value, receiver) : refuse(key, value)
  },
})

/** The prototypes of a class and of its base classes, base classes first. */
function prototypes(own: object): object[] {
  const chain: object[] = []
  let place = own
  while (place !== Object.prototype && place !== guard) {
    chain.unshift(place)
    place = Object.getPrototypeOf(place) as object
  }
  return chain
}

function inspector(name: string, accessors: readonly string[]) {
  return function (this: object, _depth: number, options: object, show: typeof inspect): string {
    const values = accessors.map((key) => [key, Reflect.get(this, key) as unknown] as const)
    return `${name} ${show(Object.fromEntries(values), options)}`
  }
}
