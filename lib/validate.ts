/**
 * The checks of arguments. Each takes the argument's name as the caller knows it, and the given
 * value. It returns the value with its type, or throws a {@link GruError} that names the argument,
 * what was expected and what was given.
 *
 * They run before every native call. So a valid value costs a few comparisons and no allocation;
 * messages are made only for errors. Types are checked by `util.types` and not by `instanceof`,
 * which fails for values from another realm.
 *
 * @module
 */
import { constants } from 'node:buffer'
import { types } from 'node:util'
import type { NonSharedFloat32Array, NonSharedInt32Array } from '../binding'
import { argumentError, describe, memoryFault, quote } from './errors'
import { meantOption } from './hints'

/** The largest size of one dimension, for which BLAS and CUDA use 32-bit indices. */
export const MAX_SIZE = 2 ** 31 - 1

/** The largest number of values in one array: the limit of typed arrays in this runtime. */
export const MAX_VALUES = Math.min(constants.MAX_LENGTH, Number.MAX_SAFE_INTEGER)

/** The largest finite number of float32, in which the native part computes. */
export const MAX_FLOAT32 = (2 - 2 ** -23) * 2 ** 127

/** A whole number from `minimum` to `maximum`, both included. */
export function checkInteger(
  argument: string,
  value: unknown,
  minimum: number,
  maximum: number,
): number {
  if (isIntegerWithin(value, minimum, maximum)) return value
  throw argumentError(
    typeof value === 'number' ? 'ERR_GRU_VALUE' : 'ERR_GRU_TYPE',
    argument,
    `an integer from ${minimum} to ${maximum}`,
    describe(value),
  )
}

function isIntegerWithin(value: unknown, minimum: number, maximum: number): value is number {
  return Number.isInteger(value) && (value as number) >= minimum && (value as number) <= maximum
}

/** A size or a count: a whole number from 1 to `maximum`. */
export function checkPositiveInteger(argument: string, value: unknown, maximum = MAX_SIZE): number {
  return checkInteger(argument, value, 1, maximum)
}

/** A seed: a whole number from 0 to 2^53 - 1. */
export function checkSeed(argument: string, value: unknown): number {
  return checkInteger(argument, value, 0, Number.MAX_SAFE_INTEGER)
}

/** The limits of a number. An absent limit does not apply. */
export interface NumberRange {
  /** The smallest number allowed. */
  readonly atLeast?: number
  /** Numbers must be greater than this. */
  readonly above?: number
  /** The largest number allowed. */
  readonly atMost?: number
  /** Numbers must be less than this. */
  readonly below?: number
}

/** A finite number within a range. */
export function checkNumber(argument: string, value: unknown, range: NumberRange = {}): number {
  if (typeof value === 'number' && Number.isFinite(value) && isWithin(value, range)) return value
  throw argumentError(
    typeof value === 'number' ? 'ERR_GRU_VALUE' : 'ERR_GRU_TYPE',
    argument,
    describeRange(range),
    describe(value),
  )
}

/**
 * A finite number within a range that it does not leave when the native part rounds it to float32. Rounding reaches only
 * the bounds `above` and `below`; those of `atLeast` and `atMost` must be float32 numbers themselves.
 */
export function checkFloat32Number(argument: string, value: unknown, range: NumberRange): number {
  const number = checkNumber(argument, value, range)
  const rounded = Math.fround(number)
  if (isWithin(rounded, range)) return number
  const { above, below } = range
  const bound = rounded === above ? `above ${above}` : `below ${below}`
  const expected = `a number that is ${bound} also as float32`
  throw argumentError('ERR_GRU_VALUE', argument, expected, describe(number))
}

function isWithin(value: number, { atLeast, above, atMost, below }: NumberRange): boolean {
  return (
    (atLeast === undefined || value >= atLeast) &&
    (above === undefined || value > above) &&
    (atMost === undefined || value <= atMost) &&
    (below === undefined || value < below)
  )
}

function describeRange({ atLeast, above, atMost, below }: NumberRange): string {
  const bounds: string[] = []
  if (atLeast !== undefined) bounds.push(`at least ${atLeast}`)
  if (above !== undefined) bounds.push(`above ${above}`)
  if (atMost !== undefined) bounds.push(`at most ${atMost}`)
  if (below !== undefined) bounds.push(`below ${below}`)
  return bounds.length === 0 ? 'a finite number' : `a finite number ${bounds.join(' and ')}`
}

/** True or false; other truthy values are refused. */
export function checkBoolean(argument: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value
  throw argumentError('ERR_GRU_TYPE', argument, 'true or false', describe(value))
}

/** One of a few strings. */
export function checkOneOf<T extends string>(
  argument: string,
  value: unknown,
  allowed: readonly T[],
): T {
  if (allowed.includes(value as T)) return value as T
  throw argumentError(
    typeof value === 'string' ? 'ERR_GRU_VALUE' : 'ERR_GRU_TYPE',
    argument,
    `one of ${allowed.map(quote).join(', ')}`,
    describe(value),
  )
}

/** The path of a file: a string that is not empty and has no NUL character. */
export function checkPath(argument: string, value: unknown): string {
  if (typeof value === 'string' && value !== '' && !value.includes('\0')) return value
  throw argumentError(
    typeof value === 'string' ? 'ERR_GRU_VALUE' : 'ERR_GRU_TYPE',
    argument,
    'the path of a file',
    describe(value),
  )
}

/**
 * A plain object without enumerable keys except the allowed ones, so that a misspelt option is an
 * error and is not silently ignored. The values are returned unchecked: each has its own check.
 */
