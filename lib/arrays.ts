/**
 * Typed arrays that results are written into.
 *
 * @module
 */
import type { NonSharedFloat32Array } from '../binding'
import { GruError, argumentError } from './errors'
import { checkFloat32Array, checkLength, checkProduct } from './validate'

/**
 * The array that receives a result: the caller's array if one was given, otherwise a new one.
 *
 * @param argument - the option's name
 * @param given - the caller's array, unchecked; undefined for none
 * @param meaning - the product that gives the length: `steps*batch*hiddenSize`
 * @param length - the number of values that the result has
 */
export function resultArray(
  argument: string,
  given: unknown,
  meaning: string,
  length: number,
): NonSharedFloat32Array {
  if (given === undefined) return newFloat32Array(argument, meaning, length)
  const array = checkFloat32Array(argument, given)
  checkLength(argument, array, meaning, length)
  return array
}

/** The caller's array of `length` values, or null if none was given. */
export function optionalArray(
  argument: string,
  given: unknown,
  meaning: string,
  length: number,
): NonSharedFloat32Array | null {
  if (given === undefined) return null
  const array = checkFloat32Array(argument, given)
  checkLength(argument, array, meaning, length)
  return array
}

/** A new array of zeros. Fails with ERR_GRU_MEMORY if there is not enough memory. */
export function newFloat32Array(
  argument: string,
  meaning: string,
  length: number,
): NonSharedFloat32Array {
  checkProduct(argument, meaning, length)
  return allocate(argument, meaning, length, () => new Float32Array(length))
}

/** What `make` returns: arrays of `length` values. Fails with ERR_GRU_MEMORY if there is not enough memory. */
export function allocate<T>(argument: string, meaning: string, length: number, make: () => T): T {
  try {
    return make()
  } catch (cause) {
    const message = `${argument}: no memory for ${meaning} = ${length} values`
    throw new GruError('ERR_GRU_MEMORY', message, { cause })
  }
}

/**
 * Refuses two arrays that share memory if one of them is written while the other is still needed.
 */
export function checkDistinct(
  argument: string,
  array: Float32Array,
  other: string,
  otherArray: Float32Array | Int32Array | null,
): void {
  if (otherArray === null || array.buffer !== otherArray.buffer) return
  if (array.byteOffset >= otherArray.byteOffset + otherArray.byteLength) return
  if (otherArray.byteOffset >= array.byteOffset + array.byteLength) return
  throw argumentError('ERR_GRU_VALUE', argument, `memory apart from ${other}'s`, 'an overlap')
}
