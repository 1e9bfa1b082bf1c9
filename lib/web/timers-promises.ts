/**
 * What the library uses of node:timers/promises.
 *
 * @module
 */
import { setImmediate as soon } from './turns'

export const setImmediate = (): Promise<void> =>
  new Promise((resolve) => {
    soon(resolve)
  })
