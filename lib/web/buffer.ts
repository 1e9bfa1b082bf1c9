/**
 * What the library uses of node:buffer, by the package of the same name.
 *
 * @module
 */
export { Buffer } from 'buffer/'

export const constants = {
  /** Larger arrays fail when they are made. */
  MAX_LENGTH: Number.MAX_SAFE_INTEGER,
  /** The limit of V8, which is the lowest of all browsers. */
  MAX_STRING_LENGTH: 2 ** 29 - 24,
}

export function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return true
  } catch {
    return false
  }
}
