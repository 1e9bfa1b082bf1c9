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
 * that the class does not have, such as `trainer.learningRate`. Those of the classes that it extends are its own.
 * Methods may be replaced, as tests do. Objects of classes derived from it may have fields of their own, and are their
 * author's to guard.
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

/** What an assignment to an object of a class throws, by the class's prototype. */
const refusals = new WeakMap<object, Refusal>()

/** The end of the prototype chains: an assignment comes to it only where no property of that name was found before. */
const guard = new Proxy(Object.create(Object.prototype) as object, {
  set: (target, key, value, receiver: object) => {
    const refuse = refusals.get(Object.getPrototypeOf(receiver) as object)
    return refuse === undefined ? Reflect.set(target, key, value, receiver) : refuse(key, value)
  },
})

/** The prototypes of a class and of those that it extends, from the first to its own. */
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