export function checkOptions<K extends string>(
  argument: string,
  value: unknown,
  allowed: readonly K[],
): Readonly<Partial<Record<K, unknown>>> {
  if (!isPlainObject(value)) {
    throw argumentError('ERR_GRU_TYPE', argument, 'a plain object', describe(value))
  }
  for (const key in value) {
    if (!allowed.includes(key as K)) throw unknownKey(argument, key, allowed)
  }
  return value as Readonly<Partial<Record<K, unknown>>>
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  // The prototype may be Object.prototype of another realm: its own prototype is null.
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function unknownKey(argument: string, key: string, allowed: readonly string[]): Error {
  const meant = meantOption(key, allowed)
  const hint = meant === undefined ? '' : ` (did you mean ${meant}?)`
  const expected = `only the keys ${allowed.join(', ')}`
  return argumentError('ERR_GRU_VALUE', argument, expected, `the key ${quote(key)}${hint}`)
}

/**
 * A Float32Array whose memory native code may use: fixed in length, not shared, not detached.
 */
export function checkFloat32Array(argument: string, value: unknown): NonSharedFloat32Array {
  if (types.isFloat32Array(value) && memoryFault(value) === undefined) {
    return value as NonSharedFloat32Array
  }
  throw arrayTypeError(argument, 'a Float32Array', value)
}

/**
 * An Int32Array whose memory native code may use: fixed in length, not shared, not detached.
 */
export function checkInt32Array(argument: string, value: unknown): NonSharedInt32Array {
  if (types.isInt32Array(value) && memoryFault(value) === undefined) {
    return value as NonSharedInt32Array
  }
  throw arrayTypeError(argument, 'an Int32Array', value)
}

function arrayTypeError(argument: string, expected: string, value: unknown): Error {
  const fault = ArrayBuffer.isView(value) ? memoryFault(value) : undefined
  const memory = fault === undefined ? '' : ' over an ArrayBuffer of fixed length'
  return argumentError('ERR_GRU_TYPE', argument, expected + memory, describe(value))
}

/** Checks the length of an array. `meaning` is the product that gives the length: `steps*batch`. */
export function checkLength(
  argument: string,
  array: { readonly length: number },
  meaning: string,
  length: number,
): void {
  if (array.length === length) return
  throw argumentError(
    'ERR_GRU_SHAPE',
    argument,
    `${meaning} = ${countOfValues(length)}`,
    countOfValues(array.length),
  )
}

/**
 * How many times `factor` values an array has, at least once. `meaning` is the whole product:
 * `steps*batch*inputSize`.
 */
export function checkMultiple(
  argument: string,
  array: { readonly length: number },
  meaning: string,
  factor: number,
): number {
  const quotient = array.length / factor
  if (quotient >= 1 && Number.isInteger(quotient)) return quotient
  throw argumentError(
    'ERR_GRU_SHAPE',
    argument,
    `${meaning} = a ${array.length === 0 ? 'positive ' : ''}multiple of ${factor}`,
    countOfValues(array.length),
  )
}

function countOfValues(count: number): string {
  return count === 1 ? '1 value' : `${count} values`
}

/**
 * The product of sizes, if an array can have that many values ({@link MAX_VALUES}). `meaning` is
 * the product in words: `steps*batch*hiddenSize`. The sizes are non-negative integers.
 */
export function checkProduct(
  argument: string,
  meaning: string,
  ...sizes: readonly number[]
): number {
  let product = 1
  // Rounding begins above 2**53, which exceeds the limit, so a product that passes is exact.
  for (const size of sizes) product *= size
  if (product <= MAX_VALUES) return product
  throw argumentError(
    'ERR_GRU_VALUE',
    argument,
    `${meaning} = at most ${MAX_VALUES} values`,
    sizes.join('*'),
  )
}

/**
 * The lengths of a batch of sequences: `batch` integers from 0 to `steps`. An Int32Array is
 * returned unchanged, an array of numbers as a new Int32Array.
 */
export function checkLengths(
  argument: string,
  value: unknown,
  batch: number,
  steps: number,
): Int32Array {
  const lengths = Array.isArray(value)
    ? (value as readonly unknown[])
    : lengthsArray(argument, value)
  checkLength(argument, lengths, 'batch', batch)
  for (let sequence = 0; sequence < batch; sequence++) {
    const length = lengths[sequence]
    if (!isIntegerWithin(length, 0, steps)) {
      checkInteger(`${argument}[${sequence}]`, length, 0, steps)
    }
  }
  return types.isInt32Array(lengths) ? lengths : new Int32Array(lengths as readonly number[])
}

function lengthsArray(argument: string, value: unknown): Int32Array {
  if (types.isInt32Array(value)) return checkInt32Array(argument, value)
  throw argumentError(
    'ERR_GRU_TYPE',
    argument,
    'an Int32Array or an Array of integers',
    describe(value),
  )
}

/**
 * Tokens or classes: each from 0 to `count - 1`. The error names the index of the first invalid
 * one.
 */
export function checkIndices(argument: string, indices: Int32Array, count: number): void {
  const total = indices.length
  for (let i = 0; i < total; i++) {
    const index = indices[i] as number
    if (index < 0 || index >= count) checkInteger(`${argument}[${i}]`, index, 0, count - 1)
  }
}

/** An AbortSignal of any realm. */
export function checkAbortSignal(argument: string, value: unknown): AbortSignal {
  if (value instanceof AbortSignal || looksLikeAbortSignal(value)) return value
  throw argumentError('ERR_GRU_TYPE', argument, 'an AbortSignal', describe(value))
}

function looksLikeAbortSignal(value: unknown): value is AbortSignal {
  const signal = value as Partial<AbortSignal> | null | undefined
  return (
    typeof signal?.aborted === 'boolean' &&
    typeof signal.throwIfAborted === 'function' &&
    typeof signal.addEventListener === 'function'
  )
}
