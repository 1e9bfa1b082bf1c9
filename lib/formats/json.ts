/**
 * JSON from files, with a check that JSON.parse does not make.
 *
 * @module
 */
import { argumentError, quote } from '../errors'
import { findDuplicateKey } from './duplicate-keys'

/**
 * Parses a JSON text.
 *
 * @param place - the name of the text in messages
 * @throws GruError ERR_GRU_FORMAT if it is not JSON, or an object in it has a key twice
 */
export function parseJson(text: string, place: string): unknown {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw argumentError('ERR_GRU_FORMAT', place, 'JSON', (cause as Error).message, { cause })
  }
  const duplicate = findDuplicateKey(text)
  if (duplicate === undefined) return value
  throw argumentError('ERR_GRU_FORMAT', place, 'each key once', `${quote(duplicate)} twice`)
}
