/**
 * Working through an iterable whose end is not known beforehand.
 *
 * @module
 */

/**
 * Maps items one by one, and tells which one is the last. Before it yields the result of an item, it
 * asks for the next item, but only after the mapping of this one has ended: an iterable may reuse its
 * arrays. If the next item fails, it yields the result first and then throws the error.
 */
export async function* mapMarkingLast<T, R>(
  items: AsyncIterable<T>,
  map: (item: T) => Promise<R>,
): AsyncGenerator<{ readonly result: R; readonly last: boolean }, void, undefined> {
  let held: { readonly result: R } | undefined
  try {
    for await (const item of items) {
      const ready = held
      held = undefined
      if (ready !== undefined) yield { ...ready, last: false }
      held = { result: await map(item) }
    }
  } catch (error) {
    if (held !== undefined) yield { ...held, last: false }
    throw error
  }
  if (held !== undefined) yield { ...held, last: true }
}

/** The outcome of a promise as a value. */
export type Outcome<T> =
  { readonly value?: T } | { readonly value?: never; readonly error: unknown }

/** Awaits a promise that may be rejected. */
export async function outcome<T>(promise: Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await promise }
  } catch (error) {
    return { error }
  }
}
