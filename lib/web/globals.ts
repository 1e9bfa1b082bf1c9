/**
 * Node's global names that the library uses.
 *
 * @module
 */
export { Buffer } from './buffer'
export { clearImmediate, setImmediate } from './turns'

export const process = {
  /** There are no environment variables. */
  env: {},
  pid: 0,
  emitWarning(message: string, { code }: { readonly code: string }): void {
    console.warn(`${code}: ${message}`)
  },
}

/** The name of the package in messages about two copies of it. */
export const __dirname = 'gru-native/dist'
